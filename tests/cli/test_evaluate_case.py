from __future__ import annotations

from pathlib import Path

import nibabel as nib
import numpy as np
import pydicom
import pytest

from napari_medssl.cli.evaluate_case import measure_case


def save(path: Path, array: np.ndarray, affine: np.ndarray) -> Path:
    nib.save(nib.Nifti1Image(array, affine), path)
    return path


@pytest.fixture
def mask() -> np.ndarray:
    array = np.zeros((8, 9, 10), np.uint8)
    array[2:5, 2:6, 3:7] = 1
    array[5:7, 2:6, 3:7] = 4
    return array


def test_all_labels_those_asked_for_and_all_as_one(tmp_path, mask):
    path = save(tmp_path / "a.nii", mask, np.eye(4))
    assert [row.label for row in measure_case("a", path, path).rows] == [1, 4]
    assert [row.label for row in measure_case("a", path, path, labels=(4, 9)).rows] == [4, 9]
    (row,) = measure_case("a", path, path, as_one=True).rows
    assert row.reference_voxels == np.count_nonzero(mask)


def test_what_bears_on_millimetres_is_told_and_what_does_not_is_not(tmp_path, mask):
    in_micrometres = nib.Nifti1Image(mask, np.diag([1000.0, 1000, 3000, 1]))
    in_micrometres.header.set_xyzt_units("micron")
    nib.save(in_micrometres, tmp_path / "a.nii")
    found = measure_case("a", tmp_path / "a.nii", tmp_path / "a.nii")
    assert found.rows[0].reference_ml == pytest.approx(48 * 3 / 1000)
    (note,) = found.notes
    assert "micro" in note


def test_labels_that_overlap_are_measured_whole(shared_data):
    """Counted in the file's own frames: orange is larger than what green leaves to be seen."""
    folder = shared_data / "dicom-difficult" / "seg_ct3slice"
    path = folder / "partial_overlaps.dcm"
    header = pydicom.dcmread(path)
    frames = header.pixel_array.reshape(-1, header.Rows * header.Columns)
    counted: dict[int, int] = {}
    for frame, group in zip(frames, header.PerFrameFunctionalGroupsSequence, strict=True):
        number = group.SegmentIdentificationSequence[0].ReferencedSegmentNumber
        counted[number] = counted.get(number, 0) + int(np.count_nonzero(frame))
    found = measure_case("a", path, path, image=folder / "image")
    assert {row.label: row.reference_voxels for row in found.rows} == counted
    assert {row.dice for row in found.rows} == {1.0}
    whole = measure_case("a", path, path, image=folder / "image", as_one=True)
    assert whole.rows[0].reference_voxels < sum(counted.values())
