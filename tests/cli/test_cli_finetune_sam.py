from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
import typer
from PIL import Image
from typer.testing import CliRunner, Result

from napari_medssl.cli.finetune import finetune
from napari_medssl.errors import GeometryError, MedSSLError, UnreadableFileError, UsageError

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "finetune"))
from tiny_sam import tiny_engine


@pytest.fixture(autouse=True)
def _tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    """A tiny SAM, whatever is asked for."""
    monkeypatch.setattr("napari_medssl.models.load.load_engine", lambda *_, **__: tiny_engine())


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    """Pictures of four patients, two of each, and their masks."""
    images, labels = tmp_path / "images", tmp_path / "labels"
    images.mkdir()
    labels.mkdir()
    random = np.random.default_rng(0)
    for patient in range(4):
        for number in range(2):
            grey = random.integers(0, 90, (40, 52)).astype(np.uint8)
            mask = np.zeros((40, 52), np.uint8)
            row, column = random.integers(2, 18, 2)
            mask[row : row + 16, column : column + 20] = 255
            grey[mask > 0] += 150
            Image.fromarray(grey).save(images / f"p{patient}_{number}.png")
            Image.fromarray(mask).save(labels / f"p{patient}_{number}.png")
    return images, labels


def medssl(folders: tuple[Path, Path], *arguments: object) -> Result:
    app = typer.Typer()
    app.command()(finetune)
    net = [] if "--net" in arguments else ["--net", "litemedsam"]
    given = ["--images", folders[0], "--labels", folders[1], *net, *arguments]
    done = CliRunner().invoke(app, [str(argument) for argument in given])
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done


def test_it_learns_measures_and_says_so(folders: tuple[Path, Path], tmp_path: Path) -> None:
    out = tmp_path / "out"
    quick = ("--out", out, "--steps", 3, "--batch", 2, "--val-fraction", 0.3)
    said = json.loads(medssl(folders, *quick, "--json").stdout)
    card = said["card"]
    assert said["finished"]
    assert (said["steps"], said["went_on_from"]) == (3, 0)
    assert Path(said["weights"]).is_file()
    judged = {name.split("_")[0] for name in card["judged_on"]}
    learned = {name.split("_")[0] for name in card["trained_on"]}
    assert (len(judged), len(learned)) == (1, 3)
    assert not judged & learned
    assert len(card["trained_on"]) == 6
    assert 0 <= card["figures"]["dice_before"] <= 1
    again = medssl(folders, *quick)
    assert "finished already" in again.stdout
    assert "held out" in again.stdout
    with pytest.raises(UsageError, match="other settings"):
        medssl(folders, *quick, "--seed", 1)


def test_ctrl_c_keeps_the_state_and_the_same_command_goes_on(
    folders: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from napari_medssl.finetune import sam

    step_along, done = sam.step_along, []

    def pressing(*given) -> None:
        step_along(*given)
        done.append(1)
        if len(done) == 2:
            os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(sam, "step_along", pressing)
    quick = ("--out", tmp_path / "out", "--steps", 4, "--batch", 2)
    stopped = medssl(folders, *quick)
    assert "Stopped after step 2 of 4; run it again to go on" in stopped.stdout
    assert "no network to use" in stopped.stdout
    more = medssl(folders, *quick)
    assert "Went on from step 2" in more.stdout
    assert "--weights" in more.stdout
    assert len(done) == 4


def test_scans_and_held_out_folders(tmp_path: Path) -> None:
    """Slices of two scans are learned, one of them is judged on."""
    random = np.random.default_rng(0)
    for place in ("images", "labels", "vi", "vl"):
        (tmp_path / place).mkdir()
    for name, images, labels in (("a", "images", "labels"), ("b", "vi", "vl")):
        array = random.integers(0, 300, (30, 36, 5)).astype(np.int16)
        mask = np.zeros(array.shape, np.uint8)
        mask[5:20, 6:24, 1:4] = 2
        nib.save(nib.Nifti1Image(array, np.eye(4)), tmp_path / images / f"{name}.nii.gz")
        nib.save(nib.Nifti1Image(mask, np.eye(4)), tmp_path / labels / f"{name}.nii.gz")
    (tmp_path / "images" / "lonely.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    folders = (tmp_path / "images", tmp_path / "labels")
    held = ("--val-images", tmp_path / "vi", "--val-labels", tmp_path / "vl")
    quick = ("--out", tmp_path / "out", "--steps", 2, "--smallest-voxels", 500)
    said = json.loads(medssl(folders, *quick, *held, "--json").stdout)
    assert said["card"]["trained_on"] == ["a"]
    assert said["card"]["judged_on"] == ["b"]
    assert said["card"]["figures"]["objects"] == 3
    assert "1 files of 'images' have no partner" in said["warnings"]
    with pytest.raises(UsageError, match="'a' to learn from and to judge by"):
        medssl(folders, *quick, "--val-images", folders[0], "--val-labels", folders[1])


def _empty(folders: tuple[Path, Path]) -> None:
    for path in folders[1].iterdir():
        Image.fromarray(np.zeros((40, 52), np.uint8)).save(path)


def _other_names(folders: tuple[Path, Path]) -> None:
    for path in folders[1].iterdir():
        path.rename(path.with_name(f"seg-{path.name}"))


def _other_size(folders: tuple[Path, Path]) -> None:
    Image.fromarray(np.ones((40, 50), np.uint8)).save(folders[1] / "p0_0.png")


def _one_patient(folders: tuple[Path, Path]) -> None:
    for folder in folders:
        for path in folder.glob("p[123]*"):
            path.unlink()


def _nothing(folders: tuple[Path, Path]) -> None:
    """Leave the folders as they are."""


@pytest.mark.parametrize(
    ("kind", "said", "spoil", "arguments"),
    [
        (UsageError, "no file of 'images' is called as", _other_names, []),
        (UsageError, "no object to learn from in the masks of 6 images", _empty, []),
        (GeometryError, "'p0_0.png' have", _other_size, []),
        (UsageError, "one patient", _one_patient, []),
        (UsageError, "the mode 'all'", _nothing, ["--mode", "all"]),
        (UsageError, "--val-fraction 1", _nothing, ["--val-fraction", "1"]),
        (UsageError, "one of --val-images", _nothing, ["--val-images", "x"]),
        (UsageError, "finds no patient", _nothing, ["--patient", "spleen"]),
        (
            UnreadableFileError,
            "there is no 'x'",
            _nothing,
            ["--val-images", "x", "--val-labels", "x"],
        ),
    ],
)
def test_wrong_input_is_one_sentence(
    folders: tuple[Path, Path], tmp_path: Path, kind: type[MedSSLError], said: str, spoil, arguments
) -> None:
    spoil(folders)
    with pytest.raises(kind, match=said):
        medssl(folders, "--out", tmp_path / "out", *arguments)
    assert not (tmp_path / "out").exists()


def test_an_out_that_is_no_folder_is_refused(folders: tuple[Path, Path], tmp_path: Path) -> None:
    (tmp_path / "out").write_text("")
    with pytest.raises(MedSSLError, match="cannot be made"):
        medssl(folders, "--out", tmp_path / "out")
