"""Writing radiotherapy contours (RTSTRUCT): one region a label, each contour naming its slice."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydicom import DataElement, Dataset, FileMetaDataset, dcmwrite
from pydicom.uid import ImplicitVRLittleEndian, RTStructureSetStorage

from napari_medssl.errors import SaveError
from napari_medssl.io.dicom.contours import outlines
from napari_medssl.io.dicom.export import MAKER, RESEARCH_ONLY, prepare, stamp, write_checked
from napari_medssl.io.dicom.rtstruct_read import CONTOUR_DATA, read_rtstruct
from napari_medssl.io.dicom.tags import quietly

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from napari_medssl.io.dicom.deidentify import Deidentifier
    from napari_medssl.io.dicom.export import Export
    from napari_medssl.io.dicom.source import Reference, SourceSeries
    from napari_medssl.io.label_table import LabelInfo
    from napari_medssl.volume import Volume

_MOST_NUMBER = 2**31 - 1
_STUDY_CLASS = "1.2.840.10008.3.1.2.3.1"  # what an RTSTRUCT calls the study it refers to


def write_rtstruct(
    mask_zyx: NDArray[Any],
    volume: Volume,
    path: str | Path,
    labels: Sequence[LabelInfo] = (),
    *,
    deidentify: Deidentifier | None = None,
) -> Path:
    """Write a mask as contours on the slices of the series that its image was read from.

    Each label is a region; a label without voxels is a region without contours. A hole is cut in
    by a keyhole. Filling the contours gives the mask again, voxel for voxel: that is checked
    before the file replaces anything.

    Parameters
    ----------
    mask_zyx : (z, y, x) array
        Whole numbers from 0, or booleans, on ``volume.geometry``.
    volume : Volume
        The image, read from a DICOM series.
    path : str or Path
        Target, a ``.dcm`` file.
    labels : sequence of LabelInfo
        Names, colours and codes.
    deidentify : Deidentifier, optional
        Refer to the series as this one renames it.

    Raises
    ------
    UnsupportedFormatError
        If the image is no DICOM series, or one without identifiers.
    SaveError
        If the values are no labels, or the file could not be written; nothing is changed then.
    GeometryError
        If the mask is not of the volume's shape.
    """
    path = Path(path)
    export = prepare(mask_zyx, volume, path, labels, deidentify)
    if export.labels and export.labels[-1].value > _MOST_NUMBER:
        raise SaveError(
            f"the label value {export.labels[-1].value} for '{path.name}'",
            expected=f"up to {_MOST_NUMBER:,}, as radiotherapy contours are numbered",
        )
    with quietly():
        ds = _structure_set(export)
    write_checked(
        export, path, lambda part: dcmwrite(part, ds, enforce_file_format=True), read_rtstruct
    )
    return path


def _structure_set(export: Export) -> Dataset:
    series, now = export.series, datetime.now()
    ds = Dataset()
    stamp(ds, series)
    ds.SOPClassUID, ds.Modality, ds.OperatorsName = RTStructureSetStorage, "RTSTRUCT", ""
    ds.StructureSetLabel, ds.StructureSetDescription = MAKER, RESEARCH_ONLY
    ds.StructureSetDate, ds.StructureSetTime = now.strftime("%Y%m%d"), now.strftime("%H%M%S")
    ds.ApprovalStatus = "UNAPPROVED"
    ds.ReferencedFrameOfReferenceSequence = [_frame_of_reference(series)]
    ds.StructureSetROISequence = [_region(info, series) for info in export.labels]
    ds.ROIContourSequence = [_contours(info, export) for info in export.labels]
    ds.RTROIObservationsSequence = [_observation(info) for info in export.labels]
    ds.file_meta = FileMetaDataset()
    # a contour may be longer than the 64 kB that a number may take in the explicit encoding
    ds.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian
    ds.file_meta.MediaStorageSOPClassUID = ds.SOPClassUID
    ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID
    return ds


def _frame_of_reference(series: SourceSeries) -> Dataset:
    """Name the series, by study, and every image of it."""
    images, study, frame = Dataset(), Dataset(), Dataset()
    images.SeriesInstanceUID = series.tags.text("SeriesInstanceUID")
    images.ContourImageSequence = [_image(reference) for reference in series.files]
    study.ReferencedSOPClassUID = _STUDY_CLASS
    study.ReferencedSOPInstanceUID = series.tags.text("StudyInstanceUID")
    study.RTReferencedSeriesSequence = [images]
    frame.FrameOfReferenceUID = series.frame_of_reference
    frame.RTReferencedStudySequence = [study]
    return frame


def _image(reference: Reference) -> Dataset:
    item = Dataset()
    item.ReferencedSOPClassUID = reference.class_uid
    item.ReferencedSOPInstanceUID = reference.instance_uid
    if reference.frame is not None:
        item.ReferencedFrameNumber = reference.frame
    return item


def _region(info: LabelInfo, series: SourceSeries) -> Dataset:
    item = Dataset()
    item.ROINumber, item.ROIName = info.value, info.name
    item.ReferencedFrameOfReferenceUID = series.frame_of_reference
    item.ROIGenerationAlgorithm = "SEMIAUTOMATIC"
    return item


def _contours(info: LabelInfo, export: Export) -> Dataset:
    item = Dataset()
    item.ReferencedROINumber, item.ROIDisplayColor = info.value, list(info.colour)
    drawn = list(_drawn(info.value, export))
    if drawn:
        item.ContourSequence = drawn
    return item


def _drawn(value: int, export: Export) -> Iterator[Dataset]:
    """Yield the contours of one label, plane by plane."""
    for k, labels in enumerate(export.planes):
        reference = export.series.planes[k].reference
        mask = labels == value
        for outline in outlines(mask) if mask.any() else ():
            item = Dataset()
            if reference is not None:
                item.ContourImageSequence = [_image(reference)]
            item.ContourGeometricType = "CLOSED_PLANAR"
            points = export.series.in_space(outline, k)
            item.NumberOfContourPoints = len(points)
            text = "\\".join(_decimal(number) for number in points.ravel().tolist())
            # as text: an object for each number would take minutes
            item.add(DataElement(CONTOUR_DATA, "DS", text, already_converted=True))
            yield item


def _decimal(number: float) -> str:
    """Write millimetres to the nanometre, in the 16 characters that DICOM grants."""
    return f"{number:.6f}".rstrip("0").rstrip(".")[:16]


def _observation(info: LabelInfo) -> Dataset:
    item = Dataset()
    item.ObservationNumber = item.ReferencedROINumber = info.value
    item.RTROIInterpretedType = item.ROIInterpreter = ""
    if info.code is not None:
        code = Dataset()
        code.CodeValue, code.CodeMeaning = info.code.value, info.code.meaning
        code.CodingSchemeDesignator = info.code.scheme
        item.RTROIIdentificationCodeSequence = [code]
    return item
