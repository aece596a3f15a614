"""Reading radiotherapy contours (RTSTRUCT): each is filled on the plane that it lies on."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from napari_medssl.errors import GeometryError, UnreadableFileError
from napari_medssl.io.dicom.belonging import Origin, about_wrong_references, require_belongs
from napari_medssl.io.dicom.contours import fill
from napari_medssl.io.dicom.drawing import Drawing, Patch
from napari_medssl.io.dicom.headers import read_elements
from napari_medssl.io.dicom.segments import code_in
from napari_medssl.io.dicom.tags import PARSER_FAILURES, Tags, quietly
from napari_medssl.io.gate import COPY_AGAIN
from napari_medssl.io.label_table import MOST_LABEL, LabelInfo, unnamed_label
from napari_medssl.volume import Notice

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from numpy.typing import NDArray
    from pydicom.dataset import Dataset

    from napari_medssl.io.dicom.source import SourceSeries

_KEYWORDS = (
    *("PatientID", "StructureSetROISequence", "ROIContourSequence"),
    *("ReferencedFrameOfReferenceSequence", "RTROIObservationsSequence"),
)
CONTOUR_DATA = 0x30060050
_FILLED = {"CLOSED_PLANAR", "CLOSEDPLANAR_XOR"}


class _Contour(NamedTuple):
    """One contour: its kind, its points (n, 3) in LPS mm, and the images that it names."""

    kind: str
    points: NDArray[np.float64]
    images: tuple[str, ...]


class _Region(NamedTuple):
    """One region of interest."""

    label: LabelInfo
    contours: tuple[_Contour, ...]


def read_rtstruct(path: Path, series: SourceSeries) -> tuple[list[Drawing], list[Notice]]:
    """Read the regions of an RTSTRUCT onto the planes of a series.

    A pixel belongs to a region when its centre lies inside an odd number of the region's contours
    on its plane.

    Raises
    ------
    UnreadableFileError
        If the file is damaged.
    GeometryError
        If it is of another patient, or its contours do not lie on the planes of the series.
    """
    try:
        tags = Tags.of(read_elements(path, _KEYWORDS))
        with quietly():
            _require_whole(path, tags)
            regions = tuple(_regions(tags))
            frames_of_reference = frozenset(_frames_of_reference(tags))
    except PARSER_FAILURES:
        raise UnreadableFileError(
            f"the contours of '{path.name}' are damaged", do=COPY_AGAIN
        ) from None
    closed = [c for region in regions for c in region.contours if c.kind in _FILLED]
    named = frozenset(uid for contour in closed for uid in contour.images)
    origin = Origin(tags.text("PatientID"), frames_of_reference, named)
    notices = require_belongs(path.name, origin, series)
    planes = _planes(path.name, closed, series)
    wrong = sum(_names_another(c, k, series) for c, k in zip(closed, planes, strict=True))
    notices += [*about_wrong_references(wrong, len(closed)), *_about_skipped(regions)]
    where = iter(planes)
    return [
        Drawing(region.label, tuple(_patches(region, where, series))) for region in regions
    ], notices


def _require_whole(path: Path, tags: Tags) -> None:
    """Refuse a file that was cut off: a parser just leaves out what is no longer there."""
    # the standard asks for all three; the last of them comes after all contours
    parts = ("StructureSetROISequence", "ROIContourSequence", "RTROIObservationsSequence")
    if not all(map(tags.items, parts)):
        raise UnreadableFileError(
            f"the contours of '{path.name}' are cut off or incomplete", do=COPY_AGAIN
        )


def _frames_of_reference(tags: Tags) -> Iterator[str]:
    for item in tags.items("ReferencedFrameOfReferenceSequence"):
        yield Tags.of(item).text("FrameOfReferenceUID")
    for item in tags.items("StructureSetROISequence"):
        yield Tags.of(item).text("ReferencedFrameOfReferenceUID")


def _regions(tags: Tags) -> Iterator[_Region]:
    """Read the regions: number and name, colour, code and contours lie in three sequences."""
    drawn = _by_number(tags.items("ROIContourSequence"), "ReferencedROINumber")
    observed = _by_number(tags.items("RTROIObservationsSequence"), "ReferencedROINumber")
    items = tags.items("StructureSetROISequence")
    numbers = [Tags.of(item).whole("ROINumber") for item in items]
    usable = all(n is not None and 1 <= n <= MOST_LABEL for n in numbers)
    usable = usable and len(set(numbers)) == len(numbers)
    for place, (number, item) in enumerate(zip(numbers, items, strict=True), 1):
        value = number if usable and number is not None else place
        contours, plain = drawn.get(number, Tags({})), unnamed_label(value)
        colour = contours.numbers("ROIDisplayColor", 3)
        red, green, blue = (int(min(max(part, 0), 255)) for part in colour or plain.colour)
        code = code_in(observed.get(number, Tags({})).items("RTROIIdentificationCodeSequence"))
        name = Tags.of(item).text("ROIName") or plain.name
        label = LabelInfo(value, name, (red, green, blue), code)
        yield _Region(label, tuple(map(_contour, contours.items("ContourSequence"))))


def _by_number(items: Iterable[Dataset], keyword: str) -> Mapping[int | None, Tags]:
    tagged = [Tags.of(item) for item in items]
    return {tags.whole(keyword): tags for tags in tagged}


def _contour(item: Dataset) -> _Contour:
    tags = Tags.of(item)
    images = tuple(
        Tags.of(image).text("ReferencedSOPInstanceUID")
        for image in tags.items("ContourImageSequence")
    )
    points = _numbers(item)
    if len(points) % 3 or not np.isfinite(points).all():
        raise ValueError("a contour that is not made of points")
    return _Contour(tags.text("ContourGeometricType").upper(), points.reshape(-1, 3), images)


def _numbers(item: Dataset) -> NDArray[np.float64]:
    """Read a contour's numbers from their text: an object for each would take minutes."""
    value = item.get_item(CONTOUR_DATA).value if CONTOUR_DATA in item else b""
    if isinstance(value, bytes):
        texts = value.rstrip(b" \0").split(b"\\")
        return np.array([float(text) for text in texts if text.strip()])
    return np.array(value, float).reshape(-1)


def _planes(name: str, contours: list[_Contour], series: SourceSeries) -> list[int]:
    """Find the plane of each contour; refuses those that lie between slices, or beyond them."""
    found = [series.plane_at(c.points) if len(c.points) else None for c in contours]
    planes = [k for k in found if k is not None]
    if len(planes) != len(contours):
        raise GeometryError(
            f"{len(contours) - len(planes)} of {len(contours)} contours of '{name}' do not lie on "
            "slices of the image",
            expected="each contour on a slice: nothing is shifted unseen",
            do="Open the whole series that they were drawn on",
        )
    return planes


def _names_another(contour: _Contour, plane: int, series: SourceSeries) -> bool:
    known = [series.planes_of[uid] for uid in contour.images if uid in series.planes_of]
    return bool(known) and not any(plane in planes for planes in known)


def _about_skipped(regions: tuple[_Region, ...]) -> list[Notice]:
    kinds = Counter(c.kind for r in regions for c in r.contours if c.kind not in _FILLED)
    if not kinds:
        return []
    points = kinds["POINT"]
    words = (
        f"{kinds.total()} contours enclose nothing ({points} points, {kinds.total() - points} open "
        "lines); they were passed over."
    )
    return [Notice("contours-not-closed", words)]


def _patches(region: _Region, planes: Iterator[int], series: SourceSeries) -> Iterator[Patch]:
    """Fill a region's closed contours plane by plane; takes one plane a contour from ``planes``."""
    on_plane: dict[int, list[NDArray[np.float64]]] = defaultdict(list)
    for contour in region.contours:
        if contour.kind in _FILLED:
            plane = next(planes)
            on_plane[plane].append(series.in_plane(contour.points, plane))
    for plane, loops in sorted(on_plane.items()):
        patch = Patch.of(plane, fill(loops, series.rows, series.columns))
        if patch is not None:
            yield patch
