"""Reading a DICOM segmentation (SEG): each frame is laid where its position says, or refused."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from napari_medssl.errors import GeometryError, UnreadableFileError, UnsupportedFormatError
from napari_medssl.io.dicom.belonging import Origin, about_wrong_references, require_belongs
from napari_medssl.io.dicom.drawing import Drawing, Patch
from napari_medssl.io.dicom.frames import read_frames
from napari_medssl.io.dicom.headers import read_other_object
from napari_medssl.io.dicom.pixels import Wanted, decode
from napari_medssl.io.dicom.segments import labels_of_segments
from napari_medssl.io.dicom.tags import PARSER_FAILURES, Tags, quietly
from napari_medssl.io.gate import COPY_AGAIN, check_memory
from napari_medssl.volume import Notice

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_medssl.io.dicom.frames import Frame
    from napari_medssl.io.dicom.source import SourceSeries
    from napari_medssl.io.dicom.stored import StoredPixels

_KEYWORDS = (
    *("PatientID", "FrameOfReferenceUID", "SegmentationType", "MaximumFractionalValue"),
    *("SegmentSequence", "ReferencedSeriesSequence", "SourceImageSequence"),
)
_OFF_PIXEL = 0.05
_DECODED_BYTES = 2**28


class _Segmentation(NamedTuple):
    """A SEG's header."""

    path: Path
    tags: Tags
    pixels: StoredPixels
    frames: tuple[Frame, ...]
    groups: tuple[Tags, ...]  # functional groups of each frame
    shared: Tags


def read_seg(path: Path, series: SourceSeries) -> tuple[list[Drawing], list[Notice]]:
    """Read the segments of a SEG onto the planes of a series.

    Raises
    ------
    UnreadableFileError
        If the file is damaged.
    UnsupportedFormatError
        If it does not place its frames in the patient.
    GeometryError
        If it is of another patient, or its frames do not lie on the planes of the series.
    """
    try:
        seg = _header(path)
        labels = labels_of_segments(seg.tags)
        origin = _origin(seg)
    except PARSER_FAILURES:
        raise _damaged(path) from None
    notices = require_belongs(path.name, origin, series)
    lattices = [_lattice(seg, frame, series) for frame in seg.frames]
    wrong = sum(_names_another(seg, n, lattice.plane, series) for n, lattice in enumerate(lattices))
    notices += about_wrong_references(wrong, len(lattices))
    notices += _about_fractions(seg)
    patches: dict[int, list[Patch]] = defaultdict(list)
    for number, value, mask in _masks(seg):
        if value not in labels:
            raise _damaged(path)
        patch = Patch.of(lattices[number].plane, lattices[number].onto(mask, series, path.name))
        if patch is not None:
            patches[value].append(patch)
    return [Drawing(info, tuple(patches[n])) for n, info in labels.items()], notices


def _damaged(path: Path) -> UnreadableFileError:
    return UnreadableFileError(f"the segmentation '{path.name}' is damaged", do=COPY_AGAIN)


def _header(path: Path) -> _Segmentation:
    dataset, pixels = read_other_object(path, _KEYWORDS)
    with quietly():
        tags = Tags.of(dataset)
        own = tags.items("PerFrameFunctionalGroupsSequence")
        if len(own) != pixels.frames:
            raise UnsupportedFormatError(
                f"the segmentation '{path.name}' does not say where each of its frames lies",
                expected="a position for every frame",
                do="Export it with the frames' positions",
            )
        shared = tags.items("SharedFunctionalGroupsSequence")
        frames = read_frames(dataset, pixels.frames, pixels.rows, pixels.columns)
        groups = tuple(Tags.of(group) for group in own)
    return _Segmentation(
        path, tags, pixels, frames, groups, Tags.of(shared[0]) if shared else Tags({})
    )


def _origin(seg: _Segmentation) -> Origin:
    named = [uid for n in range(len(seg.groups)) for uid in _sources(seg, n)]
    if not named:
        items = [*seg.tags.items("SourceImageSequence")]
        for series in seg.tags.items("ReferencedSeriesSequence"):
            items += Tags.of(series).items("ReferencedInstanceSequence")
        named = [Tags.of(item).text("ReferencedSOPInstanceUID") for item in items]
    frame_of_reference = seg.tags.text("FrameOfReferenceUID")
    return Origin(
        seg.tags.text("PatientID"), frozenset(filter(None, [frame_of_reference])), frozenset(named)
    )


def _sources(seg: _Segmentation, number: int) -> Iterator[str]:
    """Yield the images that one frame says it was made from."""
    for derivation in seg.groups[number].items("DerivationImageSequence"):
        for image in Tags.of(derivation).items("SourceImageSequence"):
            yield Tags.of(image).text("ReferencedSOPInstanceUID")


def _names_another(seg: _Segmentation, number: int, plane: int, series: SourceSeries) -> bool:
    known = [series.planes_of[uid] for uid in _sources(seg, number) if uid in series.planes_of]
    return bool(known) and not any(plane in planes for planes in known)


class _Lattice(NamedTuple):
    """How a frame's pixels lie on a plane: where its corner is, and how it is turned."""

    plane: int
    corner: tuple[int, int]  # lowest row and column of the plane that it covers
    swapped: bool
    flipped: tuple[bool, bool]

    def onto(self, mask: NDArray[np.bool_], series: SourceSeries, name: str) -> NDArray[np.bool_]:
        """Lay a frame's mask on the whole plane; refuses to cut off what is marked."""
        mask = mask.T if self.swapped else mask
        mask = np.flip(mask, tuple(axis for axis in (0, 1) if self.flipped[axis]))
        out = np.zeros((series.rows, series.columns), bool)
        rows, columns = (
            slice(max(0, -first), max(0, min(size, full - first)))
            for first, size, full in zip(self.corner, mask.shape, out.shape, strict=True)
        )
        if np.count_nonzero(mask) != np.count_nonzero(mask[rows, columns]):
            raise _elsewhere(name, "reaches beyond the image")
        top, left = rows.start + self.corner[0], columns.start + self.corner[1]
        inside = mask[rows, columns]
        out[top : top + inside.shape[0], left : left + inside.shape[1]] = inside
        return out


def _lattice(seg: _Segmentation, frame: Frame, series: SourceSeries) -> _Lattice:
    """Find the pixels of a plane that a frame's pixels are; refuses what would need resampling."""
    if frame.placement is None:
        raise UnsupportedFormatError(
            f"the segmentation '{seg.path.name}' has no place in the patient",
            expected="frames with a position",
        )
    across, down = np.asarray(frame.placement.orientation).reshape(2, 3)
    across, down = across * frame.pixel_size.column_mm, down * frame.pixel_size.row_mm
    last = np.array([[0, 0], [0, seg.pixels.columns - 1], [seg.pixels.rows - 1, 0], [0, 1], [1, 0]])
    points = np.asarray(frame.placement.position) + last @ np.stack([down, across])
    plane = series.plane_at(points)
    if plane is None:
        raise _elsewhere(seg.path.name, "does not lie on the slices of the image")
    found = series.in_plane(points, plane)
    nearest = np.rint(found).astype(int)
    along, downward = nearest[3] - nearest[0], nearest[4] - nearest[0]
    expected = nearest[0] + last @ np.stack([downward, along])
    whole = np.abs(found - expected).max() <= _OFF_PIXEL
    if not whole or sorted(np.abs([along, downward]).tolist()) != [[0, 1], [1, 0]]:
        raise _elsewhere(seg.path.name, "has other pixels than the image")
    top, left = expected[:3].min(axis=0).tolist()
    flipped = (bool((along + downward)[0] < 0), bool((along + downward)[1] < 0))
    return _Lattice(plane, (top, left), bool(along[0]), flipped)


def _elsewhere(name: str, how: str) -> GeometryError:
    return GeometryError(
        f"the segmentation '{name}' {how}",
        expected="frames on the image's own grid: nothing is resampled unseen",
        do="Open the series that it was made on",
    )


def _masks(seg: _Segmentation) -> Iterator[tuple[int, int, NDArray[np.bool_]]]:
    """Yield (frame, segment number, mask) for everything that is marked."""
    kind = seg.tags.text("SegmentationType").upper()
    half = (seg.tags.number("MaximumFractionalValue") or 255) / 2
    size = seg.pixels.rows * seg.pixels.columns * seg.pixels.dtype.itemsize
    check_memory(seg.path.name, seg.pixels.rows * seg.pixels.columns + _DECODED_BYTES)
    at_once = max(1, _DECODED_BYTES // size)
    for first in range(0, seg.pixels.frames, at_once):
        wanted = tuple(range(first, min(first + at_once, seg.pixels.frames)))
        for number, values in zip(
            wanted, decode([Wanted(seg.path, seg.pixels, wanted)]), strict=True
        ):
            if kind == "LABELMAP":
                for value in np.unique(values[values > 0]).tolist():
                    yield number, int(value), values == value
            else:
                marked = values >= half if kind == "FRACTIONAL" else values > 0
                yield number, _segment_of(seg, number), marked


def _segment_of(seg: _Segmentation, number: int) -> int:
    for tags in (seg.groups[number], seg.shared):
        for item in tags.items("SegmentIdentificationSequence"):
            return Tags.of(item).whole("ReferencedSegmentNumber") or 0
    raise _damaged(seg.path)


def _about_fractions(seg: _Segmentation) -> list[Notice]:
    if seg.tags.text("SegmentationType").upper() != "FRACTIONAL":
        return []
    words = "The segmentation holds fractions; what is at least one half was taken as marked."
    return [Notice("fractions-cut", words)]
