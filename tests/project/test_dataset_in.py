"""Training sets taken into a project; there and back again."""

from __future__ import annotations

import json
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from training_sets import LIVER, TUMOUR, outline, project_of_scans

from napari_medssl.errors import UnreadableFileError
from napari_medssl.io import LabelInfo
from napari_medssl.project import create_project
from napari_medssl.project.dataset_in import import_dataset
from napari_medssl.project.dataset_out import export_dataset
from napari_medssl.project.layouts import Layout
from napari_medssl.project.masks import import_mask
from napari_medssl.project.msd import MsdLayout
from napari_medssl.project.nnunet import NnunetLayout

LAYOUTS = [MsdLayout(), NnunetLayout()]


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.title)
def test_hippocampi_there_and_back(tmp_path: Path, shared_data: Path, layout: Layout) -> None:
    real = shared_data / "msd-hippocampus"
    labels = [LabelInfo(1, "Anterior", (9, 8, 7)), LabelInfo(2, "Posterior", (1, 2, 3))]
    with create_project(tmp_path / "first", labels=labels) as first:
        for number in ("017", "019", "020"):
            case = first.add(real / f"images/hippocampus_{number}.nii.gz").added[0]
            import_mask(first, case, real / f"labels/hippocampus_{number}.nii.gz")
            first.set_status(case, "done")
        written = export_dataset(first, tmp_path / "out", layout, name="Hippo")
        with create_project(tmp_path / "second") as second:
            report = import_dataset(second, written.folder)
            assert report.layout == layout.title
            assert report.cases == ("case-001", "case-002", "case-003")
            assert (report.without_mask, report.refused, report.told) == ((), (), ())
            assert [state.info for state in second.labels()] == labels
            for case in report.cases:
                one, other = first.read_image(case), second.read_image(case)
                assert one.array.dtype == other.array.dtype
                assert one.array.tobytes() == other.array.tobytes()
                assert one.geometry.matches(other.geometry)
                before, after = first.load(case).labels, second.load(case).labels
                np.testing.assert_array_equal(before, after)
                assert second.case(case).status == "done"


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.title)
def test_values_and_colours_come_back(tmp_path: Path, layout: Layout) -> None:
    with project_of_scans(tmp_path) as first:
        mask = outline(first, "case-001")
        outline(first, "case-002", done=False)
        written = export_dataset(first, tmp_path / "out", layout)
    with create_project(tmp_path / "second") as second:
        report = import_dataset(second, written.folder)
        assert [state.info for state in second.labels()] == [LIVER, TUMOUR]
        assert report.cases == ("case-001",)
        assert len(report.without_mask) == 2
        np.testing.assert_array_equal(second.load("case-001").labels, mask)
        assert second.case("case-002").status == "new"
        again = import_dataset(second, written.folder)
        assert again.cases == report.cases
        assert len(second.cases()) == 3


def foreign_set(folder: Path) -> Path:
    """A training set that another program wrote."""
    values = np.random.default_rng(0).integers(0, 99, (6, 5, 4)).astype(np.int16)
    mask = (values > 50).astype(np.uint8) + (values > 80)
    for sub in ("imagesTr", "labelsTr"):
        (folder / sub).mkdir(parents=True)
    nib.save(nib.Nifti1Image(values, np.eye(4)), folder / "imagesTr/a_0000.nii.gz")
    nib.save(nib.Nifti1Image(mask, np.eye(4)), folder / "labelsTr/a.nii.gz")
    (folder / "imagesTr/._a_0000.nii.gz").write_bytes(b"\0\5\26\7")
    description = {
        "channel_names": {"0": "CT"},
        "labels": {"background": 0, "Tumour": 1, "vessel": 2},
        "numTraining": 1,
        "file_ending": ".nii.gz",
    }
    (folder / "dataset.json").write_text(json.dumps(description))
    return folder


def test_labels_join_by_name_and_take_free_values(tmp_path: Path) -> None:
    folder = foreign_set(tmp_path / "set")
    taken = LabelInfo(2, "Liver", (1, 1, 1))
    with create_project(tmp_path / "project", labels=[taken, TUMOUR]) as project:
        report = import_dataset(project, folder)
        assert report.values == {1: 300, 2: 301}
        names = {state.info.value: state.info.name for state in project.labels()}
        assert names == {2: "Liver", 300: "Tumour", 301: "vessel"}
        stored = np.asanyarray(nib.load(folder / "labelsTr/a.nii.gz").dataobj)
        found = project.case("case-001").voxels
        assert dict(found) == {300: (stored == 1).sum(), 301: (stored == 2).sum()}


def test_a_mask_of_ones_own_is_never_replaced(tmp_path: Path) -> None:
    folder = foreign_set(tmp_path / "set")
    with create_project(tmp_path / "project", labels=[LIVER, TUMOUR]) as project:
        case = project.add(folder / "imagesTr/a_0000.nii.gz").added[0]
        mine = outline(project, case)
        report = import_dataset(project, folder)
        assert report.cases == ()
        assert "has a mask of its own" in report.refused[0][1]
        np.testing.assert_array_equal(project.load(case).labels, mine)


def test_a_mask_of_another_image_is_told_and_the_rest_taken(tmp_path: Path) -> None:
    folder = foreign_set(tmp_path / "set")
    nib.save(
        nib.Nifti1Image(np.zeros((3, 3, 3), np.int16), np.eye(4)), folder / "imagesTr/b_0000.nii.gz"
    )
    nib.save(
        nib.Nifti1Image(np.zeros((9, 3, 3), np.uint8), np.eye(4)), folder / "labelsTr/b.nii.gz"
    )
    (folder / "imagesTr/c_0000.nii.gz").write_bytes(b"no image")
    with create_project(tmp_path / "project") as project:
        report = import_dataset(project, folder)
    assert len(report.cases) == 1
    assert {name for name, _ in report.refused} == {"b_0000.nii.gz", "c_0000.nii.gz"}
    assert str(tmp_path) not in " ".join(why for _, why in report.refused)


def test_a_damaged_log_and_strange_folders_are_told(tmp_path: Path) -> None:
    folder = foreign_set(tmp_path / "set")
    log = {"written_by": "napari-medssl 9", "whole": True, "files": [], "plan": {"values": 3}}
    (folder / "medssl.json").write_text(json.dumps(log))
    with create_project(tmp_path / "project") as project:
        with pytest.raises(UnreadableFileError, match="log of the export is damaged"):
            import_dataset(project, folder)
        (folder / "dataset.json").write_text('{"labels": {}}')
        with pytest.raises(UnreadableFileError, match="of no layout we know"):
            import_dataset(project, folder)
        empty = tmp_path / "empty"
        empty.mkdir()
        (empty / "dataset.json").write_text('{"labels": {}, "modality": {}}')
        with pytest.raises(UnreadableFileError, match="but no images"):
            import_dataset(project, empty)
