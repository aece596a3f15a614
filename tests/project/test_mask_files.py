"""The masks of a project as files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from dicom_phantoms import SliceMaker, axial
from pydicom import dcmread, uid
from training_sets import LIVER, TUMOUR, outline, project_of_scans, write_picture

from napari_medssl.errors import UsageError
from napari_medssl.io import read_mask
from napari_medssl.io.dicom.deidentify import Deidentifier
from napari_medssl.project import Project, create_project
from napari_medssl.project.mask_files import export_masks


def names_in(folder: Path) -> list[str]:
    return sorted(p.name for p in folder.iterdir())


def dicom_project(folder: Path) -> Project:
    """A project of one CT series whose header tells who the patient is."""
    series = SliceMaker().write_all(
        folder / "ct",
        axial(range(0, 12, 2)),
        PatientName="Mueller^Hans",
        PatientID="MRN-0815",
        StudyInstanceUID=uid.generate_uid(),
        FrameOfReferenceUID=uid.generate_uid(),
        StudyID="1",
        StudyDate="20260102",
    )
    project = create_project(folder / "project", labels=[LIVER, TUMOUR])
    outline(project, project.add(series).added[0])
    return project


def test_masks_are_called_by_their_cases_and_read_back(tmp_path: Path) -> None:
    with project_of_scans(tmp_path) as project:
        mask = outline(project, "case-001")
        outline(project, "case-002", done=False)
        report = export_masks(project, tmp_path / "out")
        assert report.training == ("case-001",)
        assert names_in(tmp_path / "out") == [
            "Mueller_Hans_0_mask.json",
            "Mueller_Hans_0_mask.nii.gz",
            "medssl.json",
        ]
        saved = read_mask(
            tmp_path / "out/Mueller_Hans_0_mask.nii.gz", project.read_image("case-001")
        )
        np.testing.assert_array_equal(saved.array, mask)
        assert saved.labels == (LIVER, TUMOUR)
        every = export_masks(project, tmp_path / "all", everything=True)
        assert every.training == ("case-001", "case-002")


def test_deidentified_masks_tell_no_name(tmp_path: Path) -> None:
    with project_of_scans(tmp_path, 1) as project:
        outline(project, "case-001")
        export_masks(project, tmp_path / "out", deidentify=Deidentifier("a long secret"))
    for file in (tmp_path / "out").iterdir():
        assert "Mueller" not in file.name
        assert b"Mueller" not in file.read_bytes()


def test_names_do_not_outlive_a_deidentified_export_to_the_same_folder(tmp_path: Path) -> None:
    with project_of_scans(tmp_path, 1) as project:
        outline(project, "case-001")
        export_masks(project, tmp_path / "out")
        key = Deidentifier("a long secret")
        export_masks(project, tmp_path / "out", deidentify=key, overwrite=True)
    names = ["case-001_mask.json", "case-001_mask.nii.gz", "medssl.json"]
    assert names_in(tmp_path / "out") == names


@pytest.mark.parametrize("kind", ["seg", "rtstruct"])
def test_dicom_objects(tmp_path: Path, kind: str) -> None:
    with dicom_project(tmp_path) as project:
        report = export_masks(project, tmp_path / "out", kind)
        assert report.left_out == {}
        (file,) = (tmp_path / "out").glob(f"*_{kind}.dcm")
        saved = read_mask(file, project.read_image("case-001"))
        np.testing.assert_array_equal(saved.array > 0, project.load("case-001").labels > 0)
        assert dcmread(file).PatientName == "Mueller^Hans"
        key = Deidentifier("a long secret")
        export_masks(project, tmp_path / "clean", kind, deidentify=key)
    (clean,) = (tmp_path / "clean").glob("*.dcm")
    assert clean.name == f"case-001_{kind}.dcm"
    assert not any(word in clean.read_bytes() for word in (b"Mueller", b"Hans", b"MRN-0815"))


def test_what_is_no_dicom_is_left_out_of_dicom(tmp_path: Path) -> None:
    with project_of_scans(tmp_path, 1) as project:
        outline(project, "case-001")
        report = export_masks(project, tmp_path / "out", "seg")
        assert report.training == ()
        assert "is no DICOM series" in report.left_out["case-001"]


def test_names_that_differ_in_capitals_only_stay_apart(tmp_path: Path) -> None:
    with create_project(tmp_path / "project", labels=[LIVER]) as project:
        for n, name in enumerate(("a/Scan.png", "b/scan.png")):
            (tmp_path / name).parent.mkdir()
            outline(project, project.add(write_picture(tmp_path / name, n, colour=False)).added[0])
        export_masks(project, tmp_path / "out")
    masks = [name for name in names_in(tmp_path / "out") if name.endswith(".png")]
    assert masks == ["Scan_mask.png", "scan_case-002_mask.png"]


def test_nothing_to_write(tmp_path: Path) -> None:
    with project_of_scans(tmp_path, 1) as project:
        with pytest.raises(UsageError, match="no mask of a case that is done"):
            export_masks(project, tmp_path / "out")
        with pytest.raises(UsageError, match="no mask to write"):
            export_masks(project, tmp_path / "out", everything=True)
