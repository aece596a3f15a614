"""Two DICOM series: one patient or two, one frame of reference or two."""

from __future__ import annotations

import shutil
from pathlib import Path

import pydicom
import pytest

from napari_medssl.errors import GeometryError
from napari_medssl.io import read_volume
from napari_medssl.io.dicom.same_patient import check_same_patient


def series(folder: Path, copy: Path, **changed: str) -> Path:
    """A few slices of a series, with some elements changed."""
    copy.mkdir()
    for path in sorted(folder.glob("*.dcm"))[:4]:
        dataset = pydicom.dcmread(path)
        for keyword, value in changed.items():
            setattr(dataset, keyword, value)
        dataset.save_as(copy / path.name)
    return copy


@pytest.fixture
def both(shared_data, tmp_path):
    patient = shared_data / "dicom-rtstruct-sts" / "STS_025"

    def make(**changed):
        first = series(patient / "CT" / "image", tmp_path / "CT")
        second = series(patient / "MR_T1" / "image", tmp_path / "MR", **changed)
        return read_volume(first), read_volume(second)

    return make


def test_one_patient_in_one_frame_of_reference_needs_no_word(both):
    assert check_same_patient(*both()) == ()


def test_another_frame_of_reference_is_told(both):
    (notice,) = check_same_patient(*both(FrameOfReferenceUID="1.2.3"))
    assert notice.code == "frames-of-reference-differ"
    assert "Check a landmark" in notice.text


def test_another_patient_is_refused_and_not_named(both):
    with pytest.raises(GeometryError) as caught:
        check_same_patient(*both(PatientID="SOMEBODY-ELSE"))
    assert "another patient" in str(caught.value)
    assert "SOMEBODY" not in str(caught.value)


def test_what_is_not_dicom_tells_nothing(both, tmp_path):
    from napari_medssl.io import write_volume

    first, second = both()
    shutil.rmtree(tmp_path / "MR")
    path = write_volume(second, tmp_path / "mr.nii.gz")
    assert check_same_patient(first, read_volume(path)) == ()
