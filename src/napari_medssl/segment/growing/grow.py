"""From outlines on a few slices to a mask through the volume, slice by slice."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from napari_medssl.errors import PromptError
from napari_medssl.segment.growing.finder import Finder
from napari_medssl.segment.growing.rules import GrowRules
from napari_medssl.segment.growing.shapes import between, depth_mm
from napari_medssl.segment.prompts import Plane

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    from napari_medssl.segment.growing.step import Found
    from napari_medssl.segment.interactive import InteractiveSegmenter
    from napari_medssl.volume import Volume, Window


@dataclass(frozen=True, eq=False)
class GrownSlice:
    """The object on one slice.

    Parameters
    ----------
    plane : Plane
        The slice.
    mask : (rows, columns) bool array
        Of the slice's own voxels.
    score : float
        How sure it is, 0 to 1; 1 where the outline was given, nan where nobody tells.
    given : bool
        Whether it was the beginning: outlined from prompts, or drawn.
    """

    plane: Plane
    mask: NDArray[np.bool_]
    score: float
    given: bool = False


def grow(
    segmenter: InteractiveSegmenter,
    volume: Volume,
    given: Mapping[Plane, NDArray[np.bool_]],
    window: Window,
    rules: GrowRules | None = None,
) -> Iterator[GrownSlice]:
    """Follow an object from the slices where it is outlined through the volume.

    Nothing is computed before the next slice is asked for, so whoever stops asking has stopped
    it. The nearest slices come first. Between two outlines the object is sought half-way, again
    and again; beyond the outermost ones it is followed until it ends.

    Parameters
    ----------
    segmenter : InteractiveSegmenter
        Embeds slices, and keeps what it embedded.
    volume : Volume
        The image.
    given : mapping of Plane to (rows, columns) bool array
        Outlines of the object, on slices of one axis; an empty one says where it is not, and
        ends the growing there.
    window : Window
        The grey values that network and eye see.
    rules : GrowRules, optional
        What counts how much.

    Yields
    ------
    GrownSlice
        The given ones first; empty ones are not among them.

    Raises
    ------
    PromptError
        If nothing is given, or slices of different axes.
    """
    axes = {plane.axis for plane in given}
    if not any(mask.any() for mask in given.values()):
        raise PromptError("no outline to grow from", do="Mark the object on a slice first")
    if len(axes) > 1:
        raise PromptError(
            "outlines on slices of different planes", expected="all of them in one plane"
        )
    (axis,) = axes
    finder = Finder(segmenter, volume, axis, window, rules or GrowRules())
    yield from _Ways(finder, {plane.index: mask for plane, mask in given.items()}).run()


class _Ways:
    """The ways an object is followed from the slices where it is known.

    Parameters
    ----------
    finder : Finder
        Looks for it on a slice.
    given : mapping of int to (rows, columns) bool array
        Outlines by the index of their slice; empty ones say where it is not.
    """

    def __init__(self, finder: Finder, given: Mapping[int, NDArray[np.bool_]]) -> None:
        self._finder = finder
        self._there = {index: mask for index, mask in sorted(given.items()) if mask.any()}
        self._looks = {index: finder.look(index, mask) for index, mask in self._there.items()}
        length = finder.volume.geometry.shape[finder.axis]
        self._stops = {-1, length, *(given.keys() - self._there.keys())}

    def run(self) -> Iterator[GrownSlice]:
        """Yield the given slices, then in turn one of each way that is not at its end."""
        for index, mask in self._there.items():
            yield self._slice(index, mask, 1.0, given=True)
        ways = [self._onward(min(self._there), -1), self._onward(max(self._there), 1)]
        for one, other in pairwise(self._there):
            if any(one < stop < other for stop in self._stops):
                ways += [self._onward(one, 1), self._onward(other, -1)]
            else:
                ways.append(self._between(one, other))
        while ways:
            for way in tuple(ways):
                grown = next(way, None)
                if grown is None:
                    ways.remove(way)
                else:
                    yield grown

    def _onward(self, start: int, step: int) -> Iterator[GrownSlice]:
        """Follow the object one way until it ends, or to where it is said not to be."""
        mask, look, pixel_mm = self._there[start], self._looks[start], self._finder.pixel_mm
        area, likeness = int(mask.sum()), self._finder.likeness(start, mask, look)
        depth = depth_mm(mask, pixel_mm)
        before = self._before(start, step, depth)
        stop = min((s for s in self._stops if (s - start) * step > 0), key=lambda s: abs(s - start))
        for index in range(start + step, stop, step):
            ahead = depth + self._finder.rules.momentum * (depth - before)
            found = self._finder.find(index, ahead, look, 1) if (ahead > 0).any() else None
            if found is None or not self._goes_on(found, area, likeness):
                return
            before, depth = depth, depth_mm(found.mask, pixel_mm)
            yield self._slice(index, found.mask, found.score)

    def _before(self, start: int, step: int, depth: NDArray[np.float32]) -> NDArray[np.float32]:
        """How deep the object was one slice before a given one, going by the given one behind."""
        behind = [index for index in self._there if (start - index) * step > 0]
        if not behind:
            return depth
        nearest = min(behind, key=lambda index: abs(start - index))
        other = depth_mm(self._there[nearest], self._finder.pixel_mm)
        return depth + (other - depth) / np.float32(abs(start - nearest))

    def _between(self, one: int, other: int) -> Iterator[GrownSlice]:
        """Find the object half-way between two outlines, then half-way again."""
        gaps = [(one, self._there[one], other, self._there[other])]
        while gaps:
            low, low_mask, high, high_mask = gaps.pop(0)
            if high - low < 2:
                continue
            middle = (low + high) // 2
            share = (middle - low) / (high - low)
            depth = between(low_mask, high_mask, share, self._finder.pixel_mm)
            if not (depth > 0).any():  # too small for a shape between: none leads across
                continue
            look = self._looks[one if middle - one < other - middle else other]
            found = self._finder.find(middle, depth, look, min(middle - low, high - middle))
            seen = found is not None and found.mask.any()
            mask, score = (found.mask, found.score) if found and seen else (depth > 0, 0.0)
            yield self._slice(middle, mask, score)
            gaps += [(low, low_mask, middle, mask), (middle, mask, high, high_mask)]

    def _goes_on(self, found: Found, area: int, likeness: float) -> bool:
        """Whether what is found is still the object, beside area and likeness where it began."""
        rules, now = self._finder.rules, np.count_nonzero(found.mask)
        return bool(
            max(1, rules.least_area * area) <= now <= rules.most_area * area
            and found.likeness >= rules.least_likeness * likeness
        )

    def _slice(
        self, index: int, mask: NDArray[np.bool_], score: float, *, given: bool = False
    ) -> GrownSlice:
        return GrownSlice(Plane(self._finder.axis, index), mask, score, given)
