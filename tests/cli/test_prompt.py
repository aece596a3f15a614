from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest
import typer
from PIL import Image
from typer.testing import CliRunner, Result

from napari_medssl.cli.prompt import prompt
from napari_medssl.errors import GeometryError, MedSSLError, PromptError, SaveError, UsageError
from napari_medssl.models import load as models_load
from napari_medssl.models import model_card
from napari_medssl.models.promptable import Embedding
from napari_medssl.models.torch_engine import TorchEngine

#: stored as RIA: 1.25 mm to the right, 3 mm down, 0.75 mm to the front
AFFINE = np.array([[1.25, 0, 0, -60.0], [0, 0, 0.75, 70.0], [0, -3.0, 0, 40.0], [0, 0, 0, 1]])
SHAPE = (70, 12, 90)
BLOCK = np.zeros(SHAPE, np.int16)
BLOCK[20:50, 3:9, 30:75] = 200


@pytest.fixture(scope="module", autouse=True)
def _quick_network() -> Iterator[None]:
    """Load the network once, and let it look at each slice once: both take a second."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(models_load, "load_engine", cache(models_load.load_engine))
        seen: dict[tuple[Any, ...], Embedding] = {}
        encode = TorchEngine.encode

        def once(self: TorchEngine, image: np.ndarray, pixel_mm: tuple[float, float]) -> Embedding:
            key = (image.shape, image.tobytes(), pixel_mm)
            if key not in seen:
                seen[key] = encode(self, image, pixel_mm)
            return seen[key]

        patch.setattr(TorchEngine, "encode", once)
        yield


@pytest.fixture
def scan(tmp_path: Path) -> Path:
    noise = np.random.default_rng(0).integers(-20, 20, SHAPE)
    path = tmp_path / "scan.nii.gz"
    nib.save(nib.Nifti1Image((BLOCK + noise).astype(np.int16), AFFINE), path)
    return path


def medssl(*arguments: object) -> Result:
    app = typer.Typer()
    app.command()(prompt)
    done = CliRunner().invoke(app, [str(argument) for argument in arguments])
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done


def read(path: Path) -> np.ndarray:
    stored: np.ndarray = np.asanyarray(nib.load(path).dataobj)
    return stored


def overlap(mask: np.ndarray, truth: np.ndarray) -> float:
    return float(2 * (mask & truth).sum() / (mask.sum() + truth.sum()))


@pytest.mark.slow
def test_a_box_in_the_files_own_voxels_lands_on_them(scan: Path, tmp_path: Path) -> None:
    out = tmp_path / "mask.nii.gz"
    box = "20,6,30,49,6,74"
    done = medssl(scan, "--out", out, "--box", box, "--label", 3, "--name", "block", "--json")
    said = json.loads(done.stdout)
    mask = read(out)
    assert mask.dtype == np.uint8
    assert set(np.unique(mask)) == {0, 3}
    assert not mask[:, :6].any()
    assert not mask[:, 7:].any()
    assert overlap(mask[:, 6] == 3, BLOCK[:, 6] > 0) > 0.95
    np.testing.assert_array_equal(nib.load(out).affine, AFFINE)
    assert said["voxels"] == (mask == 3).sum()
    assert said["ml"] == pytest.approx(said["voxels"] * 1.25 * 3 * 0.75 / 1000)
    assert said["plane"] == "axial"
    assert 0.5 < said["score"] <= 1
    assert not said["cached"]
    beside = json.loads((tmp_path / "mask.json").read_text("utf-8"))
    assert beside["labels"][0]["name"] == "block"
    (told,) = beside["provenance"]["outlines"]
    assert told["boxes_ijk"] == [[[20, 6, 30], [49, 6, 74]]]
    assert told["weights_sha256"] == model_card("litemedsam").sha256
    assert told["engine"] == "litemedsam"
    again = json.loads(medssl(scan, "--out", out, "--box", box, "--json").stdout)
    assert again["cached"]


@pytest.mark.slow
def test_a_point_on_a_chosen_plane(scan: Path, tmp_path: Path) -> None:
    out = tmp_path / "mask.nrrd"
    medssl(scan, "--out", out, "--point", "35,6,50", "--plane", "coronal", "--window", "-100,300")
    from napari_medssl.io import read_labels, read_volume

    volume = read_volume(scan)
    mask = volume.to_source(read_labels(out, volume))
    assert mask[:, :, 50].any()
    assert mask.sum() == mask[:, :, 50].sum()
    assert overlap(mask[:, :, 50] > 0, BLOCK[:, :, 50] > 0) > 0.9


@pytest.mark.slow
def test_a_point_may_mean_something_else(scan: Path, tmp_path: Path) -> None:
    out = tmp_path / "mask.nii.gz"
    place = ("--out", out, "--point", "35,6,50", "--plane", "coronal", "--window", "-100,300")
    said = [json.loads(medssl(scan, *place, "--reading", n, "--json").stdout) for n in (1, 2)]
    assert said[0]["readings"] == said[1]["readings"] > 1
    assert said[0]["voxels"] != said[1]["voxels"]
    (told,) = json.loads((tmp_path / "mask.json").read_text("utf-8"))["provenance"]["outlines"]
    assert told["points_ijk"][0]["reading"] == 2, "as it was typed"
    assert told["points_sha256"]
    assert "--reading 1 is the likeliest" in medssl(scan, *place).stdout
    with pytest.raises(UsageError, match=f"at most {said[0]['readings']}"):
        medssl(scan, *place, "--reading", said[0]["readings"] + 1)


def test_onto_adds_and_leaves_other_labels_as_they_are(scan: Path, tmp_path: Path) -> None:
    first, second, third = (tmp_path / f"{n}.nii.gz" for n in (1, 2, 3))
    half = "20,6,30,34,6,74"
    medssl(scan, "--out", first, "--box", half, "--name", "left")
    whole = "20,6,30,49,6,74"
    onto = (scan, "--box", whole, "--onto", first, "--label", 300, "--name", "whole")
    said = json.loads(medssl(*onto, "--out", second, "--json").stdout)
    before, after = read(first), read(second)
    assert after.dtype == np.uint16
    np.testing.assert_array_equal(after == 1, before == 1)
    assert (after == 300).any()
    assert said["kept_by_other_labels"] == said["voxels"] - (after == 300).sum() > 100
    beside = json.loads((tmp_path / "2.json").read_text("utf-8"))
    assert [(row["value"], row["name"]) for row in beside["labels"]] == [
        (1, "left"),
        (300, "whole"),
    ]
    assert [told["label"] for told in beside["provenance"]["outlines"]] == [1, 300]
    medssl(*onto, "--out", third, "--overwrite")
    assert (read(third) == 300).sum() == said["voxels"]


def test_a_picture_is_outlined_in_columns_and_rows(tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 50, (80, 120)).astype(np.uint8)
    pixels[20:50, 60:100] += 180
    Image.fromarray(pixels).save(tmp_path / "us.png")
    done = medssl(
        tmp_path / "us.png", "--out", tmp_path / "mask.png", "--box", "60,20,0,99,49,0", "--json"
    )
    assert json.loads(done.stdout)["ml"] is None
    mask = np.asarray(Image.open(tmp_path / "mask.png")) > 0
    assert overlap(mask, pixels > 150) > 0.95


def test_people_are_told_in_words(scan: Path, tmp_path: Path) -> None:
    done = medssl(scan, "--out", tmp_path / "m.nii.gz", "--box", "20,6,30,49,6,74")
    assert "voxels" in done.stdout
    assert "ml on one axial slice" in done.stdout
    assert str(tmp_path) not in done.stdout


@pytest.mark.parametrize(
    ("kind", "said", "arguments"),
    [
        (UsageError, "no --point, --box", []),
        (UsageError, "the point '1,2'", ["--point", "1,2"]),
        (UsageError, "the point '1,2,3,4'", ["--point", "1,2,3,4"]),
        (UsageError, "the point '1,2,x'", ["--point", "1,2,x"]),
        (UsageError, "the box '1,2,3'", ["--box", "1,2,3"]),
        (UsageError, "the plane 'oblique'", ["--point", "35,6,50", "--plane", "oblique"]),
        (UsageError, "the window 'nowhere'", ["--point", "35,6,50", "--window", "nowhere"]),
        (UsageError, "the model 'sam2'", ["--point", "35,6,50", "--model", "sam2"]),
        (UsageError, "the device 'gpu'", ["--point", "35,6,50", "--device", "gpu"]),
        (UsageError, "--overwrite without --onto", ["--point", "35,6,50", "--overwrite"]),
        (UsageError, "the label value 0", ["--point", "35,6,50", "--label", "0"]),
        (PromptError, "nothing is marked inside", ["--point", "35,6,50,-"]),
        (PromptError, "outside the image", ["--point", "70,6,50"]),
        (PromptError, "outside the image", ["--point", "-1,6,50"]),
        (PromptError, "not a number", ["--point", "nan,6,50"]),
        (PromptError, "several slices", ["--box", "20,3,30,49,6,74"]),
        (PromptError, "both inside and outside", ["--point", "9,6,9", "--point", "9,6,9,-"]),
        (PromptError, "2 axial slices", ["--point", "9,6,9", "--point", "9,7,9"]),
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
    with pytest.raises(SaveError, match="image itself"):
        medssl(scan, "--out", scan, "--box", "20,6,30,49,6,74")
    assert scan.read_bytes() == before


def test_a_mask_of_another_grid_is_not_added_to(scan: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.nii.gz"
    nib.save(nib.Nifti1Image(np.zeros(SHAPE, np.uint8), np.eye(4)), other)
    with pytest.raises(GeometryError):
        medssl(scan, "--out", tmp_path / "m.nii.gz", "--point", "35,6,50", "--onto", other)


def test_help_needs_no_torch() -> None:
    code = (
        "import sys; from napari_medssl.cli.prompt import prompt; "
        "from napari_medssl.cli.models import models_app; print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
