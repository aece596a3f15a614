"""Which frames belong together: series into stacks, stacks into volumes.

A series may hold localizers, several orientations or sizes, and several images of one place
(echoes, time points, b-values). A stack is what can be laid on one grid; it holds one volume or,
where the same places were imaged several times, several.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, NamedTuple

from napari_medssl.io.dicom.frames import PHASES, Frame
from napari_medssl.io.dicom.geometry import along_normal, places

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from napari_medssl.io.dicom.frames import PixelSize, Placement
    from napari_medssl.io.dicom.headers import ImageFile

_SAME_DIRECTION = 2e-3  # of a unit vector: about a tenth of a degree
_SAME_SIZE = 1e-3  # of a pixel
_MOST_TOGETHER = 3


class Slice(NamedTuple):
    """One frame and the file that holds it."""

    file: ImageFile
    frame: Frame

    @property
    def placement(self) -> Placement:
        """Where it lies; only asked of slices in a placed stack."""
        if self.frame.placement is None:
            raise ValueError("a frame without a place in the patient")
        return self.frame.placement


@dataclass(frozen=True)
class Stack:
    """Slices that can be laid on one grid.

    Parameters
    ----------
    volumes : tuple of tuple of Slice
        Each volume's slices, sorted along their normal; frames in file order where not placed.
    told_apart_by : tuple of str
        What differs between the volumes, in words; empty where there is one.
    copies : int
        Slices left out because the same image was there twice.
    """

    volumes: tuple[tuple[Slice, ...], ...]
    told_apart_by: tuple[str, ...] = ()
    copies: int = 0

    @property
    def first(self) -> Slice:
        """The first slice of the first volume."""
        return self.volumes[0][0]

    @property
    def series(self) -> str:
        """The series it belongs to; for grouping only."""
        return self.first.file.series_uid

    @property
    def size(self) -> tuple[int, int, int]:
        """Columns, rows and slices of one volume."""
        pixels = self.first.file.pixels
        return pixels.columns, pixels.rows, len(self.volumes[0])

    @property
    def is_placed(self) -> bool:
        """Whether its slices have a place in the patient."""
        return self.first.file.is_placed

    def volume_with(self, path: Path) -> int | None:
        """Which volume holds a frame of this file; None when none does."""
        holding = (
            n for n, volume in enumerate(self.volumes) if any(s.file.path == path for s in volume)
        )
        return next(holding, None)


def stacks_of(files: Iterable[ImageFile]) -> tuple[Stack, ...]:
    """Sort the frames of files into stacks, in the order in which they are numbered.

    That is by series number, then by the first instance, then by the file's name.
    """
    stacks: list[Stack] = []
    together: dict[tuple[object, ...], list[Slice]] = defaultdict(list)
    for file in files:
        slices = [Slice(file, frame) for frame in file.frames]
        if not file.is_placed:
            stacks.append(Stack((tuple(slices),)))
            continue
        pixels = file.pixels
        colour = pixels.samples == 3 or pixels.photometric == "PALETTE COLOR"
        key = (file.series_uid, file.modality, pixels.rows, pixels.columns, colour)
        together[key] += slices
    for slices in together.values():
        for alike in _alike(slices):
            stacks += _split_by_place(alike)
    return tuple(sorted(stacks, key=_order))


def _order(stack: Stack) -> tuple[object, ...]:
    file = stack.first.file
    big = 2**31
    numbers = (file.series_number, file.instance_number)
    series, instance = (big if number is None else number for number in numbers)
    return series, file.series_uid, instance, file.path.name


def _alike(slices: Sequence[Slice]) -> list[list[Slice]]:
    """Group slices that share orientation and pixel size, to within rounding."""
    groups: list[list[Slice]] = []
    for one in slices:
        for group in groups:
            if _parallel(one, group[0]) and _same_pixels(
                one.frame.pixel_size, group[0].frame.pixel_size
            ):
                group.append(one)
                break
        else:
            groups.append([one])
    return groups


def _parallel(one: Slice, other: Slice) -> bool:
    pairs = zip(one.placement.orientation, other.placement.orientation, strict=True)
    return all(abs(a - b) < _SAME_DIRECTION for a, b in pairs)


def _same_pixels(one: PixelSize, other: PixelSize) -> bool:
    return (
        abs(one.row_mm / other.row_mm - 1) < _SAME_SIZE
        and abs(one.column_mm / other.column_mm - 1) < _SAME_SIZE
    )


def _split_by_place(slices: list[Slice]) -> list[Stack]:
    """Sort slices along their normal and tell apart those that share a place."""
    kept, copies = _without_copies(slices)
    positions = [s.placement.position for s in kept]
    distance = along_normal(positions, kept[0].placement.orientation)
    place = places(distance).tolist()
    order = sorted(range(len(kept)), key=lambda n: (place[n], _instance(kept[n])))
    placed = [(place[n], kept[n]) for n in order]
    most = max(Counter(p for p, _ in placed).values())
    if most == 1:
        return [Stack((tuple(s for _, s in placed),), copies=copies)]
    for keywords in _phase_choices(placed, most):
        groups = _by_phase(placed, keywords)
        if len(groups) == most and all(_distinct(group) for group in groups):
            words = tuple(dict.fromkeys(PHASES[k] for k in keywords))
            return _same_places_together(groups, words, copies)
    if ranked := _by_rank(placed, most):
        return [Stack(ranked, ("order of the images",), copies)]
    return [Stack((tuple(s for _, s in placed),), copies=copies)]


def _without_copies(slices: list[Slice]) -> tuple[list[Slice], int]:
    """Leave out second copies of one and the same image (a file that was copied)."""
    seen: dict[tuple[object, ...], Slice] = {}
    for one in slices:
        file = one.file
        unnamed = file.path if not file.instance_uid else ""
        key = (
            file.instance_uid,
            unnamed,
            file.instance_number,
            one.frame.index,
            one.placement.position,
        )
        seen.setdefault(key, one)
    return list(seen.values()), len(slices) - len(seen)


def _instance(one: Slice) -> tuple[int, int]:
    return (one.file.instance_number or 0, one.frame.index)


Placed = tuple[int, Slice]  # number of the place, slice


def _phase_choices(placed: Sequence[Placed], most: int) -> Iterable[tuple[str, ...]]:
    """Sets of phases whose values could tell ``most`` images of one place apart, fewest first."""
    names = list(PHASES)
    varying = [
        name
        for n, name in enumerate(names)
        if 1 < len({s.frame.phase[n] for _, s in placed}) <= most
    ]
    for count in range(1, _MOST_TOGETHER + 1):
        yield from combinations(varying, count)


def _by_phase(placed: Sequence[Placed], keywords: tuple[str, ...]) -> list[list[Placed]]:
    index = [list(PHASES).index(keyword) for keyword in keywords]
    groups: dict[tuple[str, ...], list[Placed]] = defaultdict(list)
    for place, one in placed:
        groups[tuple(one.frame.phase[n] for n in index)].append((place, one))
    return [groups[key] for key in sorted(groups, key=_natural)]


def _natural(key: tuple[str, ...]) -> tuple[tuple[float, str], ...]:
    """Sort numbers by size and words by letter."""
    return tuple((_number(text), text) for text in key)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return float("-inf")


def _distinct(group: Sequence[Placed]) -> bool:
    return len({place for place, _ in group}) == len(group)


def _same_places_together(
    groups: list[list[Placed]], words: tuple[str, ...], copies: int
) -> list[Stack]:
    """Groups that cover the same places become volumes of one stack; others stand alone."""
    by_places: dict[tuple[int, ...], list[tuple[Slice, ...]]] = defaultdict(list)
    for group in groups:
        by_places[tuple(p for p, _ in group)].append(tuple(s for _, s in group))
    return [
        Stack(tuple(volumes), words if len(volumes) > 1 else (), copies)
        for volumes in by_places.values()
    ]


def _by_rank(placed: Sequence[Placed], most: int) -> tuple[tuple[Slice, ...], ...] | None:
    """Tell images of one place apart by their order, where each place has equally many."""
    at: dict[int, list[Slice]] = defaultdict(list)
    for place, one in placed:  # already in the order of instance numbers
        at[place].append(one)
    numbered = all(len({_instance(s) for s in same}) == most for same in at.values())
    if not numbered or any(len(same) != most for same in at.values()):
        return None
    return tuple(tuple(at[place][n] for place in sorted(at)) for n in range(most))
