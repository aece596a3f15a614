"""Writing a DICOM segmentation (SEG): one segment a label, each frame naming its source slice."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from pydicom import Dataset
from pydicom.uid import UID, MRImageStorage

from napari_medssl.errors import SaveError
from napari_medssl.io.dicom.export import (
    MAKER,
    RESEARCH_ONLY,
    new_uid,
    prepare,
    stamp,
    write_checked,
)
from napari_medssl.io.dicom.seg_read import read_seg
from napari_medssl.io.dicom.segments import CATEGORIES, UNCODED, VALUE_WORDS
from napari_medssl.io.dicom.tags import quietly

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from napari_medssl.io.dicom.deidentify import Deidentifier
    from napari_medssl.io.dicom.export import Export
    from napari_medssl.io.dicom.source import Reference, SourceSeries
    from napari_medssl.io.label_table import LabelInfo
    from napari_medssl.volume import Volume

_MOST_SEGMENTS = 65535


def write_seg(
    mask_zyx: NDArray[Any],
    volume: Volume,
    path: str | Path,
    labels: Sequence[LabelInfo] = (),
    *,
    deidentify: Deidentifier | None = None,
) -> Path:
    """Write a mask as a DICOM segmentation of the series that its image was read from.

    Each label is a binary segment with its name, colour and code; a label without voxels is kept
    as a segment without frames. Planes that the reader filled in where slices are missing lie at
    their place and name no source slice. The file is read back and compared before it replaces
    anything.

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
    if len(export.labels) > _MOST_SEGMENTS:
        raise SaveError(
            f"a mask of {len(export.labels)} labels for '{path.name}'",
            expected=f"up to {_MOST_SEGMENTS:,}, as a DICOM segmentation holds",
        )
    with quietly():
        seg = _segmentation(export)
    write_checked(export, path, lambda part: seg.save_as(part, enforce_file_format=True), read_seg)
    return path


def _segmentation(export: Export) -> Any:
    from highdicom.seg import Segmentation

    series, labels = export.series, export.labels
    # highdicom knows one image a frame, so each plane is handed to it as an image of its own;
    # which file and frame it is in truth is set right afterwards
    stand_ins = _stand_ins(series)
    numbers = np.array([0, *(info.value for info in labels)])
    seg = Segmentation(
        source_images=list(stand_ins.values()),
        pixel_array=np.searchsorted(numbers, export.planes).astype(np.uint16),
        segmentation_type="BINARY",
        segment_descriptions=[_described(n, info) for n, info in enumerate(labels, 1)],
        series_instance_uid=new_uid(),
        series_number=1,
        sop_instance_uid=new_uid(),
        instance_number=1,
        manufacturer=MAKER,
        manufacturer_model_name=MAKER,
        software_versions=version(MAKER),
        device_serial_number="none",
        content_description=RESEARCH_ONLY,
        content_label="SEGMENTATION",
    )
    planes = dict(zip(stand_ins, series.planes, strict=True))
    _name_sources(seg, {uid: plane.reference for uid, plane in planes.items()}, series)
    stamp(seg, series)
    seg.file_meta.MediaStorageSOPInstanceUID = UID(seg.SOPInstanceUID)
    return seg


def _stand_ins(series: SourceSeries) -> Mapping[str, Dataset]:
    """One single-frame image for each plane, by an identifier of its own."""
    made = {}
    column_mm, row_mm, step_mm = series.geometry.spacing_mm
    for plane in series.planes:
        image = Dataset()
        uid = new_uid()
        image.SOPClassUID, image.SOPInstanceUID, image.Modality = MRImageStorage, uid, "OT"
        image.StudyInstanceUID = series.tags.text("StudyInstanceUID")
        image.SeriesInstanceUID = series.tags.text("SeriesInstanceUID")
        image.FrameOfReferenceUID = series.frame_of_reference
        for keyword in ("PatientID", "PatientName", "PatientBirthDate", "PatientSex"):
            setattr(image, keyword, None)
        for keyword in ("AccessionNumber", "StudyID", "StudyDate", "StudyTime"):
            setattr(image, keyword, None)
        image.Rows, image.Columns = series.rows, series.columns
        image.ImageOrientationPatient = list(series.orientation)
        image.ImagePositionPatient = list(plane.position)
        image.PixelSpacing, image.SliceThickness = [row_mm, column_mm], step_mm
        made[uid] = image
    return made


def _described(number: int, info: LabelInfo) -> Any:
    """Describe one segment."""
    from highdicom import AlgorithmIdentificationSequence
    from highdicom.color import CIELabColor
    from highdicom.seg import SegmentDescription
    from highdicom.sr import CodedConcept
    from pydicom.sr.codedict import codes

    code = info.code or UNCODED
    category = CATEGORIES.get(code.value, CATEGORIES[""])
    described = SegmentDescription(
        segment_number=number,
        segment_label=info.name,
        segmented_property_category=CodedConcept(category.value, category.scheme, category.meaning),
        segmented_property_type=CodedConcept(code.value, code.scheme, code.meaning),
        algorithm_type="SEMIAUTOMATIC",
        algorithm_identification=AlgorithmIdentificationSequence(
            name=MAKER, family=codes.DCM.ArtificialIntelligence, version=version(MAKER)
        ),
        display_color=CIELabColor.from_rgb(*info.colour),
    )
    described.SegmentDescription = f"{VALUE_WORDS} {info.value}"
    return described


def _name_sources(
    seg: Dataset, references: Mapping[str, Reference | None], series: SourceSeries
) -> None:
    """Put the true files and frames in the place of the stand-ins."""
    for group in seg.PerFrameFunctionalGroupsSequence:
        (derivation,) = group.DerivationImageSequence
        (image,) = derivation.SourceImageSequence
        # frames of several segments on one plane share this item: it is set right once
        if image.ReferencedSOPInstanceUID not in references:
            continue
        reference = references[image.ReferencedSOPInstanceUID]
        if reference is None:
            group.DerivationImageSequence = []
            continue
        image.ReferencedSOPClassUID = reference.class_uid
        image.ReferencedSOPInstanceUID = reference.instance_uid
        if reference.frame is not None:
            image.ReferencedFrameNumber = reference.frame
    seg.SourceImageSequence = [_whole_file(r) for r in series.files]
    seg.ReferencedSeriesSequence[0].ReferencedInstanceSequence = [
        _whole_file(r) for r in series.files
    ]


def _whole_file(reference: Reference) -> Dataset:
    item = Dataset()
    item.ReferencedSOPClassUID = reference.class_uid
    item.ReferencedSOPInstanceUID = reference.instance_uid
    return item
