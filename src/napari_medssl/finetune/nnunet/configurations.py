"""Which of nnU-Net's four configurations a data set has, and for the others why not.

From the plan alone, without torch or nnunetv2: the window greys out by the same words.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from napari_medssl.errors import UnreadableFileError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

#: in the order in which they are trained: the cascade goes on from 3d_lowres
TITLES = {
    "2d": "2-D, slice by slice",
    "3d_fullres": "3-D at full resolution",
    "3d_lowres": "3-D at low resolution",
    "3d_cascade_fullres": "cascade: low resolution, then full",
}
FOLDS = (0, 1, 2, 3, 4)

_LOWRES_BELOW = 0.25  # nnU-Net's own threshold: of the median image, in voxels


@dataclass(frozen=True)
class Configuration:
    """One of nnU-Net's configurations for a data set.

    Parameters
    ----------
    name, title : str
        nnU-Net's name, and words for people.
    reason : str
        Why it is not made, in a sentence; empty where it is.
    patch : tuple of int
        Sides of the window in voxels, nnU-Net's order of axes: the coarsest first.
    batch : int
        Windows a step.
    spacing_mm : tuple of float
        Voxel size it works on, same order.
    median_voxels : tuple of int
        The median image at this voxel size, same order.
    """

    name: str
    title: str
    reason: str = ""
    patch: tuple[int, ...] = ()
    batch: int = 0
    spacing_mm: tuple[float, ...] = ()
    median_voxels: tuple[int, ...] = ()

    @property
    def is_made(self) -> bool:
        """Whether it can be trained."""
        return not self.reason


def configurations(plan: Mapping[str, Any]) -> tuple[Configuration, ...]:
    """Tell what nnU-Net planned, all four configurations in their order.

    Parameters
    ----------
    plan : mapping
        What nnU-Net's plans file holds.

    Raises
    ------
    UnreadableFileError
        If it is no plan of nnU-Net 2.
    """
    try:
        planned = dict(plan["configurations"])
        return tuple(_told(name, planned) for name in TITLES)
    except (KeyError, TypeError, ValueError) as error:
        raise UnreadableFileError("the plan is not one of nnU-Net 2") from error


def chosen(
    there: Sequence[Configuration], wanted: Sequence[str]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return what is to be trained, in order, and a sentence for what was added.

    Parameters
    ----------
    there : sequence of Configuration
        What nnU-Net planned.
    wanted : sequence of str
        Names; all that are made where empty.

    Raises
    ------
    UsageError
        If one is unknown, or not made for this data set.
    """
    by_name = {one.name: one for one in there}
    for name in wanted:
        if name not in by_name:
            raise UsageError(f"the configuration '{name}'", expected=", ".join(by_name))
        if not by_name[name].is_made:
            raise UsageError(
                f"'{name}' is not made for these images: {by_name[name].reason}",
                expected=" or ".join(one.name for one in there if one.is_made),
            )
    names = set(wanted) or {one.name for one in there if one.is_made}
    told: tuple[str, ...] = ()
    if "3d_cascade_fullres" in names and "3d_lowres" not in names:
        names.add("3d_lowres")
        told = ("3d_lowres is trained too, as the cascade goes on from it.",)
    return tuple(name for name in TITLES if name in names), told


def folds_of(name: str, names: Sequence[str], folds: Sequence[int]) -> tuple[int, ...]:
    """Return the folds to train; before a cascade, each case needs a low-resolution result."""
    before_cascade = name == "3d_lowres" and "3d_cascade_fullres" in names
    return FOLDS if before_cascade else tuple(folds)


def _told(name: str, planned: Mapping[str, Any]) -> Configuration:
    if name not in planned:
        return Configuration(name, TITLES[name], reason=_why_not(name, planned))
    own = {**planned.get(planned[name].get("inherits_from", ""), {}), **planned[name]}
    return Configuration(
        name,
        TITLES[name],
        patch=tuple(int(n) for n in own["patch_size"]),
        batch=int(own["batch_size"]),
        spacing_mm=tuple(round(float(mm), 3) for mm in own["spacing"]),
        median_voxels=tuple(round(float(n)) for n in own["median_image_size_in_voxels"]),
    )


def _why_not(name: str, planned: Mapping[str, Any]) -> str:
    full = planned.get("3d_fullres")
    if full is None:
        return "The images have a single slice."
    share = math.prod(full["patch_size"]) / math.prod(full["median_image_size_in_voxels"])
    if share >= _LOWRES_BELOW:
        why = (
            f"The window of 3d_fullres already sees {min(share, 1):.0%} of the median image; "
            f"a low resolution is made where it sees less than {_LOWRES_BELOW:.0%}."
        )
    else:
        why = (
            "A window that sees enough needs images less than half as large, which is hardly a "
            "lower resolution."
        )
    return why if name == "3d_lowres" else f"It goes on from 3d_lowres, which is not made. {why}"
