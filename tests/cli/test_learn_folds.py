"""Cross-validation in a round of learning, with learning that is none."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from learning_projects import QuickLearning, add_case, balls, job_of, run, task_for

from napari_medssl.cli.learn_folds import fold_steps
from napari_medssl.cli.project_learn import take_in_job
from napari_medssl.errors import MedSSLError
from napari_medssl.models.trained import TrainedCard
from napari_medssl.project import open_project
from napari_medssl.project.versions import accept


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> QuickLearning:
    return QuickLearning(monkeypatch)


def gate_of(job) -> dict:
    return json.loads((job.artifacts / "gate.json").read_text())


def test_where_one_judges_those_learned_from_judge_in_turn(quick, tmp_path: Path) -> None:
    study = balls(tmp_path, 4)
    task = task_for(study, steps=600, crossed=True)
    taught, [other] = set(task.training), task.test
    job = job_of(task, tmp_path / "jobs")
    assert run(job)
    gate = gate_of(job)
    assert gate["difference"]["patients"] == 4
    assert gate["verdict"]["kind"] == "better"
    assert (
        "As few cases are done, 3 of them judged networks that learned without them"
        in (gate["verdict"]["words"])
    )
    assert set(gate["crossed"]) == taught
    assert set(gate["by_case"]) == {*taught, other}
    whole, *folds = quick.wanted
    assert {one.id for one in whole.training} == taught
    assert [len(wanted.training) for wanted in folds] == [2, 2, 2]
    assert {wanted.steps for wanted in folds} == {100}
    with open_project(study) as project:
        for case in task.marks:
            found = np.load(job.artifacts / "gate" / f"{case}.npz")["new"]
            assert (found == project.read_state(case).labels).mean() > 0.99
        version = take_in_job(project, job)
        assert accept(project, version).state == "current"
    assert not (job.artifacts / "folds").exists()


def test_who_judges_a_fold_taught_it_nothing(quick, tmp_path: Path, monkeypatch) -> None:
    seen: dict[Path, TrainedCard] = {}
    load = quick.load

    def noted(path: str, device: str):
        loaded = load(path, device)
        seen[Path(path).parent] = loaded.card
        run_it = loaded.run

        def ran(volume, *, stop):
            judged.append((loaded.card.trained_on, float(volume.array.sum())))
            return run_it(volume, stop=stop)

        loaded.run = ran
        return loaded

    judged: list[tuple[tuple[str, ...], float]] = []
    monkeypatch.setattr("napari_medssl.segment.automatic.load_automatic", noted)
    study = balls(tmp_path, 5)
    run(job_of(task_for(study, crossed=True), tmp_path / "jobs"))
    with open_project(study) as project:
        ids = {float(project.read_image(c.id).array.sum()): c.id for c in project.cases()}
    assert len(seen) == 4, "the network and three folds"
    assert sorted(ids) == sorted(image for _, image in judged), "each once"
    assert all(ids[image] not in taught for taught, image in judged)


def test_two_patients_give_figures_and_no_verdict(quick, tmp_path: Path) -> None:
    job = job_of(task_for(balls(tmp_path, 2), crossed=True), tmp_path / "jobs")
    assert run(job)
    gate = gate_of(job)
    assert gate["verdict"]["kind"] == "cannot tell"
    assert gate["difference"]["patients"] == 2


def test_one_patient_cannot_be_left_out(quick, tmp_path: Path) -> None:
    job = job_of(task_for(balls(tmp_path, 1), crossed=True), tmp_path / "jobs")
    assert run(job)
    assert gate_of(job)["verdict"]["kind"] == "not measured"
    assert quick.times == 1


def test_enough_judges_or_a_model_in_use_need_no_folds(quick, tmp_path: Path) -> None:
    study = balls(tmp_path, 9)
    first = job_of(task_for(study, crossed=True), tmp_path / "jobs")
    run(first)
    assert (quick.times, gate_of(first)["crossed"]) == (1, [])
    few = tmp_path / "few"
    few.mkdir()
    study = balls(few, 3)
    one = job_of(task_for(study, crossed=True), few / "jobs")
    run(one)
    times = quick.times
    with open_project(study) as project:
        accept(project, take_in_job(project, one), anyway=True)
        add_case(project, few / "images", 20)
    run(job_of(task_for(study, init="current", crossed=True), few / "jobs"))
    assert quick.times == times + 1


def test_its_curves_are_not_taken_for_the_networks_own(quick, tmp_path: Path) -> None:
    job = job_of(task_for(balls(tmp_path, 3), crossed=True), tmp_path / "jobs")
    run(job)
    told = job.events()[0]
    assert [e.facts["step"] for e in told if e.kind == "metric" and "loss" in e.facts] == [1]
    assert quick.times == 3


def test_a_stop_keeps_the_folds_that_were_learned(quick, tmp_path: Path, monkeypatch) -> None:
    job = job_of(task_for(balls(tmp_path, 4), crossed=True), tmp_path / "jobs")
    learn = quick.learn

    def halting(wanted, folder: Path, tools):
        if folder.name == "2" and not stopped:
            stopped.append(job.ask_to_stop())
        return learn(wanted, folder, tools)

    stopped: list[None] = []
    monkeypatch.setattr("napari_medssl.finetune.volumes.learning.learn", halting)
    assert not run(job)
    assert (quick.times, (job.artifacts / "gate.json").exists()) == (3, False)
    (job.folder / "stop").unlink()
    assert run(job)
    assert quick.times == 5, "the second fold again, and the third"
    assert gate_of(job)["difference"]["patients"] == 4


def test_a_fold_that_fails_is_told_and_the_others_judge(quick, tmp_path: Path, monkeypatch) -> None:
    job = job_of(task_for(balls(tmp_path, 4), crossed=True), tmp_path / "jobs")
    learn = quick.learn

    def failing(wanted, folder: Path, tools):
        if folder.name == "2":
            raise MedSSLError("the loss is no longer a number")
        return learn(wanted, folder, tools)

    monkeypatch.setattr("napari_medssl.finetune.volumes.learning.learn", failing)
    assert run(job)
    told = [e.facts["text"] for e in job.events()[0] if e.kind == "warning"]
    assert any(text.startswith("Part 2 of the cross-validation is left out") for text in told)
    assert gate_of(job)["difference"]["patients"] == 3


@pytest.mark.parametrize(("steps", "count", "each"), [(900, 3, 150), (300, 3, 100), (40, 2, 40)])
def test_folds_take_half_the_steps_but_enough_of_them(steps: int, count: int, each: int) -> None:
    assert fold_steps(steps, count) == each
