from __future__ import annotations

import json
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner, Result

from napari_medssl.cli import app


def medssl(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["report", *(str(argument) for argument in arguments)])


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Path, Path]:
    values = np.full((12, 10, 8), 40, np.int16)
    values[0, 0, 0] = -1000
    mask = np.zeros(values.shape, np.uint8)
    mask[2:6, 3:8, 1:4] = 2
    affine = np.diag([0.5, 0.5, 2.0, 1.0])
    paths = tmp_path / "scan.nii.gz", tmp_path / "scan_mask.nii.gz"
    for path, array in zip(paths, (values, mask), strict=True):
        nib.save(nib.Nifti1Image(array, affine), path)
    told = {"written_by": "x", "labels": [{"value": 2, "name": "cyst", "colour": [0, 200, 0]}]}
    (tmp_path / "scan_mask.json").write_text(json.dumps(told))
    return paths


def test_numbers_and_page(pair: tuple[Path, Path], tmp_path: Path) -> None:
    done = medssl(*pair, "--out", tmp_path / "page.png", "--window", "-100,300", "--json")
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    (row,) = told["labels"]
    assert row == {
        "value": 2,
        "name": "cyst",
        "voxels": 60,
        "ml": pytest.approx(0.03),
        "slices": 3,
        "extent_mm": pytest.approx([2, 2.5, 6]),
        "mean": 40.0,
        "sd": 0.0,
        "units": "HU",
    }
    assert told["notices"][0]["code"] == "modality-guessed"
    with Image.open(tmp_path / "page.png") as page:
        assert (np.asarray(page) == (0, 200, 0)).all(axis=-1).sum() > 1000


def test_people_are_told_in_words(pair: tuple[Path, Path], tmp_path: Path) -> None:
    done = medssl(*pair, "--out", tmp_path / "page.pdf", "--anonymous")
    assert done.exit_code == 0, done.output
    assert "Wrote 'page.pdf'" in done.output
    assert "Research use only" in done.output
    assert str(tmp_path) not in done.output


@pytest.mark.parametrize(
    ("out", "more", "said"),
    [("page.doc", (), "no format of a report"), ("page.pdf", ("--window", "w"), "the window 'w'")],
)
def test_errors(
    pair: tuple[Path, Path], tmp_path: Path, out: str, more: tuple[str, ...], said: str
) -> None:
    done = medssl(*pair, "--out", tmp_path / out, *more)
    assert done.exit_code in (1, 2)
    assert said in done.output
    assert not (tmp_path / out).exists()
