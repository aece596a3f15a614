"""Pairs of crops that show nearly the same: their overlap lies in a band.

Two crops far apart show different organs, two at one place are no task; the thesis draws pairs
between. `RejectionPairs` draws as it is printed there, `ExactPairs` what that aims at, without
trying, and `AnyPairs` is the random cropping that both are compared with.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol

import numpy as np

from napari_medssl.errors import UsageError
from napari_medssl.pretrain.views.iou_band import IoUBand, overlap

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Random = np.random.Generator

Way = Literal["exact", "rejection", "any"]
_ANCHORS, _PARTNERS = 4, 30


@dataclass(frozen=True)
class CropPair:
    """Two crops of one image.

    Parameters
    ----------
    first, second : tuple of int
        First corner of each, in the order of the axes.
    iou : float
        Their overlap, 0 to 1.
    """

    first: tuple[int, ...]
    second: tuple[int, ...]
    iou: float


class PairSampler(Protocol):
    """Draws pairs of crops from images of one size."""

    def draw(self, random: Random) -> CropPair:
        """Return a pair; ``random`` is this image's, see `models.draws`."""


def pair_sampler(
    way: Way, sides: tuple[int, ...], crop: tuple[int, ...], band: IoUBand
) -> PairSampler:
    """Return what draws pairs in one of three ways; see the classes."""
    if way == "any":
        return AnyPairs(sides, crop)
    return (ExactPairs if way == "exact" else RejectionPairs)(sides, crop, band)


@dataclass(frozen=True)
class AnyPairs:
    """Two crops anywhere, each place as likely.

    Parameters
    ----------
    sides, crop : tuple of int
        Of the image and of both crops, 2-D or 3-D.

    Raises
    ------
    UsageError
        If the crop is larger than the image.
    """

    sides: tuple[int, ...]
    crop: tuple[int, ...]

    def __post_init__(self) -> None:
        _require_room(self.sides, self.crop)

    def draw(self, random: Random) -> CropPair:
        """Return a pair."""
        first, second = (_anywhere(self.sides, self.crop, random) for _ in range(2))
        return CropPair(first, second, overlap(first, second, self.crop))


@dataclass(frozen=True)
class RejectionPairs:
    """Algorithm 1 of the thesis: try 30 partners of an anchor, and 4 anchors, then give up.

    Where it gives up the last pair is returned, whatever its overlap; `CropPair.iou` says so. Of
    350 x 260 pixels and crops of 96 a tenth of all pairs lie in 0.3 to 0.6.

    Parameters
    ----------
    sides, crop : tuple of int
        Of the image and of both crops, 2-D or 3-D.
    band : IoUBand
        Overlaps that are wanted.

    Raises
    ------
    UsageError
        If the crop is larger than the image, or no two crops of it overlap so.

    References
    ----------
    Konieczkowicz (S3), algorithm 1, with r1 = 30 and r2 = 4.
    """

    sides: tuple[int, ...]
    crop: tuple[int, ...]
    band: IoUBand

    def __post_init__(self) -> None:
        _require_room(self.sides, self.crop)
        _require_partners(self.sides, self.crop, self.band)

    def draw(self, random: Random) -> CropPair:
        """Return a pair, nearly always of the band."""
        for _ in range(_ANCHORS):
            first = _anywhere(self.sides, self.crop, random)
            for _ in range(_PARTNERS):
                second = _anywhere(self.sides, self.crop, random)
                pair = CropPair(first, second, overlap(first, second, self.crop))
                if self.band.holds(pair.iou):
                    return pair
        return pair


@dataclass(frozen=True)
class ExactPairs:
    """An anchor, each as likely that has a partner; then a partner, each of its own as likely.

    Nothing is tried: places along the last axis are counted, not enumerated, so a draw in 3-D
    costs milliseconds.

    Parameters
    ----------
    sides, crop : tuple of int
        Of the image and of both crops, 2-D or 3-D.
    band : IoUBand
        Overlaps of all pairs.

    Raises
    ------
    UsageError
        If the crop is larger than the image, or no two crops of it overlap so.
    """

    sides: tuple[int, ...]
    crop: tuple[int, ...]
    band: IoUBand
    _need: NDArray[np.float64] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        _require_room(self.sides, self.crop)
        need = _require_partners(self.sides, self.crop, self.band)
        object.__setattr__(self, "_need", need)

    def draw(self, random: Random) -> CropPair:
        """Return a pair of the band."""
        first = self._anchor(random)
        second = self._partner(first, random)
        return CropPair(first, second, overlap(first, second, self.crop))

    def _anchor(self, random: Random) -> tuple[int, ...]:
        """Draw the other axes by how many places of the last have a partner, then such a place."""
        *others, places = _places(self.sides, self.crop)
        reach = np.ix_(*(np.maximum(np.arange(n), n - 1 - np.arange(n)) for n in others))
        need = self._need[reach]
        fitting = np.where(need < places, places - np.maximum(0, 2 * need - places), 0)
        chosen = _weighted(fitting, random)
        index = int(random.integers(int(fitting[chosen])))
        low = min(places - int(need[chosen]), places)  # places 0 to low - 1 fit, and from need on
        last = index if index < low else index - low + max(low, int(need[chosen]))
        return (*chosen, last)

    def _partner(self, first: tuple[int, ...], random: Random) -> tuple[int, ...]:
        """Draw the other axes by how many shifts along the last fit, then such a shift."""
        *others, places = _places(self.sides, self.crop)
        apart = [np.abs(np.arange(n) - at) for n, at in zip(others, first, strict=False)]
        nearest, farthest = self.band.last_shifts(self.crop, _area(apart, self.crop))
        before = np.maximum(0, np.minimum(farthest, first[-1]) - np.maximum(nearest, 1) + 1)
        behind = np.maximum(0, np.minimum(farthest, places - 1 - first[-1]) - nearest + 1)
        chosen = _weighted(before + behind, random)
        index = int(random.integers(int(before[chosen] + behind[chosen])))
        back = int(before[chosen])
        if index < back:
            return (*chosen, first[-1] - int(max(nearest[chosen], 1)) - index)
        return (*chosen, first[-1] + int(nearest[chosen]) + index - back)


def _require_room(sides: tuple[int, ...], crop: tuple[int, ...]) -> None:
    if len(sides) != len(crop) or any(c > s or c < 1 for s, c in zip(sides, crop, strict=True)):
        raise UsageError(
            f"crops of {_words(crop)} from an image of {_words(sides)}",
            expected="crops that lie within the image",
            do="Choose smaller crops, or leave this image out",
        )


def _require_partners(
    sides: tuple[int, ...], crop: tuple[int, ...], band: IoUBand
) -> NDArray[np.float64]:
    """Return how far an anchor must reach along the last axis, given its reach along the others.

    An anchor reaches as far as a partner can lie from it. The more it reaches along the other
    axes the more shifts there are to choose from, so the least need is a running minimum.
    """
    *others, places = _places(sides, crop)
    need, _ = band.last_shifts(crop, _area([np.arange(n) for n in others], crop))
    for axis in range(need.ndim):
        need = np.minimum.accumulate(need, axis)
    if need.min() >= places:
        farthest = tuple(side - c for side, c in zip(sides, crop, strict=True))
        least = overlap((0,) * len(crop), farthest, crop)
        raise UsageError(
            f"crops of {_words(crop)} from an image of {_words(sides)}, of which two overlap "
            f"(IoU) by {least:.2g} or more",
            expected=f"some that overlap by {band.low:g} to {band.high:g}",
            do="Choose smaller crops or a wider band, or leave this image out",
        )
    return need


def _places(sides: tuple[int, ...], crop: tuple[int, ...]) -> list[int]:
    """How many first corners there are along each axis."""
    return [side - c + 1 for side, c in zip(sides, crop, strict=True)]


def _area(apart: list[NDArray[np.int64]], crop: tuple[int, ...]) -> NDArray[np.int64]:
    """Over how many voxels crops overlap in all axes but the last, for all combinations."""
    lengths = [np.maximum(0, c - far) for c, far in zip(crop, apart, strict=False)]
    area = np.ones((), np.int64)
    for length in lengths:
        area = np.multiply.outer(area, length)
    return area


def _anywhere(sides: tuple[int, ...], crop: tuple[int, ...], random: Random) -> tuple[int, ...]:
    return tuple(int(random.integers(n)) for n in _places(sides, crop))


def _weighted(weights: NDArray[np.float64], random: Random) -> tuple[int, ...]:
    """Draw a place of an array, each as likely as it weighs; weights are whole numbers."""
    summed = np.cumsum(weights.ravel().astype(np.int64))
    place = np.searchsorted(summed, random.integers(summed[-1]), side="right")
    return tuple(int(i) for i in np.unravel_index(place, weights.shape))


def _words(sides: tuple[int, ...]) -> str:
    return " x ".join(map(str, sides))
