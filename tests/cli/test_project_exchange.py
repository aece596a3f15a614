from __future__ import annotations

import json
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from dicom_phantoms import plain_image, save
from typer.testing import CliRunner, Result

from napari_medssl.cli import app
from napari_medssl.io import LabelInfo
from napari_medssl.project import create_project, open_project


def medssl(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    with create_project(folder, labels=[LabelInfo(4, "Liver", (9, 9, 9))]) as made:
        for n in range(2):
            values = np.random.default_rng(n).integers(-900, 900, (6, 5, 4)).astype(np.int16)
            nib.save(nib.Nifti1Image(values, np.eye(4)), tmp_path / f"ct{n}.nii.gz")
            made.add(tmp_path / f"ct{n}.nii.gz")
        mask = np.zeros((4, 5, 6), np.uint8)
        mask[1:3] = 4
        made.replace_mask("case-001", mask, "Drawn")
        made.set_status("case-001", "done")
    return folder


def test_there_and_back(project: Path, tmp_path: Path) -> None:
    done = medssl(
        "project",
        "export",
        project,
        "--as",
        "nnunet",
        "--out",
        tmp_path / "raw",
        "--number",
        12,
        "--name",
        "liver",
    )
    assert done.exit_code == 0, done.output
    assert "Wrote 1 cases with a mask, 1 without to 'Dataset012_Liver'." in done.output
    assert "Label values there: 4 is 1." in done.output
    dataset = tmp_path / "raw/Dataset012_Liver"
    back = medssl("project", "import", tmp_path / "new", dataset, "--json")
    assert back.exit_code == 0, back.output
    told = json.loads(back.stdout)
    assert told["layout"] == "nnU-Net"
    assert told["with_mask"] == ["case-001"]
    assert told["values"] == {"1": 4}
    with open_project(tmp_path / "new", read_only=True) as opened:
        assert dict(opened.case("case-001").voxels) == {4: 60}
    again = medssl("project", "import", tmp_path / "new", dataset)
    assert again.exit_code == 0
    assert "Layout of nnU-Net: 1 cases with a mask, 1 without." in again.output


def test_an_earlier_export_is_replaced_only_when_asked(project: Path, tmp_path: Path) -> None:
    export = ("project", "export", project, "--as", "msd", "--out", tmp_path / "out")
    assert medssl(*export).exit_code == 0
    assert medssl(*export).exit_code == 2
    told = json.loads(medssl(*export, "--overwrite", "--json").stdout)
    assert told["with_mask"] == ["case-001"]
    assert told["values"] == {"4": 4}


def test_a_case_that_is_left_out_is_told_and_fails(project: Path, tmp_path: Path) -> None:
    (tmp_path / "ct0.nii.gz").rename(tmp_path / "away.nii.gz")
    done = medssl("project", "export", project, "--as", "masks", "--out", tmp_path / "out")
    assert done.exit_code == 1
    assert "! case-001: the image 'ct0.nii.gz' of case-001 is not where it was" in done.output
    assert "Give the command again" in done.output


def test_pictures_that_may_show_a_name_are_told(tmp_path: Path) -> None:
    sonogram = plain_image(np.zeros((8, 8), np.uint8))
    sonogram.Modality = "US"
    (tmp_path / "us").mkdir()
    save(tmp_path / "us" / "a.dcm", sonogram)
    folder = tmp_path / "project"
    with create_project(folder) as made:
        made.add(tmp_path / "us")
        made.replace_mask("case-001", np.ones((1, 8, 8), np.uint8), "Drawn")
    for form, more, warned in (
        ("nnunet", (), True),
        ("msd", (), True),
        ("masks", ("--deidentify",), True),
        ("masks", (), False),
    ):
        export = ("project", "export", folder, "--as", form, "--only", "all", *more)
        said = medssl(*export, "--out", tmp_path / f"{form}{more}")
        assert ("burnt into their pixels (case-001)" in said.output) == warned
        told = json.loads(medssl(*export, "--out", tmp_path / f"{form}{more}2", "--json").stdout)
        assert [notice["code"] for notice in told["notices"]] == ["burnt-in-text"] * warned


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--as", "seg", "--number", "3"), "--number with --as seg"),
        (("--as", "masks", "--name", "x"), "--name with --as masks"),
        (("--as", "seg", "--key", "a secret"), "--key without --deidentify"),
        (("--as", "seg", "--deidentify", "--key", "short"), "easy to guess"),
        (("--as", "seg", "--deidentify"), "--as seg --deidentify without --key"),
        (("--as", "rtstruct", "--deidentify"), "the key of the de-identified images"),
        (("--as", "word"), "is not one of"),
        (("--as", "nnunet", "--number", "1000"), "1 to 999"),
    ],
)
def test_wrong_usage(project: Path, tmp_path: Path, arguments: tuple[str, ...], said: str) -> None:
    done = medssl("project", "export", project, *arguments, "--out", tmp_path / "out")
    assert done.exit_code == 2
    assert said in " ".join(done.output.replace("│", " ").split())
    assert not (tmp_path / "out").exists()


def test_a_project_is_not_made_for_nothing(tmp_path: Path) -> None:
    done = medssl("project", "import", tmp_path / "new", tmp_path)
    assert done.exit_code == 1
    assert "there is no 'dataset.json'" in done.output
    assert not (tmp_path / "new").exists()
