from __future__ import annotations

import json
import sys
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
import typer
from typer.testing import CliRunner, Result

from napari_medssl.cli.everything import everything
from napari_medssl.errors import MedSSLError, PromptError, SaveError, UsageError

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "segment"))
from bright_engine import BrightEngine

#: stored as RIA: 1.25 mm to the right, 3 mm down, 0.75 mm to the front
AFFINE = np.array([[1.25, 0, 0, -60.0], [0, 0, 0.75, 70.0], [0, -3.0, 0, 40.0], [0, 0, 0, 1]])
SHAPE = (70, 6, 90)
BLOCK = np.zeros(SHAPE, np.int16)
BLOCK[20:50, 2:5, 30:75] = 200
BLOCK[5:15, 3:5, 5:20] = 200


@pytest.fixture(autouse=True)
def _bright(monkeypatch: pytest.MonkeyPatch) -> None:
    """A network that finds what is bright, so that nothing heavy runs."""
    monkeypatch.setattr(
        "napari_medssl.models.load.load_engine", lambda *_, **__: BrightEngine(points=True)
    )


@pytest.fixture
def scan(tmp_path: Path) -> Path:
    noise = np.random.default_rng(0).integers(-20, 20, SHAPE)
    path = tmp_path / "scan.nii.gz"
    nib.save(nib.Nifti1Image((BLOCK + noise).astype(np.int16), AFFINE), path)
    return path


def medssl(*arguments: object) -> Result:
    app = typer.Typer()
    app.command()(everything)
    done = CliRunner().invoke(app, [str(argument) for argument in arguments])
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done


def read(path: Path) -> np.ndarray:
    stored: np.ndarray = np.asanyarray(nib.load(path).dataobj)
    return stored


def test_a_whole_scan_lands_on_its_own_grid(scan: Path, tmp_path: Path) -> None:
    out = tmp_path / "mask.nii.gz"
    quick = ("--window", "-100,300", "--points-per-side", 12)
    said = json.loads(medssl(scan, "--out", out, *quick, "--json").stdout)
    mask = read(out)
    np.testing.assert_array_equal(nib.load(out).affine, AFFINE)
    large, small = said["objects"]
    assert said["complete"]
    assert said["slices"] == 6
    assert (large["value"], small["value"]) == (1, 2)
    assert large["voxels"] == (mask == 1).sum()
    assert large["ml"] == pytest.approx(large["voxels"] * 1.25 * 3 * 0.75 / 1000)
    assert abs(np.array(large["box_ijk"]) - [[20, 2, 30], [49, 4, 74]]).max() <= 1
    overlap = 2 * ((mask > 0) & (BLOCK > 0)).sum() / ((mask > 0).sum() + (BLOCK > 0).sum())
    assert overlap > 0.97
    beside = json.loads((tmp_path / "mask.json").read_text("utf-8"))
    assert [row["name"] for row in beside["labels"]] == ["Object 1", "Object 2"]
    assert [told["label"] for told in beside["provenance"]["outlines"]] == [1, 2]
    with pytest.raises(UsageError, match="exists already"):
        medssl(scan, "--out", out, *quick)
    medssl(scan, "--out", out, *quick, "--keep", "2", "--force")
    assert set(np.unique(read(out))) == {0, 2}
    beside = json.loads((tmp_path / "mask.json").read_text("utf-8"))
    assert [row["value"] for row in beside["labels"]] == [2]


def test_a_slice_is_counted_as_the_file_counts(scan: Path, tmp_path: Path) -> None:
    out = tmp_path / "mask.nii.gz"
    done = medssl(scan, "--out", out, "--slice", 4, "--window", "-100,300", "--points-per-side", 12)
    mask = read(out)
    assert mask[:, 4].any()
    assert mask.sum(axis=(0, 2)).nonzero()[0].tolist() == [4]
    assert "2 objects on 1 axial slice" in done.stdout
    assert str(tmp_path) not in done.stdout
    medssl(
        scan, "--out", out, "--slice", 40, "--plane", "coronal", "--window", "-100,300", "--force",
        "--least-area", 20,
    )  # fmt: skip
    assert read(out).any(axis=(0, 1)).nonzero()[0].tolist() == [40]


@pytest.mark.parametrize(
    ("kind", "said", "arguments"),
    [
        (UsageError, "the plane 'oblique'", ["--plane", "oblique"]),
        (UsageError, "--slice 6", ["--slice", "6"]),
        (UsageError, "--slice -1", ["--slice", "-1"]),
        (UsageError, "--keep three", ["--keep", "three"]),
        (UsageError, "the object 99", ["--slice", "4", "--keep", "99", "--window", "-100,300"]),
        (UsageError, "--box-sides x", ["--box-sides", "x"]),
        (UsageError, "box side", ["--box-sides", "3"]),
        (UsageError, "least_score of 2", ["--least-score", "2"]),
        (UsageError, "points_per_side of 0", ["--points-per-side", "0"]),
        (UsageError, "the window 'nowhere'", ["--window", "nowhere"]),
        (PromptError, "one value only", ["--slice", "4", "--window", "5000,6000"]),
    ],
)
def test_wrong_input_is_one_sentence(
    scan: Path, tmp_path: Path, kind: type[MedSSLError], said: str, arguments: list[str]
) -> None:
    with pytest.raises(kind, match=said):
        medssl(scan, "--out", tmp_path / "m.nii.gz", *arguments)
    assert not (tmp_path / "m.nii.gz").exists()


def test_the_image_is_never_written_over(scan: Path) -> None:
    before = scan.read_bytes()
    with pytest.raises((SaveError, UsageError)):
        medssl(scan, "--out", scan, "--slice", 4, "--window", "-100,300")
    with pytest.raises(SaveError, match="image itself"):
        medssl(scan, "--out", scan, "--slice", 4, "--window", "-100,300", "--force")
    assert scan.read_bytes() == before
