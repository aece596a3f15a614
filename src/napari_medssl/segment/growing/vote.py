"""The same object seen in all three planes, and what most of them say."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_medssl.errors import PromptError
from napari_medssl.segment.growing.finder import Finder
from napari_medssl.segment.growing.grow import GrownSlice, grow
from napari_medssl.segment.growing.grown import GrownMask
from napari_medssl.segment.growing.rules import GrowRules
from napari_medssl.segment.growing.shapes import depth_mm
from napari_medssl.segment.prompts import Plane

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    from napari_medssl.segment.interactive import InteractiveSegmenter
    from napari_medssl.volume import Volume, Window

_MAJORITY = 2


def grow_in_all_planes(
    segmenter: InteractiveSegmenter,
    volume: Volume,
    given: Mapping[Plane, NDArray[np.bool_]],
    window: Window,
    rules: GrowRules | None = None,
) -> Iterator[GrownSlice]:
    """Follow an object in its own plane, look again in the other two, and let them vote.

    First come the slices that `grow` yields, then those of the other two planes as they are
    found, and at last the slices of the first plane again, with what two of three planes say. A
    given outline stays as it is. Planes that cannot be looked at, as those across the frames of a
    film, have no vote; with none of them left nothing changes.

    Parameters, and errors
    ----------------------
    As `grow`.
    """
    rules = rules or GrowRules()
    axis = next(iter(given)).axis if given else 0
    first = GrownMask(volume.geometry.shape, axis)
    for grown in grow(segmenter, volume, given, window, rules):
        first.take(grown)
        yield grown
    votes = first.array.astype(np.uint8)
    voters = 1
    for other in {0, 1, 2} - {axis}:
        finder = Finder(segmenter, volume, other, window, rules)
        seen = GrownMask(volume.geometry.shape, other)
        try:
            for grown in _again(finder, first.array):
                seen.take(grown)
                yield grown
        except PromptError:
            continue
        votes += seen.array
        voters += 1
    if voters <= _MAJORITY:
        return
    for index in first.found:
        plane = Plane(axis, index)
        mask = plane.view(votes) >= _MAJORITY
        yield GrownSlice(plane, mask, first.scores[index])


def _again(finder: Finder, mask: NDArray[np.bool_]) -> Iterator[GrownSlice]:
    """Find the object anew on every slice of another plane that shows it."""
    others = tuple(a for a in range(3) if a != finder.axis)
    there = np.flatnonzero(mask.any(axis=others))
    most = int(mask.sum(axis=others).argmax())
    look = finder.look(most, Plane(finder.axis, most).view(mask))
    for index in there:
        plane = Plane(finder.axis, int(index))
        here = plane.view(mask)
        found = finder.find(plane.index, depth_mm(here, finder.pixel_mm), look, 1)
        if found is None:
            yield GrownSlice(plane, here, 0.0)
        else:
            yield GrownSlice(plane, found.mask, found.score)
