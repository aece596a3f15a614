"""Learning without masks: refused in a sentence, and once for real, killed in between."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
import torch
from made_scans import scan
from typer.testing import CliRunner, Result

from napari_medssl.cli import app
from napari_medssl.cli.job_recipes import RECIPES
from napari_medssl.cli.pretrain import read_settings
from napari_medssl.errors import UsageError
from napari_medssl.jobs import JobStore, new_spec
from napari_medssl.jobs.events import EVENTS, read_events
from napari_medssl.jobs.homeward import take_in
from napari_medssl.jobs.parcel import pack
from napari_medssl.jobs.runner import execute, known_recipes
from napari_medssl.models.trained import find_trained, read_card
from napari_medssl.models.trained_weights import read_trained
from napari_medssl.pretrain.plan import WEIGHTS
from napari_medssl.pretrain.request import KIND, PretrainRequest

TINY = ("--set", "batch=2", "--set", "crop=[16,16,16]", "--threads", "1", "--device", "cpu")


def medssl(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def said(result: Result) -> str:
    return str(result.exception or "") + result.output


@pytest.fixture
def images(tmp_path: Path) -> Path:
    folder = tmp_path / "scans"
    folder.mkdir()
    for number in range(5):
        nib.save(nib.Nifti1Image(scan(number), np.eye(4)), folder / f"p{number}.nii.gz")
    return folder


def drawn_on(images: Path, masks: Path) -> None:
    """Draw on four of the images."""
    masks.mkdir()
    for path in sorted(images.iterdir())[:4]:
        found = nib.load(path)
        drawn = np.zeros(found.shape, np.uint8)
        drawn[4:-4:4, 4:-4, 4:-4] = 1
        nib.save(nib.Nifti1Image(drawn, found.affine), masks / path.name)


def pretrain(images: Path, out: Path, *more: object, method: str = "barlow") -> Result:
    return medssl("pretrain", "--method", method, "--images", images, "--out", out, *more)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (("--method", "guess"), "the method 'guess'; expected one of"),
        (("--minutes", "5", "--steps", "5"), "both --minutes and --steps"),
        (("--minutes", "0"), "--minutes 0; expected more than 0"),
        (("--steps", "-4"), "--steps -4"),
        (("--scale", "huge"), "--scale huge; expected here or paper"),
        (("--set", "batch"), "--set batch; expected NAME=VALUE"),
        (("--net", "none"), "the network 'none'"),
        (("--method", "mae", "--net", "unet_small"), "with the network 'unet_small'"),
        (("--net", "btunet", "--dimensions", "3"), "in 3-D"),
        (("--net", "nnunet"), "without a plan of nnU-Net's; expected --nnunet"),
        (("--configuration", "2d"), "--configuration without a plan"),
        (("--set", "widht=3"), "the setting 'widht' of Barlow"),
        (("--set", "rate=high"), "rate=high; expected a number"),
        (("--set", "seed=3"), "the setting 'seed'; expected its own option"),
        (("--labels", "."), "--labels with Barlow"),
        (("--probe-labels", "none"), "--probe-labels none; expected a folder of masks"),
        (("--method", "kidney-side", "--set", "mask=labels"), "mask=labels without masks"),
        (("--method", "kidney-side", "--labels", "none"), "--labels none; expected a folder"),
        (("--processes", "0"), "--processes 0; expected 1 or more"),
        (("--method", "kidney-side", "--dimensions", "2"), "in 2-D, of which there is no network"),
        (("--method", "simsiam", "--set", "pairs=some"), "pairs=some; expected one of exact"),
        (("--method", "simsiam", "--set", "betas=[0.8,0.9]"), "betas with optimiser=sgd"),
        (("--set", "mirror=no"), "mirror=no; expected true or false"),
        (("--processes", "2", "--batch", "3", "--device", "cpu"), "3 images at once for 2 proc"),
    ],
)
def test_wrong_usage_is_a_sentence_before_anything_is_made(images, tmp_path, more, words):
    result = pretrain(images, tmp_path / "out", *more)
    assert result.exit_code
    assert words in said(result)
    assert not (tmp_path / "out").exists()


def test_a_folder_that_is_none(tmp_path: Path):
    result = pretrain(tmp_path / "no", tmp_path / "out")
    assert "--images no; expected a folder of images" in said(result)


def test_settings_are_json_or_words():
    pairs = ["batch=8", "crop=[8,8]", "pairs=any", "rate=1e-3", "still=true", "a=b=c"]
    assert read_settings(pairs) == {
        "batch": 8,
        "crop": [8, 8],
        "pairs": "any",
        "rate": 1e-3,
        "still": True,
        "a": "b=c",
    }
    with pytest.raises(UsageError, match="--set =3"):
        read_settings(["=3"])


@pytest.mark.slow
def test_a_job_that_cannot_be_says_why(images: Path, tmp_path: Path):
    empty = tmp_path / "empty"
    empty.mkdir()
    for number, (folder, more, words) in enumerate(
        [
            (empty, (), "a folder without images"),
            (images, ("--set", "crop=[64,64,64]"), "wants more than twice as many"),
        ]
    ):
        result = pretrain(folder, tmp_path / f"out{number}", "--steps", "2", "--json", *more)
        assert result.exit_code == 1
        facts = json.loads(result.output.splitlines()[-1])
        assert facts["state"] == "failed"
        assert words in facts["message"]
        assert facts["model"] is None


@pytest.mark.slow
def test_its_encoder_is_where_it_says(images: Path, tmp_path: Path):
    masks = tmp_path / "masks"
    drawn_on(images, masks)
    more = ("--steps", "4", "--json", "--probe-labels", masks, *TINY)
    result = pretrain(images, tmp_path / "out", *more)
    facts = json.loads(result.output.splitlines()[-1])
    assert result.exit_code == 0, facts
    assert facts["state"] == "done"
    assert Path(facts["model"]).is_file()
    assert list((tmp_path / "out" / "artifacts").glob("preview-*.png"))
    shown = medssl("models", "show", facts["model"])
    assert "Learned by Barlow twins" in shown.output
    events, _ = read_events(tmp_path / "out" / EVENTS)
    figures = [event.facts for event in events if "told apart by a linear layer" in event.facts]
    assert [told["step"] for told in figures] == [0, 1, 2, 3, 4]
    assert all(0 <= told["told apart by nearest neighbours"] <= 1 for told in figures)


_SMALL = {
    "barlow": {},
    "byol": {"hidden": 32, "width": 16},  # a teacher, and what its norms counted
    "dino": {"classes": 64, "hidden": 16, "small": 1},  # a teacher and a centre
}


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="kill -9 is not there")
@pytest.mark.parametrize("method", _SMALL)
def test_a_job_killed_with_minus_9_and_resumed_is_the_same(
    images: Path, tmp_path: Path, method: str
):
    changes = {"batch": 2, "crop": [16, 16, 16], "save_every": 4, **_SMALL[method]}
    request = PretrainRequest(method, str(images), steps=24, changes=changes)
    jobs = JobStore(tmp_path / "jobs")
    whole, killed = (jobs.create(new_spec(KIND, request.arguments)) for _ in range(2))
    command = [sys.executable, "-m", "napari_medssl", "jobs", "exec", str(killed.folder)]
    process = subprocess.Popen(command)
    state, until = killed.artifacts / "state.safetensors", time.monotonic() + 120
    while not state.is_file() and time.monotonic() < until:
        time.sleep(0.02)
    process.kill()
    assert process.wait() == -signal.SIGKILL
    assert state.is_file()
    assert not (killed.artifacts / WEIGHTS).exists()
    for job in (killed, whole):
        assert execute(job.folder, known_recipes(RECIPES))
    assert (killed.artifacts / WEIGHTS).read_bytes() == (whole.artifacts / WEIGHTS).read_bytes()


@pytest.mark.slow
def test_fine_tuning_begins_with_all_of_its_encoder(images: Path, tmp_path: Path):
    assert pretrain(images, tmp_path / "out", "--steps", "2", *TINY).exit_code == 0
    masks = tmp_path / "masks"
    masks.mkdir()
    for path in images.iterdir():
        found = nib.load(path)
        drawn = (np.asarray(found.dataobj) > 0.6).astype(np.uint8)
        nib.save(nib.Nifti1Image(drawn, found.affine), masks / path.name)
    encoder = tmp_path / "out" / "artifacts" / "encoder.safetensors"
    asked = ["--images", images, "--labels", masks, "--out", tmp_path / "tuned", "--init", encoder]
    done = medssl("finetune", *asked, "--steps", "2", "--threads", "1", "--device", "cpu")
    assert done.exit_code == 0, said(done)
    events = (tmp_path / "tuned" / "events.jsonl").read_text("utf-8")
    _, card = find_trained(str(encoder))
    tensors = len(read_trained(encoder, card))
    assert f'"{tensors} of ' in events
    parent = find_trained(str(tmp_path / "tuned" / "artifacts" / "model.safetensors"))[1].parent
    assert parent == card.sha256


@pytest.mark.slow
def test_two_processes_leave_the_encoder_of_one(images: Path, tmp_path: Path):
    encoders = []
    for processes in (1, 2):
        out = tmp_path / str(processes)
        more = ("--steps", "3", "--processes", processes, "--set", "optimiser=sgd", "--json")
        result = pretrain(images, out, *TINY, *more)
        assert result.exit_code == 0, said(result)
        encoders.append(read_trained(out / "artifacts" / "encoder.safetensors"))
    one, two = encoders
    assert one.keys() == two.keys()
    for name, tensor in one.items():
        torch.testing.assert_close(two[name], tensor, atol=1e-4, rtol=1e-3)


@pytest.mark.slow
def test_it_travels_with_its_images_and_the_encoder_comes_home(images: Path, tmp_path: Path):
    changes = {"batch": 2, "crop": [16, 16, 16]}
    request = PretrainRequest("barlow", str(images), steps=2, changes=changes)
    job = JobStore(tmp_path / "jobs").create(new_spec(KIND, request.arguments, device="cpu"))
    pack(job.spec, tmp_path / "parcel.zip")
    with zipfile.ZipFile(tmp_path / "parcel.zip") as parcel:
        parcel.extractall(tmp_path / "there")
    shutil.rmtree(images)
    command = [sys.executable, "-m", "napari_medssl", "jobs", "receive", str(tmp_path / "there")]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    take_in(job, printed, 0)
    assert job.status().state == "done"
    encoder = job.artifacts / WEIGHTS
    assert read_trained(encoder).keys()
    assert read_card(encoder).method == "barlow"


@pytest.mark.slow
def test_masks_say_where_to_look_and_images_without_one_are_left_out(images: Path, tmp_path: Path):
    masks = tmp_path / "masks"
    drawn_on(images, masks)
    result = pretrain(
        images, tmp_path / "out", "--labels", masks, "--steps", "2", *TINY, method="kidney-side"
    )
    assert result.exit_code == 0, said(result)
    assert "image-00005 was left out: it has no mask" in result.output
    assert "from 4 images and their masks" in result.output
