"""Access to elements that never raises, and keeps pydicom quiet."""

from __future__ import annotations

import logging
import threading
import warnings
from typing import TYPE_CHECKING

import pydicom
import pytest
from pydicom.dataelem import RawDataElement
from pydicom.tag import Tag

from napari_medssl.io.dicom.tags import Tags, quietly

if TYPE_CHECKING:
    from pydicom import Dataset


@pytest.fixture
def dataset() -> Dataset:
    ds = pydicom.Dataset()
    ds.Rows = 12
    ds.PixelSpacing = ["0.5", "0.25"]
    ds.ImageType = ["ORIGINAL", "PRIMARY"]
    ds.Modality = " CT "
    ds.SequenceOfUltrasoundRegions = [pydicom.Dataset(), pydicom.Dataset()]
    ds[Tag(0x00200013)] = RawDataElement(
        Tag(0x00200013), "IS", 4, b"1A2B", 0, False, True
    )  # an instance number that is no number
    return ds


def test_values_have_their_types(dataset: Dataset) -> None:
    tags = Tags.of(dataset)
    assert tags.whole("Rows") == 12
    assert tags.numbers("PixelSpacing", 2) == (0.5, 0.25)
    assert tags.text("ImageType") == "ORIGINAL\\PRIMARY"
    assert tags.text("Modality") == "CT"
    assert len(tags.items("SequenceOfUltrasoundRegions")) == 2


def test_what_is_absent_damaged_or_of_another_length_is_absent(dataset: Dataset) -> None:
    tags = Tags.of(dataset)
    with quietly():
        assert tags.whole("InstanceNumber") is None
    assert tags.number("Columns") is None
    assert tags.numbers("PixelSpacing", 3) is None
    assert tags.numbers("Rows", 2) is None
    assert tags.text("PatientComments") == ""
    assert tags.items("Rows") == ()
    assert tags.value("NoSuchKeyword") is None


def test_pydicom_is_quiet_inside_and_itself_again_after(caplog: pytest.LogCaptureFixture) -> None:
    with quietly():
        warnings.warn("CANARY", UserWarning, stacklevel=1)
        logging.getLogger("pydicom").warning("CANARY")
    assert "CANARY" not in caplog.text
    assert not logging.getLogger("pydicom").disabled
    with pytest.warns(UserWarning, match="heard"):
        warnings.warn("heard", UserWarning, stacklevel=1)


def test_two_threads_leave_the_warnings_as_they_were() -> None:
    before = list(warnings.filters)

    def work() -> None:
        for _ in range(200):
            with quietly():
                warnings.warn("CANARY", UserWarning, stacklevel=1)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert list(warnings.filters) == before
