"""A network as nnU-Net planned it, and the images that it wants: read from a plan, without torch.

Images are made ready as nnU-Net does it: the file's own axes with the coarsest first, its voxel
size, its values. Two things are simpler here: images are interpolated linearly, and where nnU-Net
counts and changes values inside an outline only (brains without their skull), the air outside is
changed too instead of staying 0.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from napari_medssl.errors import UnreadableFileError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

#: key of the `NetworkCard` that is built from a plan
NETWORK = "nnunet"

_CASCADE = "3d_cascade_fullres"
#: of several configurations the first that is there
_PREFERRED = ("3d_fullres", "3d_lowres", "2d")
_STORED = "kji"  # how nnU-Net reads a file, before it brings the coarsest axis to the front


@dataclass(frozen=True)
class PlannedNetwork:
    """What nnU-Net planned for one of its configurations, as far as an encoder has to do with it.

    Parameters
    ----------
    configuration : str
        nnU-Net's name, such as ``"3d_fullres"``.
    in_channels : int
        Channels of the image.
    patch : tuple of int
        Sides of nnU-Net's window, in its order of axes; of a 2-D configuration, in the slice.
    spacing_mm : (float or None, float, float)
        Voxel size in the same order; None keeps the slices of a 2-D configuration as they are.
    preparation : tuple of mapping
        How images are made ready, as `volume.Pipeline.from_steps` reads it.
    arguments : mapping
        What the network is built with, see `models.networks.nnunet.build`.
    """

    configuration: str
    in_channels: int
    patch: tuple[int, ...]
    spacing_mm: tuple[float | None, ...]
    preparation: tuple[Mapping[str, Any], ...]
    arguments: Mapping[str, Any]

    @property
    def dimensions(self) -> int:
        """2 or 3."""
        return len(self.patch)

    def as_row(self) -> dict[str, Any]:
        """Return it as plain data."""
        return asdict(self)

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> PlannedNetwork:
        """Read what `as_row` returned, before or after JSON."""
        lists = {key: tuple(value) for key, value in row.items() if isinstance(value, list)}
        return cls(**{**row, **lists})


def planned_network(plan: Mapping[str, Any], configuration: str | None = None) -> PlannedNetwork:
    """Read a configuration of a plan.

    Parameters
    ----------
    plan : mapping
        What a plans file of nnU-Net 2 holds.
    configuration : str, optional
        nnU-Net's name; the first of 3d_fullres, 3d_lowres and 2d when None.

    Raises
    ------
    UsageError
        If the plan does not have it, or nothing can be learned for it from images alone.
    UnreadableFileError
        If it is no plan of nnU-Net 2.
    """
    try:
        there = dict(plan["configurations"])
        name = configuration or next(one for one in _PREFERRED if one in there)
        if name == _CASCADE:
            raise UsageError(
                f"'{name}', whose network is shown what 3d_lowres found beside the image",
                expected=" or ".join(one for one in _PREFERRED if one in there),
            )
        if name not in there:
            raise UsageError(f"the configuration '{name}'", expected=f"one of {', '.join(there)}")
        own = {**there.get(there[name].get("inherits_from", ""), {}), **there[name]}
        schemes = tuple(str(one) for one in own["normalization_schemes"])
        spacing = tuple(float(mm) for mm in own["spacing"])
        return PlannedNetwork(
            configuration=name,
            in_channels=len(schemes),
            patch=tuple(int(side) for side in own["patch_size"]),
            spacing_mm=(*(None,) * (3 - len(spacing)), *spacing),
            preparation=_preparation(plan, own, schemes),
            arguments=_arguments(own["architecture"]),
        )
    except (KeyError, TypeError, ValueError, AttributeError, StopIteration) as error:
        raise UnreadableFileError(
            "the plan is not one of nnU-Net 2", do="Let nnU-Net plan again: 'medssl nnunet plan'"
        ) from error


def _arguments(architecture: Mapping[str, Any]) -> dict[str, Any]:
    layers = dict(architecture["arch_kwargs"])
    layers.pop("deep_supervision", None)  # nnU-Net's trainer decides
    return {"architecture": str(architecture["network_class_name"]).rpartition(".")[2], **layers}


def _preparation(
    plan: Mapping[str, Any], own: Mapping[str, Any], schemes: Sequence[str]
) -> tuple[dict[str, Any], ...]:
    codes = "".join(_STORED[int(axis)] for axis in plan["transpose_forward"])
    spacing = tuple(float(mm) for mm in own["spacing"])
    kept = (None,) * (3 - len(spacing))
    return (
        {"do": "channels", "count": _channels(schemes)},
        {"do": "orient", "codes": codes},
        *_values(plan, own, schemes),
        {"do": "resample", "spacing_mm": (*kept, *spacing), "interpolation": "linear"},
    )


def _channels(schemes: Sequence[str]) -> int:
    if len(schemes) not in (1, 3) or len(set(schemes)) != 1:
        raise UsageError(
            f"a plan for images of {len(schemes)} channels ({', '.join(schemes)})",
            expected="grey images, or pictures in colour",
        )
    return len(schemes)


def _values(
    plan: Mapping[str, Any], own: Mapping[str, Any], schemes: Sequence[str]
) -> tuple[dict[str, Any], ...]:
    """Return the steps that bring values to nnU-Net's scale."""
    scheme = schemes[0]
    if scheme == "CTNormalization":
        seen = plan["foreground_intensity_properties_per_channel"]["0"]
        low, high = float(seen["percentile_00_5"]), float(seen["percentile_99_5"])
        by = {"mean": float(seen["mean"]), "deviation": float(seen["std"])}
        return ({"do": "clip", "low": low, "high": high}, {"do": "standardise", **by})
    if scheme == "ZScoreNormalization":
        inside = bool(own["use_mask_for_norm"][0])
        return ({"do": "crop-foreground"}, {"do": "z-score", "of_foreground": inside})
    known: Mapping[str, tuple[dict[str, Any], ...]] = {
        "RGBTo01Normalization": ({"do": "divide", "divisor": 255},),
        "RescaleTo01Normalization": ({"do": "percentiles", "low": 0, "high": 100},),
        "NoNormalization": (),
    }
    if scheme not in known:
        raise UsageError(
            f"a plan that prepares values by '{scheme}'", expected="one of nnU-Net's own ways"
        )
    return known[scheme]
