"""Teaching a network for volumes: the job in this process, and once as a user starts it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from typer.testing import CliRunner, Result

from napari_medssl.cli import app
from napari_medssl.cli.learn_job import run_finetune_job
from napari_medssl.errors import MedSSLError, UsageError
from napari_medssl.finetune.volumes.learner import Learner
from napari_medssl.finetune.volumes.protocols import PROTOCOLS
from napari_medssl.jobs import Job, JobStore, Report, new_spec
from napari_medssl.jobs.events import EVENTS, EventLog
from napari_medssl.models.trained import find_trained


def write_case(root: Path, name: str, seed: int) -> None:
    """A bright ball of label 5, the file's axes turned against the patient's."""
    random = np.random.default_rng(seed)
    x, y, z = np.indices((20, 24, 18))
    middle = random.integers(7, 12, 3)
    ball = (x - middle[0]) ** 2 + (y - middle[1]) ** 2 + (z - middle[2]) ** 2 <= 30
    image = (random.normal(100, 10, ball.shape) + 150 * ball).astype(np.float32)
    affine = np.array([[0, 0, 1.5, 0], [-1.0, 0, 0, 0], [0, 1.0, 0, 0], [0, 0, 0, 1]])
    for kind, array in (("images", image), ("labels", 5 * ball.astype(np.uint8))):
        (root / kind).mkdir(parents=True, exist_ok=True)
        nib.save(nib.Nifti1Image(array, affine), root / kind / f"{name}.nii.gz")


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    for number in range(3):
        write_case(tmp_path, f"pat{number}", number)
    return tmp_path / "images", tmp_path / "labels"


def job_for(folders: tuple[Path, Path], root: Path, **changes: Any) -> Job:
    source = {"images": str(folders[0]), "labels": str(folders[1])}
    arguments = {
        "source": source,
        "held_out": None,
        "held_out_part": 0.0,
        "title": "balls",
        "network": None,
        "start": None,
        "minutes": None,
        "steps": 30,
        "threads": 1,
        **changes,
    }
    return JobStore(root).create(new_spec("finetune", arguments))


def run(job: Job) -> tuple[bool, list[Any]]:
    log = EventLog(job.folder / EVENTS)
    whole = run_finetune_job(job, Report(log), lambda: False)
    log.close()
    return whole, job.events()[0]


def medssl(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.mark.slow
def test_what_it_learned_segments_a_case_on_its_own_grid(folders, tmp_path: Path) -> None:
    job = job_for(folders, tmp_path / "jobs", held_out_part=0.34)
    whole, events = run(job)
    assert whole
    metrics = {name for event in events if event.kind == "metric" for name in event.facts}
    assert {"loss", "dice", "dice of 5"} <= metrics
    path, card = find_trained(str(job.artifacts / "model.safetensors"))
    assert [c.value for c in card.classes] == [5]
    assert len(card.trained_on) == 2
    assert all(name.startswith("case-") for name in card.trained_on)
    assert list(job.artifacts.glob("preview-*.png"))
    text = (job.artifacts / "model.json").read_text()
    assert "pat0" not in text
    assert str(tmp_path) not in text
    write_case(tmp_path / "new", "other", 9)
    image, out = tmp_path / "new" / "images" / "other.nii.gz", tmp_path / "mask.nii.gz"
    done = medssl("segment", image, "--model", path, "--out", out, "--device", "cpu")
    assert done.exit_code == 0, done.output
    found, source = nib.load(out), nib.load(image)
    assert found.shape == source.shape
    np.testing.assert_array_equal(found.affine, source.affine)
    mask = np.asarray(found.dataobj) == 5
    truth = np.asarray(nib.load(tmp_path / "new" / "labels" / "other.nii.gz").dataobj) == 5
    assert 2 * (mask & truth).sum() / (mask.sum() + truth.sum()) > 0.6


def test_it_begins_with_weights_of_ours_and_says_how_many(folders, tmp_path: Path) -> None:
    first = job_for(folders, tmp_path / "jobs", steps=3)
    run(first)
    weights = first.artifacts / "model.safetensors"
    again = job_for(folders, tmp_path / "jobs", steps=2, start=str(weights))
    whole, events = run(again)
    assert whole
    notes = [event.facts["note"] for event in events if "note" in event.facts]
    assert any("50 of 50 tensors come from 'balls'" in note for note in notes)
    _, parent = find_trained(str(weights))
    _, card = find_trained(str(again.artifacts / "model.json"))
    assert card.parent == parent.sha256


def test_where_nothing_learns_what_it_begins_with_is_judged(
    folders, tmp_path: Path, monkeypatch
) -> None:
    """Of any network, as MedSASS's are large."""
    literal = replace(PROTOCOLS["medsass-literal"], networks=())
    monkeypatch.setitem(PROTOCOLS, literal.name, literal)
    first = job_for(folders, tmp_path / "jobs", steps=2)
    run(first)
    weights = first.artifacts / "model.safetensors"
    given = {"start": str(weights), "protocol": literal.name, "steps": None, "minutes": 1.0}
    with pytest.raises(UsageError, match="no case to judge by"):
        run(job_for(folders, tmp_path / "jobs", **given))
    again = job_for(folders, tmp_path / "jobs", **given, held_out_part=0.34)
    whole, events = run(again)
    assert whole
    metrics = {name for event in events if event.kind == "metric" for name in event.facts}
    assert "dice of 5" in metrics
    before, after = (load_file(job.artifacts / "model.safetensors") for job in (first, again))
    assert all(torch.equal(before[name], after[name]) for name in before)
    plan = json.loads((again.artifacts / "plan.json").read_text())
    assert (plan["steps"], plan["protocol"]) == (1, literal.name)


class Forgetful:
    """Stands in for `Learner.step`: there is no memory left at some of the calls."""

    def __init__(self, monkeypatch, fails) -> None:
        self.calls = 0
        real = Learner.step

        def step(learner, batch, number):
            self.calls += 1
            if fails(self.calls, learner):
                raise MemoryError
            return real(learner, batch, number)

        monkeypatch.setattr(Learner, "step", step)


def test_memory_that_runs_out_while_it_learns_is_answered_once(
    folders, tmp_path: Path, monkeypatch
) -> None:
    trials = 3
    memory = Forgetful(monkeypatch, lambda calls, _: calls == trials + 3)
    job = job_for(folders, tmp_path / "jobs", steps=6)
    whole, events = run(job)
    assert whole
    assert memory.calls == trials + 3 + 6
    warnings = [event.facts["text"] for event in events if event.kind == "warning"]
    assert any("memory did not suffice" in text for text in warnings)
    plan = json.loads((job.artifacts / "plan.json").read_text())
    assert plan["checkpointing"]


def test_memory_that_runs_out_again_is_a_failure(folders, tmp_path: Path, monkeypatch) -> None:
    Forgetful(monkeypatch, lambda calls, _: calls > 5)
    with pytest.raises(MemoryError):
        run(job_for(folders, tmp_path / "jobs", steps=6))


def test_a_broken_case_is_left_out_by_its_id(folders, tmp_path: Path) -> None:
    path = folders[0] / "pat1.nii.gz"
    job = job_for(folders, tmp_path / "jobs", steps=2)
    run(job)
    for place in job.artifacts.glob("prepared/case-002"):
        for file in place.iterdir():
            file.unlink()
    path.write_bytes(path.read_bytes()[:300])
    (job.artifacts / "plan.json").unlink()
    _, events = run(job)
    warnings = [event.facts["text"] for event in events if event.kind == "warning"]
    assert any(text.startswith("case-002 was left out") for text in warnings)
    assert not any("pat1" in text and str(tmp_path) in text for text in warnings)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--net", "unet3d"], "unet3d"),
        (["--init", "nobody"], "the trained model 'nobody'"),
        (["--steps", "5", "--minutes", "1"], "both --minutes and --steps"),
        (["--minutes", "-1"], "-1.0 minutes"),
        (["--threads", "0"], "0 threads"),
        (["--val-fraction", "1"], "--val-fraction 1"),
        (["--val-images", "x"], "one of --val-images"),
        (["--protocol", "kidney"], "the protocol 'kidney' with a network that is chosen by"),
        (["--protocol", "mri", "--net", "unet"], "expected the network mri_unet"),
        (["--protocol", "medsass-literal", "--net", "medsass_vit_s"], "from scratch"),
        (["--protocol", "mri", "--net", "litemedsam"], "of a prompted one, --mode says"),
    ],
)
def test_wrong_input_is_one_sentence(folders, tmp_path: Path, arguments, said) -> None:
    given = ["finetune", "--images", folders[0], "--labels", folders[1], "--out", tmp_path / "out"]
    done = medssl(*given, *arguments)
    assert isinstance(done.exception, MedSSLError) or done.exit_code in (1, 2)
    assert said in f"{done.output} {done.exception}"
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_as_a_user_starts_it(folders, tmp_path: Path) -> None:
    out = tmp_path / "out"
    given = ["--images", folders[0], "--labels", folders[1], "--out", out]
    done = medssl("finetune", *given, "--steps", 3, "--threads", 1, "--device", "cpu", "--json")
    assert done.exit_code == 0, done.output
    told = json.loads(done.output.splitlines()[-1])
    assert told["state"] == "done"
    assert Path(told["model"]).is_file()


@pytest.mark.slow
def test_two_processes_learn_what_one_learns(folders, tmp_path: Path) -> None:
    """Through torchrun, with a look at a held-out case between the steps."""
    metrics = []
    for processes in (1, 2):
        out = tmp_path / str(processes)
        given = ["--images", folders[0], "--labels", folders[1], "--out", out, "--steps", 4]
        more = ["--threads", 1, "--device", "cpu", "--val-fraction", 0.34, "--json"]
        done = medssl("finetune", *given, *more, "--processes", processes)
        assert done.exit_code == 0, done.output
        told = [event.facts for event in Job.at(out).events()[0] if event.kind == "metric"]
        first = next(facts["loss"] for facts in told if "loss" in facts)  # of the first step alone
        metrics.append([first, *(facts["dice"] for facts in told if "dice" in facts)])
    assert len(metrics[0]) > 1
    np.testing.assert_allclose(metrics[0], metrics[1], atol=1e-3)
