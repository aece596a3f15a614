"""``medssl project apply`` with networks that are none; the last test starts a real one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from applied_projects import Networks, study_of, use, work_on
from tiny_model import keep_tiny_model
from typer.testing import CliRunner, Result

from napari_medssl.cli import app
from napari_medssl.jobs import JobStore, LocalEngine
from napari_medssl.models import device
from napari_medssl.models.trained import read_card
from napari_medssl.project import open_project
from napari_medssl.project.segment_task import SegmentTask
from napari_medssl.project.versions import accept, add_candidate


def medssl(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture
def networks(monkeypatch: pytest.MonkeyPatch) -> Networks:
    return Networks(monkeypatch)


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Do jobs at once, in this process."""

    def submit(self: LocalEngine, job) -> None:
        from napari_medssl.jobs import Report
        from napari_medssl.jobs.events import EVENTS, EventLog

        whole = work_on(job)
        log = EventLog(job.folder / EVENTS)
        Report(log).state("done" if whole else "cancelled")
        log.close()

    monkeypatch.setattr(LocalEngine, "submit", submit)
    monkeypatch.setattr(device, "pick_device", lambda wanted: wanted)


def test_cases_get_proposals_and_places_and_a_corrupt_one_is_named(
    tmp_path: Path, networks: Networks, here
) -> None:
    with study_of(tmp_path) as project:
        use(project, tmp_path, b"first")
    (tmp_path / "scan2.nii.gz").write_bytes(b"nothing")
    arguments = ("project", "apply", tmp_path / "study", "--folder", tmp_path / "jobs")
    done = medssl(*arguments, "--device", "cpu", "--json")
    assert done.exit_code == 1, "one is left out"
    told = json.loads(done.stdout)
    assert told["done"] == ["case-002", "case-004"]
    assert list(told["left_out"]) == ["case-003"]
    places = {row["case"]: row["place"] for row in told["queue"]}
    assert places["case-003"] == 3
    done = medssl(*arguments, "--device", "cpu")
    assert "0 cases got a proposal, 2 had it before." in done.stdout
    assert "! case-003: " in done.stdout
    assert "place" in done.stdout


def test_in_the_background_the_job_tells_its_id(tmp_path, networks, here) -> None:
    with study_of(tmp_path) as project:
        use(project, tmp_path, b"first")
    place = ("--folder", tmp_path / "jobs", "--device", "cpu", "--threads", 1)
    done = medssl("project", "apply", tmp_path / "study", *place, "--background", "--json")
    assert done.exit_code == 0, done.output
    job = JobStore(tmp_path / "jobs").find(json.loads(done.stdout)["id"])
    task = SegmentTask.of(job.spec.arguments)
    assert (task.scores, task.threads) == (True, 1)


def test_a_job_that_was_stopped_says_how_to_go_on(tmp_path, networks, here) -> None:
    networks.most = 1
    with study_of(tmp_path) as project:
        use(project, tmp_path, b"first")
    place = ("--folder", tmp_path / "jobs", "--device", "cpu")
    done = medssl("project", "apply", tmp_path / "study", *place)
    assert done.exit_code == 1
    assert "is cancelled" in done.stdout
    assert "Go on: medssl jobs resume" in done.stdout


def test_without_a_model_in_use_it_says_the_next_step(tmp_path: Path) -> None:
    study_of(tmp_path).close()
    done = medssl("project", "apply", tmp_path / "study", "--device", "cpu")
    assert done.exit_code == 2
    assert "Learn one with 'medssl project learn'" in " ".join(done.output.split())


@pytest.mark.slow
def test_as_a_user_starts_it(tmp_path: Path) -> None:
    weights = keep_tiny_model("learned")
    with study_of(tmp_path) as project:
        card = read_card(weights)
        figures = {"verdict": {"kind": "better", "words": "Better."}}
        accept(project, add_candidate(project, weights, card, {"case-001": "a"}, figures), anyway=1)
    place = ("--folder", tmp_path / "jobs", "--device", "cpu", "--threads", 1)
    done = medssl("project", "apply", tmp_path / "study", *place, "--json")
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert told["done"] == ["case-002", "case-003", "case-004"]
    assert all(0 <= row["gain"] <= 1 for row in told["queue"])
    with open_project(tmp_path / "study", read_only=True) as project:
        assert {case.status for case in project.cases()} == {"done", "new"}
