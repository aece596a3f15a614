from __future__ import annotations

import pytest
from pydicom import Dataset
from pydicom.datadict import dictionary_VR

from napari_medssl.io.dicom.allowed import allowed_keywords, allowed_part, replaced_keywords

CANARY = "CANARY"


def kept(**elements: object) -> Dataset:
    ds = Dataset()
    for keyword, value in elements.items():
        setattr(ds, keyword, value)
    return allowed_part(ds)


def test_every_keyword_is_one_of_the_standard() -> None:
    for keyword in allowed_keywords():
        assert dictionary_VR(keyword)
    assert set(replaced_keywords()) <= set(allowed_keywords())


@pytest.mark.parametrize(
    "keyword",
    [
        *("PatientComments", "StudyDescription", "SeriesDescription", "ImageComments"),
        *("InstitutionName", "OperatorsName", "StationName", "AcquisitionTime", "ProtocolName"),
    ],
)
def test_free_text_and_times_go(keyword: str) -> None:
    value = "101010" if keyword.endswith("Time") else CANARY
    assert len(kept(**{keyword: value})) == 0


def test_private_elements_go_at_every_depth() -> None:
    ds, item = Dataset(), Dataset()
    for one in (ds, item):
        one.private_block(0x0029, "MAKER", create=True).add_new(1, "LO", CANARY)
    item.ReferencedSOPInstanceUID = "1.2.3"
    ds.ReferencedImageSequence = [item]
    assert CANARY not in str(allowed_part(ds))


def test_numbers_stay_and_what_hides_among_them_goes() -> None:
    stays = kept(Rows=5, PixelSpacing=[0.5, 0.25], ImagePositionPatient=[1, 2, 3])
    assert (stays.Rows, list(stays.PixelSpacing)) == (5, [0.5, 0.25])
    ds = Dataset()
    ds.add_new("PixelSpacing", "LO", [CANARY, "1"])
    assert "PixelSpacing" not in allowed_part(ds)


def test_of_terms_the_words_of_the_standard_stay() -> None:
    assert list(kept(ImageType=["ORIGINAL", CANARY, "PRIMARY"]).ImageType) == [
        "ORIGINAL",
        "PRIMARY",
    ]
    assert "ImageType" not in kept(ImageType=CANARY)
    assert kept(Modality="CT").Modality == "CT"


def test_a_class_must_be_one() -> None:
    ct = "1.2.840.10008.5.1.4.1.1.2"
    assert kept(SOPClassUID=ct).SOPClassUID == ct
    assert "SOPClassUID" not in kept(SOPClassUID="1.2.3.4.5.6")


def test_a_date_that_is_none_cannot_be_moved_and_goes() -> None:
    dates = [keyword for keyword in replaced_keywords() if dictionary_VR(keyword) == "DA"]
    assert dates
    ds = Dataset()
    ds.add_new(dates[0], "DA", "20240131")
    assert dates[0] in allowed_part(ds)
    ds[dates[0]]._value = CANARY
    assert dates[0] not in allowed_part(ds)


def test_the_original_is_not_changed() -> None:
    ds = Dataset()
    ds.ImageType = ["ORIGINAL", CANARY]
    ds.PatientComments = CANARY
    before = str(ds)
    allowed_part(ds)
    assert str(ds) == before
