"""The job that runs a model on a project: killed, stopped, gone on with, beside a window."""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from segment_process import CARD as PROCESS_CARD
from segment_process import ENGINE, WINDOW_S, use_no_network
from test_project_segment import CARD, Halves, Options, fitness
from typer.testing import CliRunner

from napari_medssl.cli import app  # noqa: F401 - it puts the commands together
from napari_medssl.cli.project import project_app
from napari_medssl.cli.segment_job import run_segment_job
from napari_medssl.errors import UnreadableFileError, UsageError
from napari_medssl.io import write_volume
from napari_medssl.jobs import Job, JobStore, Report, new_spec
from napari_medssl.jobs.events import EVENTS, EventLog
from napari_medssl.jobs.process import read_process
from napari_medssl.models import trained
from napari_medssl.project import Project, create_project
from napari_medssl.project.proposals import pending, read_proposal
from napari_medssl.project.segment_task import KIND, plan_task, read_report
from napari_medssl.volume import Geometry, Volume

OPTIONS = {"overlap": 0.5, "keep_largest": ()}


def study_of(folder: Path, shapes: list[tuple[int, int, int]]) -> Project:
    project = create_project(folder)
    for n, shape in enumerate(shapes):
        array = np.random.default_rng(n).normal(size=shape).astype(np.float32)
        volume = Volume.from_source_array(array, Geometry(shape), name="a", format="made")
        project.add(write_volume(volume, folder.parent / f"scan{n}.nii.gz"))
    return project


def job_for(project: Project, model: str, card, root: Path, options=OPTIONS, **rest) -> Job:
    task, title = plan_task(project, model, card, options, **rest)
    return JobStore(root).create(new_spec(KIND, task.arguments, title=title))


def work_on(job: Job, should_stop=lambda: False) -> bool:
    log = EventLog(job.folder / EVENTS)
    try:
        return run_segment_job(job, Report(log), should_stop)
    finally:
        log.close()


@pytest.fixture
def halves(monkeypatch: pytest.MonkeyPatch) -> Halves:
    """A network that is none, in place of whatever is loaded."""
    model = Halves()
    automatic = SimpleNamespace(RunOptions=Options, load_automatic=lambda name, device: model)
    monkeypatch.setitem(sys.modules, "napari_medssl.segment.automatic", automatic)
    fit = SimpleNamespace(fitness=fitness)
    monkeypatch.setitem(sys.modules, "napari_medssl.segment.fitness", fit)
    monkeypatch.setattr(trained, "find_trained", lambda name: (Path("ct.safetensors"), CARD))
    return model


def test_every_case_gets_its_proposal_beside_an_open_window(tmp_path: Path, halves) -> None:
    with study_of(tmp_path / "study", [(6, 8, 10), (6, 8, 12), (6, 8, 9)]) as project:
        job = job_for(project, "ct", CARD, tmp_path / "jobs")
        assert job.spec.title == "'Organs in CT' on 3 cases"
        assert work_on(job)
        assert [one.case for one in pending(project)] == ["case-001", "case-003"]
    status = job.status()
    assert status.warnings == ("case-002 was left out: It is too wide.",)
    assert (status.done, status.total, status.doing) == (3, 3, "Case 3 of 3")
    events = job.events()[0]
    told = [event.facts for event in events if event.kind == "metric"]
    assert [(one["step"], one["case"]) for one in told] == [(1, "case-001"), (2, "case-003")]
    assert all(one["seconds_a_case"] >= 0 for one in told)
    progress = [event.facts for event in events if event.kind == "progress"]
    assert progress[0]["doing"] == "Loading the model"
    assert "Case 1 of 3, part 1 of 1" in [one["doing"] for one in progress]
    report = read_report(job.artifacts)
    assert (report.done, list(report.left_out)) == (("case-001", "case-003"), ["case-002"])
    assert "scan" not in (job.folder / EVENTS).read_text()


def test_what_was_finished_is_not_done_again_and_a_warning_not_said_twice(
    tmp_path: Path, halves
) -> None:
    with study_of(tmp_path / "study", [(6, 8, 12), (6, 8, 9), (6, 8, 8), (6, 8, 7)]) as project:
        job = job_for(project, "ct", CARD, tmp_path / "jobs", again=True)
        assert not work_on(job, should_stop=lambda: len(pending(project)) == 2)
        assert read_report(job.artifacts).stopped
        before = {one.case: one.made for one in pending(project)}
        assert list(before) == ["case-002", "case-003"]
        files = [tmp_path / "study" / "proposals" / f"{case}.npz" for case in before]
        times = [file.stat().st_mtime_ns for file in files]
        assert work_on(job)
        assert [file.stat().st_mtime_ns for file in files] == times
        assert [one.case for one in pending(project)] == ["case-002", "case-003", "case-004"]
    assert len(job.status().warnings) == 1
    assert read_report(job.artifacts).done == ("case-002", "case-003", "case-004")


def test_another_model_under_the_same_name_fails_with_a_sentence(tmp_path: Path, halves) -> None:
    with study_of(tmp_path / "study", [(6, 8, 10)]) as project:
        was = SimpleNamespace(title="Organs in CT", sha256="0ld0ld0ld")
        job = job_for(project, "ct", was, tmp_path / "jobs")
        with pytest.raises(UsageError, match=r"'ct', which has changed .*expected 0ld0ld0l"):
            work_on(job)
        assert pending(project) == ()


def test_a_spec_that_is_not_whole_is_a_sentence(tmp_path: Path) -> None:
    job = JobStore(tmp_path).create(new_spec(KIND, {"project": "a"}))
    with pytest.raises(UnreadableFileError, match="Start it anew"):
        work_on(job)


@pytest.mark.slow
def test_a_killed_job_goes_on_to_the_same_result(tmp_path: Path, monkeypatch) -> None:
    """Real processes, killed again and again in the middle of a case and between two."""
    monkeypatch.setenv(WINDOW_S, "0.02")
    shapes, draw, kills = [(8, 12, 12)] * 5, random.Random(4), 0  # noqa: S311
    with study_of(tmp_path / "study", shapes) as project:
        job = job_for(project, "ct-organs", PROCESS_CARD, tmp_path / "jobs")
        while job.status().state != "done":
            ENGINE.submit(job)
            until = time.monotonic() + (draw.uniform(0.05, 0.3) if kills < 4 else 60)
            while not (job.status().is_over or time.monotonic() > until):
                time.sleep(0.01)
            process = read_process(job.folder)
            if process is not None and not job.status().is_over:
                os.kill(process.pid, signal.SIGKILL)
                kills += 1
                while not job.status().is_over:
                    time.sleep(0.01)
            assert job.status().state in ("done", "interrupted"), job.status().message
        assert kills >= 2
        killed = {one.case: read_proposal(project, one.case) for one in pending(project)}
        left = {file.name for file in (tmp_path / "study" / "proposals").glob("*.npz")}
        assert left == {f"{case}.npz" for case in killed}
    use_no_network(monkeypatch.setattr, partial(monkeypatch.setitem, sys.modules))
    with study_of(tmp_path / "other" / "study", shapes) as project:
        assert work_on(job_for(project, "ct-organs", PROCESS_CARD, tmp_path / "jobs"))
        whole = {one.case: read_proposal(project, one.case) for one in pending(project)}
    assert list(killed) == list(whole) == [f"case-{n:03d}" for n in range(1, 6)]
    for case, found in whole.items():
        kept = killed[case]
        assert found is not None
        assert kept is not None
        assert np.array_equal(kept.labels, found.labels)
        assert (kept.weights_sha256, kept.settings) == (found.weights_sha256, found.settings)
    assert len({found.labels.tobytes() for found in whole.values() if found is not None}) == 5
    assert read_report(job.artifacts).done == tuple(killed)


@pytest.mark.slow
def test_a_real_network_in_a_process_finds_what_it_finds_here(tmp_path: Path) -> None:
    from tiny_model import keep_tiny_model

    path = keep_tiny_model()
    with study_of(tmp_path / "study", [(12, 24, 24)]) as project:
        done = CliRunner().invoke(
            project_app,
            ["segment", str(project.folder), "--model", "tiny", "--background", "--json"],
        )
        assert done.exit_code == 0, done.output
        job = Job.at(Path(json.loads(done.stdout)["folder"]))
        while not job.status().is_over:
            time.sleep(0.1)
        assert job.status().state == "done", job.status().message
        there = read_proposal(project, "case-001")
        project_app_done = CliRunner().invoke(
            project_app, ["segment", str(project.folder), "--model", str(path), "--again"]
        )
        assert project_app_done.exit_code == 0, project_app_done.output
        here = read_proposal(project, "case-001")
    assert there is not None
    assert here is not None
    assert there.labels.any()
    assert np.array_equal(there.labels, here.labels)
    assert (there.weights_sha256, there.settings) == (here.weights_sha256, here.settings)
