from __future__ import annotations

import json
import os
import signal
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest
import typer
from bright_engine import BrightEngine
from typer.testing import CliRunner

from napari_medssl.cli.prompt import prompt
from napari_medssl.errors import NoAnswerError, PromptError, UsageError
from napari_medssl.models import load as models_load

SHAPE = (60, 64, 24)
BOX = "10,12,12,50,52,12"


@pytest.fixture(autouse=True)
def engine(monkeypatch: pytest.MonkeyPatch) -> BrightEngine:
    one = BrightEngine()
    monkeypatch.setattr(models_load, "load_engine", lambda *_, **__: one)
    return one


@pytest.fixture
def ball() -> np.ndarray:
    i, j, k = np.indices(SHAPE)
    inside: np.ndarray = (i - 30) ** 2 + (j - 32) ** 2 + (3 * (k - 12)) ** 2 <= 18**2
    return inside


@pytest.fixture
def scan(tmp_path: Path, ball: np.ndarray) -> Path:
    noise = np.random.default_rng(0).integers(0, 20, SHAPE)
    path = tmp_path / "scan.nii.gz"
    affine = np.diag([1.0, 1.0, 3.0, 1.0])
    nib.save(nib.Nifti1Image((np.where(ball, 80, 0) + noise).astype(np.int16), affine), path)
    return path


def medssl(*arguments: object) -> dict[str, Any]:
    app = typer.Typer()
    app.command()(prompt)
    done = CliRunner().invoke(app, [*map(str, arguments), "--window", "0,100", "--json"])
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    said: dict[str, Any] = json.loads(done.stdout)
    return said


def dice(path: Path, truth: np.ndarray) -> float:
    mask = np.asanyarray(nib.load(path).dataobj) > 0
    return float(2 * (mask & truth).sum() / (mask.sum() + truth.sum()))


@pytest.mark.parametrize("grow", ["one", "all", "axial"])
def test_one_box_becomes_the_whole_ball(
    scan: Path, tmp_path: Path, ball: np.ndarray, grow: str
) -> None:
    out = tmp_path / "mask.nii.gz"
    said = medssl(scan, "--box", BOX, "--grow", grow, "--out", out)
    assert dice(out, ball) > 0.93
    assert said["prompted_slices"] == [12]
    assert said["plane"] == "axial"
    assert said["complete"]
    assert (said["first_slice"], said["last_slice"]) == (
        pytest.approx(6, abs=1),
        pytest.approx(18, abs=1),
    )
    assert said["slices"] == said["last_slice"] - said["first_slice"] + 1
    assert 0 < said["first_mask_seconds"] <= said["seconds"]
    assert said["peak_mb"] > 0
    (told,) = json.loads((tmp_path / "mask.json").read_text("utf-8"))["provenance"]["outlines"]
    assert told["grown"]["planes"] == ("all" if grow == "all" else "one")


def test_several_slices_and_one_where_it_is_not(scan: Path, tmp_path: Path) -> None:
    out = tmp_path / "mask.nii.gz"
    marks = ["--box", BOX, "--box", "15,17,9,45,47,9", "--point", "30,32,16,-"]
    said = medssl(scan, *marks, "--grow", "one", "--out", out)
    assert said["prompted_slices"] == [9, 12]
    assert said["last_slice"] == 15


def test_a_server_of_nninteractive_follows_it_instead(
    scan: Path, tmp_path: Path, ball: np.ndarray, engine: BrightEngine
) -> None:
    pytest.importorskip("nnInteractive.inference.remote")
    from nninteractive_server import small_server

    out = tmp_path / "mask.nii.gz"
    with small_server() as server:
        said = medssl(scan, "--box", BOX, "--server", server.address, "--out", out)
    assert dice(out, ball) > 0.97
    assert said["prompted_slices"] == [12]
    assert len(engine.encoded) == 1, "only the slice that is marked is outlined here"
    assert server.released == 2, "asked for its licence, and then for the object"
    (told,) = json.loads((tmp_path / "mask.json").read_text("utf-8"))["provenance"]["outlines"]
    assert told["grown"]["by"] == "nninteractive"
    assert told["grown"]["licence"] == "CC BY-NC-SA 4.0"
    with pytest.raises(UsageError, match="--server with --grow all"):
        medssl(scan, "--box", BOX, "--server", server.address, "--grow", "all", "--out", out)
    with pytest.raises(NoAnswerError, match="does not answer"):
        medssl(scan, "--box", BOX, "--server", server.address, "--out", out)
    with pytest.raises(UsageError, match="http://host:1527"):
        medssl(scan, "--box", BOX, "--server", "", "--out", out)


def test_ctrl_c_writes_what_was_found(
    scan: Path, tmp_path: Path, engine: BrightEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    encode = engine.encode

    def press(*given: Any) -> Any:
        if len(engine.encoded) == 3:
            os.kill(os.getpid(), signal.SIGINT)
        return encode(*given)

    monkeypatch.setattr(engine, "encode", press)
    out = tmp_path / "mask.nii.gz"
    said = medssl(scan, "--box", BOX, "--grow", "one", "--ask-network", "--out", out)
    assert not said["complete"]
    assert said["slices"] == 4
    assert np.asanyarray(nib.load(out).dataobj).any()


def test_what_cannot_be_is_said(scan: Path, tmp_path: Path) -> None:
    out = tmp_path / "mask.nii.gz"
    with pytest.raises(UsageError, match="--grow up"):
        medssl(scan, "--box", BOX, "--grow", "up", "--out", out)
    with pytest.raises(UsageError, match="--plane coronal"):
        medssl(scan, "--box", BOX, "--grow", "axial", "--plane", "coronal", "--out", out)
    with pytest.raises(PromptError, match="nothing is marked inside"):
        medssl(scan, "--point", "30,32,12,-", "--grow", "one", "--out", out)
    assert not out.exists()
