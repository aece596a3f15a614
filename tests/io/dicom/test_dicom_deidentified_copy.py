"""De-identified copies of folders: same pixels, same places, numbers for names."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pydicom
import pytest
from dicom_masks import MAKER, NAMED, make_series
from dicom_phantoms import axial, plain_image, save

from napari_medssl.errors import SaveError, UsageError
from napari_medssl.io import read_volume
from napari_medssl.io.dicom import pixels as dicom_pixels
from napari_medssl.io.dicom.deidentified_copy import copy_deidentified
from napari_medssl.io.dicom.deidentify import Deidentifier

NAMES = Deidentifier("a key of the tests")


@pytest.fixture(autouse=True)
def no_child(monkeypatch: pytest.MonkeyPatch) -> None:
    """Decode in this process: a child for each of many folders would take long."""
    monkeypatch.setattr(
        dicom_pixels, "run_in_child", lambda function, request, **_: function(request)
    )


@pytest.mark.parametrize(
    "name",
    [
        *("dicom-difficult/compressed_jpegls", "dicom-difficult/compressed_rle"),
        *("dicom-difficult/philips_enhanced", "dicom-difficult/gantrytilting"),
        *("dicom-difficult/4d_fmri_ge", "dicom-difficult/rgb_colour_volume"),
    ],
)
def test_real_series_stay_the_same_image(shared_data: Path, tmp_path: Path, name: str) -> None:
    source = shared_data / name
    copy = copy_deidentified(source, tmp_path / "out", NAMES)
    before, after = read_volume(source), read_volume(tmp_path / "out")
    assert (before.array == after.array).all()
    assert before.geometry == after.geometry
    assert before.source.volumes == after.source.volumes
    assert {n.code for n in before.notices} == {n.code for n in after.notices}
    stored = {pydicom.dcmread(path).PixelData for path in source.rglob("*.dcm")}
    assert {pydicom.dcmread(path).PixelData for path in copy.files} == stored


def test_files_and_folders_get_numbers(tmp_path: Path) -> None:
    folder = make_series("axial", tmp_path / "in")
    second = MAKER.with_(series="1.2.826.0.1.2", series_number=2)
    second.write_all(folder, axial([0, 2]), **NAMED)
    copy = copy_deidentified(folder, tmp_path / "out", NAMES)
    names = sorted(str(path.relative_to(tmp_path / "out")) for path in copy.files)
    assert names[:2] == ["series-0/00001.dcm", "series-0/00002.dcm"]
    assert names[-1] == "series-1/00002.dcm"
    assert copy.notices == ()


def test_pictures_that_may_show_a_name_are_copied_with_a_warning(
    shared_data: Path, tmp_path: Path
) -> None:
    copy = copy_deidentified(shared_data / "us-dicom", tmp_path / "out", NAMES)
    assert len(copy.files) == 3
    (notice,) = copy.notices
    assert notice.code == "burnt-in-text"
    assert "3 of 3 pictures" in notice.text
    assert "PatientIdentityRemoved" not in pydicom.dcmread(copy.files[0])


@pytest.mark.parametrize(
    ("tags", "warned"),
    [
        ({"Modality": "US"}, True),
        ({"Modality": "US", "BurnedInAnnotation": "NO"}, False),
        ({"Modality": "CT"}, True),  # still a secondary capture
        ({"Modality": "CT", "BurnedInAnnotation": "NO"}, False),
        ({"SOPClassUID": "1.2.840.10008.5.1.4.1.1.2", "Modality": "CT"}, False),
        (
            {
                "SOPClassUID": "1.2.840.10008.5.1.4.1.1.2",
                "Modality": "CT",
                "BurnedInAnnotation": "YES",
            },
            True,
        ),
    ],
)
def test_reading_and_copying_warn_of_the_same_pictures(
    tmp_path: Path, tags: dict[str, str], warned: bool
) -> None:
    ds = plain_image(np.zeros((8, 8), np.uint8))
    ds.StudyInstanceUID = "1.2.3"
    for keyword, value in tags.items():
        setattr(ds, keyword, value)
    (tmp_path / "in").mkdir()
    save(tmp_path / "in" / "a.dcm", ds)
    read = {notice.code for notice in read_volume(tmp_path / "in").notices}
    copied = copy_deidentified(tmp_path / "in", tmp_path / "out", NAMES)
    assert ("burnt-in-text" in read) == warned
    assert ("burnt-in-text" in {n.code for n in copied.notices}) == warned
    removed = pydicom.dcmread(copied.files[0]).get("PatientIdentityRemoved")
    assert removed == (None if warned else "YES")


def test_other_objects_stay_behind_and_are_counted(shared_data: Path, tmp_path: Path) -> None:
    copy = copy_deidentified(
        shared_data / "dicom-difficult" / "rtstruct_phantom", tmp_path / "out", NAMES
    )
    assert len(copy.files) == 2
    assert "3 DICOM objects" in copy.notices[0].text


def test_a_folder_that_holds_something_is_not_written_to(tmp_path: Path) -> None:
    folder = make_series("axial", tmp_path / "in")
    with pytest.raises(UsageError, match="'in' exists already"):
        copy_deidentified(folder, folder, NAMES)


def test_an_image_without_identifier_is_refused(tmp_path: Path) -> None:
    folder = MAKER.write_all(tmp_path / "in", axial([0]), SOPClassUID="1.2.3.4.5.6")
    with pytest.raises(SaveError, match="does not say which image it is"):
        copy_deidentified(folder, tmp_path / "out", NAMES)


@pytest.mark.parametrize("exists", [False, True])
def test_a_file_that_fails_leaves_nothing_and_the_next_try_succeeds(
    tmp_path: Path, exists: bool
) -> None:
    folder = make_series("axial", tmp_path / "in")
    worst = MAKER.with_(series_number=9, series="1.2.826.0.1.9")
    worst.write_all(folder, axial([0]), **NAMED, SOPClassUID="1.2.3.4.5.6")
    target = tmp_path / "new" / "out"
    if exists:
        target.mkdir(parents=True)
    with pytest.raises(SaveError):
        copy_deidentified(folder, target, NAMES)
    assert target.exists() == exists
    assert [path for path in (tmp_path / "new").rglob("*") if path != target] == []
    copy = copy_deidentified(make_series("axial", tmp_path / "whole"), target, NAMES)
    assert sorted(target.rglob("*")) == sorted(copy.files)
