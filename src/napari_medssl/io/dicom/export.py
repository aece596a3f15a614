"""What writing a SEG and writing an RTSTRUCT share: the mask on the planes of its series, checked.

Nothing takes its place before it was read back as the very same labels at the same positions.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import numpy as np
from pydicom.uid import generate_uid

from napari_medssl.errors import SaveError, UnreadableFileError, UnsupportedFormatError
from napari_medssl.io.atomic import atomic_write
from napari_medssl.io.dicom.drawing import merge
from napari_medssl.io.dicom.source import REPEATED, SourceSeries, find_source
from napari_medssl.io.dicom.tags import quietly
from napari_medssl.io.label_table import unnamed_label
from napari_medssl.io.labels import fault_of, values_in
from napari_medssl.io.write import require_not_source
from napari_medssl.volume.label_types import smallest_unsigned

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray
    from pydicom.dataset import Dataset

    from napari_medssl.io.dicom.deidentify import Deidentifier
    from napari_medssl.io.dicom.masks import DrawingReader
    from napari_medssl.io.label_table import LabelInfo
    from napari_medssl.volume import Volume

RESEARCH_ONLY = "Research use only. Not a medical device."
MAKER = "napari-medssl"
_LONGEST_NAME = 64


@dataclass(frozen=True)
class Export:
    """A mask ready to be written as a DICOM object.

    Parameters
    ----------
    series : SourceSeries
        The series it refers to, under the names it is to be known by.
    planes : (planes, rows, columns) array
        Labels in the smallest unsigned type, on the planes of the series.
    labels : tuple of LabelInfo
        Every label that is named or present, by value.
    """

    series: SourceSeries
    planes: NDArray[Any]
    labels: tuple[LabelInfo, ...]


def prepare(
    mask_zyx: NDArray[Any],
    volume: Volume,
    path: Path,
    labels: Sequence[LabelInfo],
    deidentify: Deidentifier | None,
) -> Export:
    """Lay a mask on the planes of the series that its image was read from.

    Raises
    ------
    SaveError
        If the values are no labels, a name is too long, or ``path`` is the image itself.
    UnsupportedFormatError
        If the image is no DICOM series, or one without identifiers.
    GeometryError
        If the mask is not of the volume's shape.
    """
    if fault := fault_of(mask_zyx):
        raise SaveError(f"the mask for '{path.name}' {fault}", expected="whole numbers from 0")
    require_not_source(path, volume.source)
    series = find_source(volume)
    if not series.is_named:
        raise UnsupportedFormatError(
            f"the series '{volume.source.name}' does not say which study, series and images it is",
            expected="the identifiers that a DICOM mask must repeat",
            do="Save the mask as NIfTI (.nii.gz)",
        )
    if deidentify is not None:
        series = deidentify.series(series)
    planes = volume.to_source(smallest_unsigned(mask_zyx)).transpose(2, 1, 0)
    known = _all_labels(planes, labels)
    if not known:
        raise SaveError(f"a mask without any label for '{path.name}'", do="Draw or name one first")
    return Export(series, np.ascontiguousarray(planes), known)


def _all_labels(planes: NDArray[Any], labels: Sequence[LabelInfo]) -> tuple[LabelInfo, ...]:
    known = {info.value: info for info in labels}
    for value in values_in(planes):
        known.setdefault(value, unnamed_label(value))
    for info in known.values():
        if len(info.name) > _LONGEST_NAME or "\\" in info.name:
            raise SaveError(
                f"the label name '{info.name}' cannot be kept in DICOM",
                expected=f"up to {_LONGEST_NAME} characters and no backslash",
                do="Rename the label",
            )
    return tuple(known[value] for value in sorted(known))


def stamp(ds: Dataset, series: SourceSeries) -> None:
    """Say who and what an object is about, what made it, and that it is for research only."""
    ds.SpecificCharacterSet = "ISO_IR 192"
    for keyword in REPEATED:
        told = series.tags.text(keyword)
        if told or keyword != "IssuerOfPatientID":
            setattr(ds, keyword, told)
    ds.FrameOfReferenceUID = series.frame_of_reference
    ds.SeriesInstanceUID, ds.SOPInstanceUID = new_uid(), new_uid()
    ds.SeriesDescription = RESEARCH_ONLY
    ds.Manufacturer = ds.ManufacturerModelName = MAKER
    ds.SoftwareVersions = version(MAKER)
    ds.SeriesNumber = ds.InstanceNumber = 1


def new_uid() -> str:
    """Return an identifier drawn at random, which tells neither time nor machine."""
    return str(generate_uid(prefix=None))


def write_checked(
    export: Export, path: Path, write: Callable[[Path], None], read: DrawingReader
) -> None:
    """Write a file atomically, and only if it reads back as the same labels in the same places.

    Raises
    ------
    SaveError
        If it could not be written or did not read back.
    """

    def verify(part: Path) -> None:
        with quietly():
            drawings, notices = read(part, export.series)
        told = {d.label.value: (d.label.name, d.label.colour) for d in drawings}
        wanted = {info.value: (info.name, info.colour) for info in export.labels}
        painted, overlaps = merge(drawings, export.planes.shape)
        if notices or overlaps or told != wanted or not np.array_equal(painted, export.planes):
            raise UnreadableFileError(f"'{path.name}' does not hold the mask it was given")

    atomic_write(path, write, verify)
