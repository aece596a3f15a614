from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from napari_medssl.cli import app
from napari_medssl.jobs import Job, JobStore, new_spec
from napari_medssl.jobs.events import EVENTS, EventLog
from napari_medssl.jobs.files import put_json
from napari_medssl.jobs.process import Process


def medssl(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["jobs", *[str(argument) for argument in arguments]])


@pytest.fixture
def job(tmp_path: Path) -> Job:
    """A job whose process was killed in the middle."""
    made = JobStore(tmp_path).create(new_spec("count", {}, title="Counting", seed=3))
    log = EventLog(made.folder / EVENTS)
    log.append("state", state="running")
    log.append("progress", done=1, total=4, doing="Step 1", seconds_left=90)
    log.append("metric", step=1, loss=0.123456)
    log.append("warning", text="Few cases.")
    log.close()
    here = Process.this()
    put_json(made.folder / "process.json", {"pid": here.pid, "began": "1", "host": here.host})
    return made


def test_jobs_are_listed_and_shown(job: Job, tmp_path: Path) -> None:
    assert "There is no job yet." in medssl("list", "--folder", tmp_path / "none").output
    listed = medssl("list", "--folder", tmp_path).output
    for word in ("Counting", "interrupted", "25 %", "cpu"):
        assert word in listed
    (row,) = json.loads(medssl("list", "--folder", tmp_path, "--json").stdout)
    assert (row["id"], row["state"], row["metrics"]["loss"]) == (
        job.spec.id,
        "interrupted",
        0.123456,
    )
    shown = medssl("show", job.folder)
    for words in ("Step 1", "loss         0.1235", "Note: Few cases.", "ended without a word"):
        assert words in shown.output
    missing = medssl("show", "nothing", "--folder", tmp_path)
    assert missing.exit_code == 2
    assert "there is no job 'nothing'" in missing.output


def test_watching_ends_with_the_job(job: Job, tmp_path: Path) -> None:
    watched = medssl("watch", job.folder)
    assert watched.exit_code == 1
    assert "The job is interrupted." in watched.output
    lines = [json.loads(one) for one in medssl("watch", job.folder, "--json").stdout.splitlines()]
    assert [one["event"] for one in lines] == ["state", "progress", "metric", "warning"]
    log = EventLog(job.folder / EVENTS)
    log.append("state", state="done")
    log.close()
    assert medssl("watch", job.folder).exit_code == 0


def test_an_interrupted_job_can_be_cancelled(job: Job, tmp_path: Path) -> None:
    done = medssl("cancel", job.spec.id, "--folder", tmp_path)
    assert done.exit_code == 0, done.output
    assert "cancelled since" in done.output
    again = medssl("cancel", job.spec.id, "--folder", tmp_path)
    assert again.exit_code == 2
    assert "is cancelled already" in again.output


def test_a_job_on_another_machine_is_left_alone(job: Job, tmp_path: Path) -> None:
    put_json(job.folder / "process.json", {"pid": 1, "began": "1", "host": "elsewhere"})
    assert json.loads(medssl("show", job.folder, "--json").stdout)["state"] == "running"
    for verb in ("cancel", "resume"):
        done = medssl(verb, job.folder)
        assert done.exit_code == 2
        assert "runs on another machine" in done.output


def test_a_kind_that_nobody_knows_fails_in_a_sentence(tmp_path: Path) -> None:
    job = JobStore(tmp_path).create(new_spec("party", {}))
    command = [sys.executable, "-m", "napari_medssl", "jobs", "exec", str(job.folder)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 1
    assert job.status().state == "failed"
    assert "a job of the kind 'party'; expected" in job.status().message
    log = medssl("log", job.folder).output
    assert "UsageError" in log
    assert str(tmp_path) not in log
    stray = medssl("exec", tmp_path)
    assert stray.exit_code == 1
    assert "expected the folder of a job" in stray.output


@pytest.mark.parametrize(
    ("seconds", "words"), [(12.0, "12 s"), (300, "5 min"), (7500, "2 h 5 min")]
)
def test_the_time_left_in_words(seconds: float, words: str) -> None:
    from napari_medssl.cli.jobs import _left
    from napari_medssl.jobs import Status

    assert _left(Status("running", seconds_left=seconds)) == f", about {words} left"
