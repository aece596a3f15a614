"""Which axis of an image stands across its slices, and how slices lie in an image made ready.

Volumes come as (z, y, x). Preparing one may turn it, so an axis of the prepared image is another:
after the step ``orient`` to ``"RAS"`` axis 0 is x and axial slices are across axis 2.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from napari_medssl.pretrain.images.survey import ImageSurvey

#: axis of (z, y, x) by the side of the patient that it grows to, and by its letter in a file, as
#: most files store slices from feet to head
_BY_SIDE = {"S": 0, "I": 0, "A": 1, "P": 1, "R": 2, "L": 2}
_BY_LETTER = {"k": 0, "j": 1, "i": 2}
_AS_STORED = "ijk"
#: voxels so much longer along one axis are those of thick slices
_THICKER = 1.5
#: with so many times fewer voxels an axis is across slices, whatever the spacing says
_FEWER = 2


def across_slices(survey: ImageSurvey) -> int:
    """Return the axis of (z, y, x) that stands across slices: z where nothing tells another."""
    sides = survey.median(lambda image: image.shape)
    spacing = survey.median(lambda image: image.spacing_mm)
    least, thickest = sides.index(min(sides)), spacing.index(max(spacing))
    if sides[least] == 1:
        return least
    if spacing[thickest] > _THICKER * sorted(spacing)[1]:
        return thickest
    return least if _FEWER * sides[least] <= sorted(sides)[1] else 0


def body_axes(preparation: Iterable[Mapping[str, Any]]) -> tuple[int, int, int]:
    """Return which axis of (z, y, x) each axis of a prepared image is.

    Parameters
    ----------
    preparation : iterable of mapping
        As `volume.Pipeline.from_steps` reads it.
    """
    turned = [step["codes"] for step in preparation if step["do"] == "orient"]
    if not turned:
        return 0, 1, 2
    codes = _AS_STORED if turned[-1] == "stored" else turned[-1]
    if sorted(codes) == sorted(_BY_LETTER):
        a, b, c = (_BY_LETTER[letter] for letter in codes)
    else:
        a, b, c = (_BY_SIDE[letter] for letter in codes.upper())
    return a, b, c


def upright(
    preparation: Iterable[Mapping[str, Any]], dimensions: int, slice_axis: int
) -> tuple[int, ...]:
    """Return a crop's axes in the order in which slices are looked at: across them, rows, columns.

    Columns are x where slices have it, so to mirror the last one exchanges left and right.

    Parameters
    ----------
    preparation : iterable of mapping
        What the image has gone through.
    dimensions : int
        Of the crop; one of 2-D is a slice, and has no axis across.
    slice_axis : int
        Axis of the prepared image that stands across slices.

    Examples
    --------
    >>> upright([{"do": "orient", "codes": "RAS"}], 3, 2)
    (2, 1, 0)
    >>> upright([{"do": "orient", "codes": "RAS"}], 2, 2)
    (1, 0)
    """
    body = body_axes(preparation)
    shown = sorted((a for a in range(3) if a != slice_axis), key=body.__getitem__)
    if dimensions == 3:
        return slice_axis, *shown
    return tuple(a - (a > slice_axis) for a in shown)


def without_axis(sides: Sequence[float], axis: int) -> list[float]:
    """Return the sides of a slice across an axis."""
    return [n for a, n in enumerate(sides) if a != axis]
