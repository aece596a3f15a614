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
    return CliRunner().invoke(app, ["movie", *(str(argument) for argument in arguments)])


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Path, Path]:
    paths = tmp_path / "scan.nii.gz", tmp_path / "mask.nii.gz"
    for path, kind in zip(paths, (np.int16, np.uint8), strict=True):
        array = np.zeros((12, 10, 8), kind)
        array[2:6, 3:8, 1:4] = 1
        nib.save(nib.Nifti1Image(array, np.eye(4)), path)
    return paths


def test_a_film(pair: tuple[Path, Path], tmp_path: Path) -> None:
    out = tmp_path / "film.gif"
    done = medssl(*pair, "--out", out, "--plane", "sagittal", "--seconds", 2.4, "--size", 100)
    assert done.exit_code == 0, done.output
    assert "Wrote 'film.gif'" in done.output
    with Image.open(out) as film:
        assert film.n_frames == 12
        assert film.info["duration"] == 200


def test_a_film_told_to_a_machine(pair: tuple[Path, Path], tmp_path: Path) -> None:
    out = tmp_path / "film.gif"
    said = json.loads(medssl(*pair, "--out", out, "--json").stdout)
    assert (said["out"], said["bytes"]) == (str(out), out.stat().st_size)
    assert isinstance(said["notices"], list)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [(("--plane", "flat"), "the plane 'flat'"), (("--seconds", "999"), "999 seconds for 8 slices")],
)
def test_errors(
    pair: tuple[Path, Path], tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    done = medssl(*pair, "--out", tmp_path / "film.gif", *arguments)
    assert done.exit_code == 2
    assert said in done.output
    assert not (tmp_path / "film.gif").exists()
