"""Rounds of learning in a project: mostly with learning that is none, and once with a real one."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from learning_projects import QuickLearning, add_case, balls, job_of, run, task_for
from typer.testing import CliRunner, Result

from napari_medssl.cli import app
from napari_medssl.cli.project_learn import take_in_job
from napari_medssl.errors import UsageError
from napari_medssl.io import atomic_write
from napari_medssl.io.label_table import unnamed_label
from napari_medssl.jobs import JobStore, jobs_folder
from napari_medssl.models.trained import read_card, write_card
from napari_medssl.project import create_project, open_project
from napari_medssl.project.ledger import roles
from napari_medssl.project.versions import accept, current, versions


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> QuickLearning:
    return QuickLearning(monkeypatch)


def medssl(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def gate_of(job) -> dict:
    return json.loads((job.artifacts / "gate.json").read_text())


def warnings_of(job) -> list[str]:
    return [event.facts["text"] for event in job.events()[0] if event.kind == "warning"]


def test_a_round_learns_judges_and_waits_for_a_decision(quick, tmp_path: Path) -> None:
    study = balls(tmp_path, 9)
    task = task_for(study)
    assert (len(task.training), len(task.validation), len(task.test)) == (6, 0, 3)
    job = job_of(task, tmp_path / "jobs")
    assert run(job)
    gate = gate_of(job)
    assert gate["verdict"]["kind"] == "better"
    assert "what places alone tell" in gate["verdict"]["words"]
    assert gate["difference"]["patients"] == 3
    assert set(gate["by_case"]) == set(task.test)
    with open_project(study) as project:
        for case in task.test:
            masks = np.load(job.artifacts / "gate" / f"{case}.npz")
            assert masks["old"].shape == masks["new"].shape == project.case(case).grid.shape
            assert (masks["new"] == project.read_state(case).labels).mean() > 0.99
        version = take_in_job(project, job)
        assert take_in_job(project, job) == version, "once"
        assert accept(project, version).state == "current"
        assert tuple(read_card(version.path).trained_on) == task.training
    for file in (job.folder / "spec.json", job.artifacts / "model.json"):
        assert "pat1" not in file.read_text()


def test_the_next_round_begins_with_the_model_in_use_and_must_beat_it(quick, tmp_path) -> None:
    study = balls(tmp_path, 9)
    first = job_of(task_for(study), tmp_path / "jobs")
    run(first)
    with open_project(study) as project:
        in_use = accept(project, take_in_job(project, first))
        before = roles(project)
        add_case(project, tmp_path / "images", 20)
    said = " ".join(medssl("project", "status", study).stdout.split())
    assert "1 case to learn from since" in said
    task = task_for(study, init="auto")
    assert Path(task.start) == Path(str(task.old)) == in_use.path
    assert "has the same labels" in task.start_words
    second = job_of(task, tmp_path / "jobs")
    run(second)
    gate = gate_of(second)
    assert gate["verdict"]["kind"] == "not better", "it finds the very same"
    assert gate["against"] == "the model in use"
    with open_project(study) as project:
        assert before.items() <= roles(project).items()
        version = take_in_job(project, second)
        assert version.parent == in_use.sha256
        with pytest.raises(UsageError, match="not found to be better"):
            accept(project, version)
        assert current(project) is not None


def test_it_is_taught_by_the_protocol_that_was_asked_for(quick, tmp_path: Path) -> None:
    study = balls(tmp_path, 3)
    first = job_of(task_for(study), tmp_path / "jobs")
    assert run(first)
    weights = str(first.artifacts / "model.safetensors")
    assert run(job_of(task_for(study, weights, protocol="decoder"), tmp_path / "jobs"))
    assert [wanted.protocol for wanted in quick.wanted] == ["ours", "decoder"]


def test_of_two_patients_nothing_can_be_measured_and_that_is_said(quick, tmp_path) -> None:
    study = balls(tmp_path, 2)
    job = job_of(task_for(study), tmp_path / "jobs")
    assert run(job)
    verdict = gate_of(job)["verdict"]
    assert verdict["kind"] == "not measured"
    assert verdict["words"] == "Not measured: fewer than three patients are done."


def test_who_trained_what_it_begins_with_does_not_judge(quick, tmp_path: Path) -> None:
    study = balls(tmp_path, 3)
    first = job_of(task_for(study), tmp_path / "jobs")
    run(first)
    path = first.artifacts / "model.safetensors"
    card = read_card(path)
    [test] = task_for(study).test
    write_card(replace(card, trained_on=(test,)), path, atomic_write)
    second = job_of(task_for(study, init=str(path)), tmp_path / "jobs")
    assert run(second)
    gate = gate_of(second)
    assert list(gate["left_out"]) == [test]
    assert gate["verdict"]["kind"] == "not measured"
    assert any("trained one of the models" in text for text in warnings_of(second))


def test_what_was_learned_is_not_learned_again_after_a_stop(quick, tmp_path: Path) -> None:
    study = balls(tmp_path, 3)
    job = job_of(task_for(study), tmp_path / "jobs")
    job.ask_to_stop()
    assert not run(job)
    with open_project(study) as project, pytest.raises(UsageError, match="which is cancelled"):
        take_in_job(project, job)
    (job.folder / "stop").unlink()
    assert run(job)
    assert quick.times == 2
    assert run(job)
    assert quick.times == 2


def test_judging_ends_when_it_is_asked_to_and_goes_on(quick, tmp_path: Path, monkeypatch) -> None:
    job = job_of(task_for(balls(tmp_path, 3)), tmp_path / "jobs")

    def halting(path: str, device: str):
        job.ask_to_stop()
        return quick.load(path, device)

    with monkeypatch.context() as now:
        now.setattr("napari_medssl.segment.automatic.load_automatic", halting)
        assert not run(job)
    assert not (job.artifacts / "gate.json").exists()
    (job.folder / "stop").unlink()
    assert run(job)
    assert (quick.times, gate_of(job)["left_out"]) == (1, {})


def test_a_case_that_is_no_longer_done_or_cannot_be_read_is_told(quick, tmp_path: Path) -> None:
    study = balls(tmp_path, 9)
    task = task_for(study)
    with open_project(study) as project:
        project.set_status(task.training[0], "flagged")
        image = project.case(task.test[0]).image
    image.write_bytes(image.read_bytes()[:400])
    job = job_of(task, tmp_path / "jobs")
    assert run(job)
    told = warnings_of(job)
    assert f"{task.training[0]} is left out: it is no longer done, or was removed." in told
    assert any(text.startswith(f"{task.test[0]} does not judge") for text in told)
    assert gate_of(job)["difference"]["patients"] == 2
    assert gate_of(job)["verdict"]["kind"] == "cannot tell"


def test_a_job_of_another_project_is_not_taken_in(quick, tmp_path: Path) -> None:
    job = job_of(task_for(balls(tmp_path, 1)), tmp_path / "jobs")
    run(job)
    with (
        create_project(tmp_path / "other") as other,
        pytest.raises(UsageError, match="another project"),
    ):
        take_in_job(other, job)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--steps", "5", "--minutes", "1"], "both --minutes and --steps"),
        (["--init", "nobody"], "the trained model 'nobody'"),
        (["--init", "current"], "without a model in use"),
        (["--protocol", "decoder"], "the protocol 'decoder' from scratch"),
        (["--protocol", "smit"], "a network that is chosen by the images"),
    ],
)
def test_wrong_input_is_one_sentence_and_gives_nobody_a_role(tmp_path, arguments, said) -> None:
    study = balls(tmp_path, 1)
    done = medssl("project", "learn", study, "--device", "cpu", *arguments)
    assert done.exit_code == 2
    assert said in done.output
    with open_project(study, read_only=True) as project:
        assert roles(project) == {}


@pytest.mark.slow
def test_as_a_user_starts_it(tmp_path: Path) -> None:
    study = balls(tmp_path, 3)
    with open_project(study) as project:
        project.set_labels([*project.labels(), unnamed_label(7)])
    done = medssl(
        *("project", "learn", study, "--steps", 3, "--threads", 1, "--device", "cpu", "--json")
    )
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert told["model"]["state"] == "candidate"
    [undrawn] = warnings_of(JobStore(jobs_folder()).find(told["id"]))
    assert undrawn.startswith("'Label 7' is drawn on no case that is learned from")
    verdict = told["model"]["figures"]["verdict"]
    assert verdict["kind"] != "better", "after three steps"
    assert "2 of them" in verdict["words"], "one patient is put aside, two judge by turns"
    with open_project(study, read_only=True) as project:
        assert [one.sha256 for one in versions(project)] == [told["model"]["sha256"]]


@pytest.mark.slow
def test_shuffled_masks_teach_nothing_that_passes(tmp_path: Path) -> None:
    job = job_of(task_for(balls(tmp_path, 9, shuffled=True), steps=20), tmp_path / "jobs")
    assert run(job)
    assert gate_of(job)["verdict"]["kind"] != "better"
