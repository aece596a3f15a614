"""What a correcting tool is: its words, its settings, what it needs, and what it does."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from napari_medssl.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from napari_medssl.correct.edit import Edit
    from napari_medssl.correct.target import Target

Scope = Literal["volume or slice", "slice", "axis"]
Need = Literal["image", "voxel", "label", "mask"]

_NEEDED = {
    "image": "the image that the mask belongs to",
    "voxel": "a voxel of the label",
    "label": "another label, or another mask",
    "mask": "another mask: the labels of one mask never overlap",
}


@dataclass(frozen=True)
class Parameter:
    """A number that a tool is set to.

    Parameters
    ----------
    name : str
        For the command line: ``"mm"``.
    title : str
        For the window.
    unit : str
        Empty for the image's own values. Where the size of a voxel is not known, mm are voxels.
    default : float or None
        None where no number suits every image, so that one has to be given.
    low, high : float
        Both allowed.
    tip : str
        One sentence.
    """

    name: str
    title: str
    unit: str
    default: float | None
    low: float
    high: float
    tip: str

    def check(self, value: float) -> float:
        """Return the value if it is in range.

        Raises
        ------
        UsageError
            If it is not.
        """
        if not (math.isfinite(value) and self.low <= value <= self.high):
            raise UsageError(
                f"{self.name}={value:g}",
                expected=f"{self.low:g} to {self.high:g} {self.unit}".rstrip(),
            )
        return float(value)


@dataclass(frozen=True)
class Tool:
    """One correcting tool.

    Parameters
    ----------
    name : str
        For the command line: ``"keep-largest"``.
    title : str
        For a button, and for the step in the history.
    tip : str
        What it does, in a sentence or two.
    group : str
        Under which heading it stands.
    run : function
        From a `Target` and the settings, by name, to an `Edit`, or None where nothing changes.
        One of the scope "axis" is told ``axis`` too.
    parameters : tuple of Parameter
        What can be set.
    scope : {"volume or slice", "slice", "axis"}
        Whether it works on the whole scan or, if one is chosen, on one slice; on a chosen slice
        only; or on all slices across the axis of a chosen one.
    needs : {"image", "voxel", "label", "mask"}, optional
        What else it has to be given: intensities; a voxel of the label; another label of the map
        or another mask; another mask.
    """

    name: str
    title: str
    tip: str
    group: str
    run: Callable[..., Edit | None]
    parameters: tuple[Parameter, ...] = ()
    scope: Scope = "volume or slice"
    needs: Need | None = None

    def __call__(self, target: Target, settings: Mapping[str, float]) -> Edit | None:
        """Return what the tool changes; the label map itself is not touched.

        Raises
        ------
        UsageError
            If something it needs is not given, or a setting is not one it takes.
        """
        if self.scope != "volume or slice" and target.plane is None:
            raise UsageError(f"'{self.name}' without a slice", expected="the slice to work on")
        if self.needs and not _given(target)[self.needs]:
            raise UsageError(f"'{self.name}' alone", expected=_NEEDED[self.needs])
        given = self.settings(settings)
        if self.scope == "axis" and target.plane is not None:
            return self.run(replace(target, plane=None), axis=target.plane.axis, **given)
        return self.run(target, **given)

    def settings(self, given: Mapping[str, float]) -> dict[str, float]:
        """Return the value of every parameter: the given one, else its default.

        Raises
        ------
        UsageError
            If one is unknown, out of range, or has to be given and is not.
        """
        known = {parameter.name: parameter for parameter in self.parameters}
        for name in given:
            if name not in known:
                raise UsageError(
                    f"the setting '{name}' of '{self.name}'",
                    expected=", ".join(known) or "none: it has no settings",
                )
        values = {name: given.get(name, known[name].default) for name in known}
        missing = [name for name, value in values.items() if value is None]
        if missing:
            raise UsageError(f"'{self.name}' without {' and '.join(missing)}", expected="a number")
        return {name: known[name].check(v) for name, v in values.items() if v is not None}


def _given(target: Target) -> dict[Need, Any]:
    mask = isinstance(target.other, np.ndarray)
    return {
        "image": target.image is not None,
        "voxel": target.voxel is not None,
        "label": mask or target.other not in (None, 0, target.value),
        "mask": mask,
    }
