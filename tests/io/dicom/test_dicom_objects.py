"""DICOM objects that are no images say what they are."""

from __future__ import annotations

import pydicom
import pytest
from pydicom import uid

from napari_medssl.errors import UnsupportedFormatError
from napari_medssl.io.dicom.objects import refuse_other_objects
from napari_medssl.io.dicom.tags import Tags


def _object(sop_class: str, modality: str = "OT") -> Tags:
    ds = pydicom.Dataset()
    ds.SOPClassUID, ds.Modality = sop_class, modality
    return Tags.of(ds)


@pytest.mark.parametrize(
    ("sop_class", "words"),
    [
        (uid.SegmentationStorage, "is a segmentation; expected an image. Open the image"),
        (uid.RTStructureSetStorage, "is a set of radiotherapy contours"),
        (uid.RTDoseStorage, "is a radiotherapy dose map"),
        (uid.ComprehensiveSRStorage, "is a report"),
        (uid.KeyObjectSelectionDocumentStorage, "is a list of key images"),
        (uid.TwelveLeadECGWaveformStorage, "is an electrocardiogram"),
        (uid.VLWholeSlideMicroscopyImageStorage, "is a whole-slide microscopy image"),
        (uid.EncapsulatedPDFStorage, "is a document"),
        (uid.SpatialRegistrationStorage, "is a registration between images"),
        (uid.GrayscaleSoftcopyPresentationStateStorage, "is a presentation state"),
    ],
)
def test_other_objects_are_refused_by_what_they_are(sop_class: str, words: str) -> None:
    with pytest.raises(UnsupportedFormatError, match=words):
        refuse_other_objects(_object(sop_class), "x.dcm")


def test_the_modality_speaks_where_the_class_does_not() -> None:
    with pytest.raises(UnsupportedFormatError, match="is a segmentation"):
        refuse_other_objects(_object("1.2.3", "SEG"), "x.dcm")


@pytest.mark.parametrize(
    "sop_class",
    [
        *(uid.CTImageStorage, uid.EnhancedMRImageStorage, uid.UltrasoundMultiFrameImageStorage),
        *(uid.SecondaryCaptureImageStorage, uid.RTImageStorage, "1.2.840.10008.5.1.4.1.1.6"),
    ],
)
def test_images_pass(sop_class: str) -> None:
    assert refuse_other_objects(_object(sop_class), "x.dcm") is None
