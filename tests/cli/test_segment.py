from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest
import torch
import typer
from PIL import Image
from typer.testing import CliRunner, Result

from napari_medssl.cli.segment import segment
from napari_medssl.errors import MedSSLError, SaveError, UsageError
from napari_medssl.io import atomic_write, read_mask, read_volume
from napari_medssl.models.networks.network import build_network
from napari_medssl.models.trained import OutputClass, TrainedCard, trained_folder
from napari_medssl.models.trained_weights import save_trained
from napari_medssl.segment.automatic import AutomaticSegmenter
from napari_medssl.volume import Volume

#: stored as RIA: 1.25 mm to the right, 3 mm down, 0.75 mm to the front
AFFINE = np.array([[1.25, 0, 0, -60.0], [0, 0, 0.75, 70.0], [0, -3.0, 0, 40.0], [0, 0, 0, 1]])
SHAPE = (40, 12, 50)
CARD = TrainedCard(
    name="lumps",
    title="Lumps",
    network="unet",
    dimensions=3,
    in_channels=1,
    classes=(OutputClass(7, "lump", (10, 200, 30)), OutputClass(2, "other")),
    patch=(16, 16, 16),
    steps=({"do": "orient", "codes": "RAS"}, {"do": "to-unit", "low": 0, "high": 200}),
    arguments={"widths": (4, 8)},
    modalities=("MR",),
)


def save(path: Path, **given: Any) -> TrainedCard:
    card = TrainedCard(**{**vars(CARD), **given})
    torch.manual_seed(0)
    network = build_network(
        card.network, dimensions=card.dimensions, in_channels=card.in_channels,
        classes=3, **card.arguments,
    )  # fmt: skip
    path.parent.mkdir(parents=True, exist_ok=True)
    return save_trained(network, card, path, atomic_write)


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "models" / "lumps.safetensors"
    save(path)
    return path


@pytest.fixture
def scan(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    voxels = rng.integers(-20, 20, SHAPE)
    voxels[12:28, 3:9, 15:35] += 200
    path = tmp_path / "scan.nii.gz"
    nib.save(nib.Nifti1Image(voxels.astype(np.int16), AFFINE), path)
    return path


def medssl(*arguments: object) -> Result:
    app = typer.Typer()
    app.command()(segment)
    done = CliRunner().invoke(app, [str(argument) for argument in arguments])
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done


def test_a_mask_lands_on_the_files_own_grid_with_its_names(
    scan: Path, model: Path, tmp_path: Path
) -> None:
    out = tmp_path / "mask.nii.gz"
    said = json.loads(medssl(scan, "--model", model, "--out", out, "--json").stdout)
    stored = nib.load(out)
    np.testing.assert_array_equal(stored.affine, AFFINE)
    mask = np.asanyarray(stored.dataobj)
    assert mask.shape == SHAPE
    assert mask.dtype == np.uint8
    assert set(np.unique(mask)) <= {0, 2, 7}
    assert mask.any()
    (one,) = said["images"]
    assert one["image"] == "scan.nii.gz"
    assert one["patch"] == [16, 16, 16]
    assert one["windows"] > 1
    assert one["seconds"] > 0
    assert said["peak_memory_mb"] > 50
    assert said["device"] in ("cpu", "cuda")
    assert [row["value"] for row in one["labels"]] == [7, 2]
    for row in one["labels"]:
        assert row["voxels"] == (mask == row["value"]).sum()
        assert row["ml"] == pytest.approx(row["voxels"] * 1.25 * 3 * 0.75 / 1000, abs=1e-4)
    assert {"modality-unknown", "small"} <= {notice["code"] for notice in one["notices"]}
    beside = json.loads((tmp_path / "mask.json").read_text("utf-8"))
    assert [(row["value"], row["name"]) for row in beside["labels"]] == [(2, "other"), (7, "lump")]
    assert beside["labels"][1]["colour"] == [10, 200, 30]
    (told,) = beside["provenance"]["models"]
    assert told["model"] == "lumps"
    assert told["weights_sha256"] == said["weights_sha256"]
    volume = read_volume(scan)
    np.testing.assert_array_equal(volume.to_source(read_mask(out, volume).array), mask)


def test_probabilities_and_doubt_are_written_on_the_same_grid(
    scan: Path, model: Path, tmp_path: Path
) -> None:
    out = tmp_path / "mask.nii.gz"
    medssl(
        scan, "--model", model, "--out", out,
        "--probability", tmp_path / "p.nii.gz", "--uncertainty", tmp_path / "u.nii",
    )  # fmt: skip
    likely = {v: nib.load(tmp_path / f"p-{v}.nii.gz") for v in (7, 2)}
    doubt = nib.load(tmp_path / "u.nii")
    mask = np.asanyarray(nib.load(out).dataobj)
    for image in (*likely.values(), doubt):
        np.testing.assert_allclose(image.affine, AFFINE, atol=1e-5)
        values = np.asanyarray(image.dataobj)
        assert values.dtype == np.float32
        assert values.min() >= 0
        assert values.max() <= 1
    seven, two = (np.asanyarray(likely[v].dataobj) for v in (7, 2))
    sure = np.abs(seven - two) > 1e-3
    chosen = np.where(seven > two, 7, 2)
    np.testing.assert_array_equal(mask[sure & (mask > 0)], chosen[sure & (mask > 0)])


def test_several_images_go_to_a_folder_and_one_that_fails_does_not_stop_the_others(
    scan: Path, model: Path, tmp_path: Path
) -> None:
    torn = tmp_path / "torn.nii.gz"
    torn.write_bytes(scan.read_bytes()[:300])
    second = tmp_path / "second.nii.gz"
    second.write_bytes(scan.read_bytes())
    out = tmp_path / "masks"
    done = medssl(scan, torn, second, "--model", model, "--out", out, "--json")
    said = json.loads(done.stdout)
    assert done.exit_code == 1
    assert sorted(p.name for p in out.glob("*.nii.gz")) == ["scan.nii.gz", "second.nii.gz"]
    assert list(said["failed"]) == ["torn.nii.gz"]
    assert [one["image"] for one in said["images"]] == ["scan.nii.gz", "second.nii.gz"]
    words = medssl(scan, "--model", model, "--out", tmp_path / "more").stdout
    assert "Wrote 'scan.nii.gz'" in words
    assert " ml" in words
    assert "trained on MR" in words
    assert str(tmp_path) not in words


def test_a_folder_of_images_stands_for_all_of_them(scan: Path, model: Path, tmp_path: Path) -> None:
    folder = tmp_path / "scans"
    folder.mkdir()
    for name in ("b", "a"):
        (folder / f"{name}.nii.gz").write_bytes(scan.read_bytes())
    (folder / "notes.txt").write_text("not an image")
    (folder / "._a.nii.gz").write_bytes(b"left by macOS")
    out = tmp_path / "masks"
    done = medssl(folder, "--model", model, "--out", out, "--json")
    assert done.exit_code == 0, done.output
    assert [one["image"] for one in json.loads(done.stdout)["images"]] == ["a.nii.gz", "b.nii.gz"]
    assert sorted(path.name for path in out.glob("*.nii.gz")) == ["a.nii.gz", "b.nii.gz"]


def test_post_processing_is_done_as_asked(scan: Path, model: Path, tmp_path: Path) -> None:
    from scipy import ndimage

    plain, clean = tmp_path / "plain.nii.gz", tmp_path / "clean.nii.gz"
    medssl(scan, "--model", model, "--out", plain)
    medssl(scan, "--model", model, "--out", clean, "--keep-largest", "7", "--min-ml", "0.05")
    before, after = (np.asanyarray(nib.load(path).dataobj) for path in (plain, clean))
    assert ndimage.label(before == 7)[1] > 1
    assert ndimage.label(after == 7)[1] <= 1
    parts, count = ndimage.label(after == 2)
    assert all((parts == n).sum() * 1.25 * 3 * 0.75 >= 50 for n in range(1, count + 1))
    both = (before == after) | (after == 0)
    assert both.all()


def test_a_picture_gets_a_picture(tmp_path: Path) -> None:
    path = tmp_path / "m.safetensors"
    save(
        path,
        network="btunet",
        dimensions=2,
        in_channels=3,
        patch=(64, 64),
        steps=({"do": "to-unit", "low": 0, "high": 255},),
        arguments={},
    )
    pixels = np.random.default_rng(0).integers(0, 255, (70, 90, 3)).astype(np.uint8)
    Image.fromarray(pixels).save(tmp_path / "us.png")
    said = json.loads(
        medssl(
            tmp_path / "us.png", "--model", path, "--out", tmp_path / "mask.png", "--json"
        ).stdout
    )
    assert np.asarray(Image.open(tmp_path / "mask.png")).shape == (70, 90)
    assert said["images"][0]["labels"][0]["ml"] is None


def test_a_model_is_found_by_its_name(scan: Path, tmp_path: Path) -> None:
    save(trained_folder() / "lumps.safetensors")
    done = medssl(scan, "--model", "lumps", "--out", tmp_path / "m.nii.gz", "--json")
    assert json.loads(done.stdout)["model"] == "lumps"


@pytest.mark.parametrize(
    ("kind", "said", "arguments"),
    [
        (UsageError, "nobody has trained .*medssl models add", ["--model", "swin_unetr"]),
        (UsageError, "medssl prompt", ["--model", "litemedsam"]),
        (UsageError, "the trained model 'nothing'", ["--model", "nothing"]),
        (UsageError, "--keep-largest liver", ["--keep-largest", "liver"]),
        (UsageError, "the largest component of 1", ["--keep-largest", "1"]),
        (UsageError, "overlap of 1", ["--overlap", "1"]),
        (UsageError, "left for right", ["--flips"]),
        (UsageError, "the device 'gpu'", ["--device", "gpu"]),
        (SaveError, "says no format", ["--out", "mask.txt"]),
        (UsageError, "-1 mm3|-1000 mm3", ["--min-ml", "-1"]),
    ],
)
def test_wrong_input_is_one_sentence(
    scan: Path,
    model: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    kind: type[MedSSLError],
    said: str,
    arguments: list[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    given = ["--model", str(model), "--out", "mask.nii.gz"]
    with pytest.raises(kind, match=said):
        medssl(scan, *given, *arguments)
    assert not list(tmp_path.glob("mask*"))


def test_nothing_is_replaced_unasked_and_the_image_never(
    scan: Path, model: Path, tmp_path: Path
) -> None:
    out = tmp_path / "mask.nii.gz"
    out.write_bytes(b"mine")
    with pytest.raises(UsageError, match="--force"):
        medssl(scan, "--model", model, "--out", out)
    medssl(scan, "--model", model, "--out", out, "--force")
    assert nib.load(out).shape == SHAPE
    before = scan.read_bytes()
    with pytest.raises(SaveError, match="image itself"):
        medssl(scan, "--model", model, "--out", scan, "--force")
    assert scan.read_bytes() == before
    other = tmp_path / "b" / scan.name
    other.parent.mkdir()
    other.write_bytes(before)
    with pytest.raises(UsageError, match="both be"):
        medssl(scan, other, "--model", model, "--out", tmp_path / "masks")


def test_ctrl_c_keeps_what_was_finished(
    scan: Path, model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = AutomaticSegmenter.run

    def pressed(self: AutomaticSegmenter, volume: Volume, *args: Any, **kwargs: Any) -> Any:
        if volume.source.name.startswith("second"):
            os.kill(os.getpid(), signal.SIGINT)
        return run(self, volume, *args, **kwargs)

    monkeypatch.setattr(AutomaticSegmenter, "run", pressed)
    second, third = tmp_path / "second.nii.gz", tmp_path / "third.nii.gz"
    for copy in (second, third):
        copy.write_bytes(scan.read_bytes())
    out, before = tmp_path / "masks", signal.getsignal(signal.SIGINT)
    done = medssl(scan, second, third, "--model", model, "--out", out, "--json")
    assert done.exit_code == 130
    assert "stopped; 1 of 3 masks are saved" in done.stderr
    assert [one["image"] for one in json.loads(done.stdout)["images"]] == ["scan.nii.gz"]
    assert [path.name for path in out.glob("*.nii.gz")] == ["scan.nii.gz"]
    assert signal.getsignal(signal.SIGINT) is before


def test_help_needs_no_torch() -> None:
    code = (
        "import sys; from napari_medssl.cli.segment import segment; print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
