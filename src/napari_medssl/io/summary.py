"""An image in plain words, for a person, and in plain data, for a program."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from napari_medssl.volume import Geometry, Volume

_MODALITY_WORDS = {"CT": "CT", "MR": "MR", "US": "Ultrasound", "PT": "PET", "OT": "Image"}
_OBLIQUE_DEG = 0.1


def describe(volume: Volume) -> dict[str, Any]:
    """Return everything `medssl info` knows, ready for JSON.

    Sizes, spacing, axes and affine are those of the grid as stored, in the order (i, j, k) of the
    command line; lengths in mm, world LPS+.
    """
    stored = volume.source.geometry
    low, high = value_range(volume)
    return {
        "name": volume.source.name,
        "format": volume.source.format,
        "modality": volume.modality,
        "units": volume.units,
        "colour": volume.is_rgb,
        "type": str(volume.array.dtype),
        "size": list(stored.shape),
        "spacing_mm": list(stored.spacing_mm),
        "spacing_known": volume.spacing_known,
        "field_of_view_mm": _field_of_view(stored),
        "axes": stored.axis_codes,
        "orientation_known": volume.orientation_known,
        "oblique_degrees": stored.obliquity_deg,
        "origin_mm": list(stored.origin_mm),
        "affine": stored.affine.tolist(),
        "stack": volume.stack,
        "volume": volume.source.volume,
        "volumes": volume.source.volumes,
        "values": [low, high],
        "notices": [{"code": n.code, "text": n.text} for n in volume.notices],
    }


def plain_words(volume: Volume) -> list[str]:
    """Return what an image is, a line a fact; notices are not among them."""
    return [_what(volume), _extent(volume), _axes(volume), _values(volume), *_volumes(volume)]


def value_range(volume: Volume) -> tuple[float | None, float | None]:
    """Return the lowest and highest finite value; None for both where there is none."""
    array = volume.array
    if array.dtype.kind != "f" or np.isfinite(array).all():
        return array.min().item(), array.max().item()
    finite = array[np.isfinite(array)]
    return (finite.min().item(), finite.max().item()) if finite.size else (None, None)


def _what(volume: Volume) -> str:
    grid = volume.source.geometry
    kind = _MODALITY_WORDS[volume.modality]
    colour = " in colour" if volume.is_rgb else ""
    sizes, spacing, cell = list(grid.shape), list(grid.spacing_mm), "voxels"
    if grid.shape[2] == 1:
        sizes, spacing, cell = sizes[:2], spacing[:2], "pixels"
    elif volume.stack == "time":
        spacing, cell = spacing[:2], "frames of pixels"
    text = f"{kind}{colour}, {' x '.join(str(n) for n in sizes)} {cell}"
    if not volume.spacing_known:
        return f"{text} of unknown size"
    return f"{text} of {' x '.join(f'{s:.2f}' for s in spacing)} mm"


def _extent(volume: Volume) -> str:
    if not volume.spacing_known:
        return "Field of view unknown"
    extent = _field_of_view(volume.source.geometry)
    count = 2 if volume.stack == "time" or volume.source.geometry.shape[2] == 1 else 3
    return f"Field of view {' x '.join(f'{n:.0f}' for n in extent[:count])} mm"


def _axes(volume: Volume) -> str:
    grid = volume.source.geometry
    if not volume.orientation_known:
        return "Axes: the sides of the patient are not known"
    text = f"Axes: stored {'-'.join(grid.axis_codes)}"
    if grid.obliquity_deg > _OBLIQUE_DEG:
        text += f", tilted by {grid.obliquity_deg:.1f} degrees"
    return text


def _values(volume: Volume) -> str:
    low, high = value_range(volume)
    if low is None:
        return "Values: none is a finite number"
    units = f" {volume.units}" if volume.units else ""
    return f"Values: {low:g} to {high:g}{units} ({volume.array.dtype})"


def _volumes(volume: Volume) -> list[str]:
    source = volume.source
    return [f"Volume {source.volume} of 0 to {source.volumes - 1}"] if source.volumes > 1 else []


def _field_of_view(grid: Geometry) -> list[float]:
    return [n * s for n, s in zip(grid.shape, grid.spacing_mm, strict=True)]
