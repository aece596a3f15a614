"""Training sets written from a project."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from dicom_canaries import hits
from file_canaries import write_pictures, write_scans
from PIL import Image
from training_sets import AFFINE, LIVER, TUMOUR, outline, project_of_scans, write_picture

from napari_medssl.errors import SaveError
from napari_medssl.io import read_volume
from napari_medssl.io.dicom.deidentify import Deidentifier
from napari_medssl.project import Project, create_project
from napari_medssl.project.dataset_out import export_dataset
from napari_medssl.project.layouts import Layout
from napari_medssl.project.mask_files import export_masks
from napari_medssl.project.msd import MsdLayout
from napari_medssl.project.nnunet import NnunetLayout


def files_below(folder: Path) -> list[str]:
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())


@pytest.fixture
def project(tmp_path: Path) -> Project:
    with project_of_scans(tmp_path) as made:
        outline(made, "case-001")
        outline(made, "case-002")
        outline(made, "case-003", done=False)
        yield made


def test_msd_keeps_values_grids_and_labels(project: Project, tmp_path: Path) -> None:
    report = export_dataset(project, tmp_path / "out", MsdLayout(), name="Livers")
    assert report.training == ("case-001", "case-002")
    assert report.test == ("case-003",)
    assert report.values == {3: 3, 300: 300}
    assert files_below(report.folder) == [
        "dataset.json",
        *(f"imagesTr/case-00{n}.nii.gz" for n in (1, 2)),
        "imagesTs/case-003.nii.gz",
        *(f"labelsTr/case-00{n}.nii.gz" for n in (1, 2)),
        "medssl.json",
    ]
    source = read_volume(project.case("case-001").image)
    image = nib.load(report.folder / "imagesTr/case-001.nii.gz")
    mask = nib.load(report.folder / "labelsTr/case-001.nii.gz")
    stored = np.asanyarray(image.dataobj)
    assert stored.dtype == np.int16
    np.testing.assert_array_equal(stored, source.to_source(source.array))
    np.testing.assert_allclose(np.diag([-1, -1, 1, 1]) @ image.affine, AFFINE, atol=1e-5)
    np.testing.assert_array_equal(mask.affine, image.affine)
    drawn = source.to_source(project.load("case-001").labels)
    np.testing.assert_array_equal(np.asanyarray(mask.dataobj), drawn)
    told = json.loads((report.folder / "dataset.json").read_text())
    assert told["labels"] == {"0": "background", "3": "Liver", "300": "Tumour"}
    assert told["modality"] == {"0": "CT"}


def test_nnunet_numbers_labels_one_by_one(project: Project, tmp_path: Path) -> None:
    report = export_dataset(project, tmp_path / "out", NnunetLayout(), number=42)
    assert report.folder.name == "Dataset042_LiversOf2026"
    assert report.values == {3: 1, 300: 2}
    mask = np.asanyarray(nib.load(report.folder / "labelsTr/case-002.nii.gz").dataobj)
    drawn = project.load("case-002").labels
    assert mask.dtype == np.uint8
    assert [(mask == new).sum() for new in (1, 2)] == [(drawn == v).sum() for v in (3, 300)]
    assert (report.folder / "imagesTr/case-002_0000.nii.gz").is_file()
    told = json.loads((report.folder / "dataset.json").read_text())
    assert told["labels"] == {"background": 0, "Liver": 1, "Tumour": 2}


@pytest.mark.parametrize("layout", [MsdLayout(), NnunetLayout()])
def test_no_name_of_a_patient_leaves_the_project(
    project: Project, tmp_path: Path, layout: Layout
) -> None:
    report = export_dataset(project, tmp_path / "out", layout)
    for file in (p for p in report.folder.rglob("*") if p.is_file()):
        content = file.read_bytes()
        content += nib.load(file).header.binaryblock if file.suffix == ".gz" else b""
        assert "Mueller" not in file.name
        assert b"Mueller" not in content


def test_an_interrupted_export_goes_on_and_takes_new_masks(
    project: Project, tmp_path: Path
) -> None:
    def stop(done: int, of: int) -> None:
        if done == 1:
            raise KeyboardInterrupt

    target = tmp_path / "out"
    with pytest.raises(KeyboardInterrupt):
        export_dataset(project, target, MsdLayout(), progress=stop)
    assert not (target / "dataset.json").exists()
    first = target / "imagesTr/case-001.nii.gz"
    written = first.stat().st_mtime_ns
    mask = project.load("case-001").labels.copy()
    mask[0, 0, :3] = TUMOUR.value
    project.replace_mask("case-001", mask, "Corrected")
    export_dataset(project, target, MsdLayout())
    assert first.stat().st_mtime_ns == written
    volume = read_volume(project.case("case-001").image)
    stored = np.asanyarray(nib.load(target / "labelsTr/case-001.nii.gz").dataobj)
    np.testing.assert_array_equal(stored, volume.to_source(mask))


def test_a_case_without_its_image_is_left_out_until_it_is_found(
    project: Project, tmp_path: Path
) -> None:
    image = project.case("case-002").image
    away = image.rename(image.with_suffix(".away"))
    report = export_dataset(project, tmp_path / "out", MsdLayout())
    assert report.training == ("case-001",)
    assert "not where it was" in report.left_out["case-002"]
    told = json.loads((report.folder / "dataset.json").read_text())
    assert told["numTraining"] == len(told["training"]) == 1
    away.rename(image)
    again = export_dataset(project, tmp_path / "out", MsdLayout())
    assert again.training == ("case-001", "case-002")
    assert again.left_out == {}


def test_a_full_disk_ends_the_export_at_once(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(nib.Nifti1Image, "to_stream", full)
    with pytest.raises(SaveError, match="did not fit on the disk"):
        export_dataset(project, tmp_path / "out", MsdLayout())


def test_pictures_go_to_nnunet_with_all_colours_in_one_file(tmp_path: Path) -> None:
    with create_project(tmp_path / "project", labels=[LIVER]) as project:
        for n, colour in enumerate((False, True)):
            case = project.add(write_picture(tmp_path / f"{n}.png", n, colour=colour)).added[0]
            outline(project, case)
        report = export_dataset(project, tmp_path / "out", NnunetLayout())
    told = json.loads((report.folder / "dataset.json").read_text())
    assert told["channel_names"] == {"0": "R", "1": "G", "2": "B"}
    assert told["file_ending"] == ".png"
    for n in (0, 1):
        before = np.asarray(Image.open(tmp_path / f"{n}.png").convert("RGB"))
        after = np.asarray(Image.open(report.folder / f"imagesTr/case-00{n + 1}_0000.png"))
        np.testing.assert_array_equal(after, before)
        mask = np.asarray(Image.open(report.folder / f"labelsTr/case-00{n + 1}.png"))
        assert set(np.unique(mask)) == {0, 1, 2}


@pytest.mark.parametrize(
    ("write", "layout"),
    [(write_scans, MsdLayout()), (write_scans, NnunetLayout()), (write_pictures, NnunetLayout())],
)
def test_what_other_headers_tell_does_not_travel(
    tmp_path: Path, write: Callable[[Path], tuple[Path, list[bytes]]], layout: Layout
) -> None:
    images, canaries = write(tmp_path / "in")
    assert {canary for _, canary in hits(canaries, images.iterdir())} == set(canaries)
    with create_project(tmp_path / "project", labels=[LIVER, TUMOUR]) as made:
        cases = made.add(images).added
        assert len(cases) == 3
        for case in cases[:2]:
            outline(made, case)
        export_dataset(made, tmp_path / "out", layout)
        export_masks(made, tmp_path / "masks", deidentify=Deidentifier("a long secret"))
    folders = (tmp_path / "out", tmp_path / "masks")
    written = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    assert len(written) >= 5 + 2 + 2 * 2 + 1
    assert hits(canaries, written) == []
    for path in written:
        if path.suffix == ".png":
            with Image.open(path) as picture:
                assert not picture.info
