"""Engines are named, listed, asked and forgotten; jobs go to them and are looked after there."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from napari_medssl.cli import app
from napari_medssl.cli.jobs_work import path_pairs
from napari_medssl.errors import MedSSLError, UsageError
from napari_medssl.jobs import Job, JobStore, new_spec
from napari_medssl.jobs.cluster import Glimpse
from napari_medssl.jobs.events import EVENTS, EventLog
from napari_medssl.jobs.ray import RayCluster
from napari_medssl.jobs.sent import Sent, write_sent


def medssl(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["jobs", *[str(argument) for argument in arguments]])


def test_engines_are_named_listed_and_forgotten() -> None:
    assert medssl("engines", "list").output == "here         this machine\n"
    done = medssl(
        "engines", "add", "gpu", "--ray", "http://127.0.0.1:8265", "--gpus", 2, "--packed"
    )
    assert done.exit_code == 0, done.output
    done = medssl("engines", "add", "hpc", "--slurm", "--partition", "night", "--hours", 4)
    assert done.exit_code == 0, done.output
    listed = medssl("engines", "list").output
    assert "Ray at http://127.0.0.1:8265, 2 GPUs and 1 core a job, images packed" in listed
    assert "Slurm, partition night, no GPU and 1 core a job, 4 h at once" in listed
    told = json.loads(medssl("engines", "list", "--json").stdout)
    assert (told["gpu"]["gpus"], told["hpc"]["hours"]) == (2, 4)
    assert "forgotten" in medssl("engines", "remove", "hpc").output
    assert "hpc" not in medssl("engines", "list").output


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "neither --ray nor --slurm"),
        (["--ray", "http://127.0.0.1:1", "--slurm"], "neither --ray nor --slurm"),
        (["--slurm", "--packed"], "--packed for a cluster of the other kind"),
        (["--slurm", "--path", "/a=/b"], "--path for a cluster of the other kind"),
        (["--ray", "http://127.0.0.1:1", "--hours", "3"], "--hours for a cluster"),
        (["--ray", "http://127.0.0.1:1", "--path", "/a"], "--path without both"),
        (["--slurm", "--gpus", "-1"], "gpus -1"),
    ],
)
def test_what_does_not_fit_is_a_sentence(arguments: list[str], said: str) -> None:
    done = medssl("engines", "add", "one", *arguments)
    assert done.exit_code == 2
    assert said in done.output
    assert medssl("engines", "list").output == "here         this machine\n"


def test_asked_it_answers_or_says_why_not(monkeypatch: pytest.MonkeyPatch) -> None:
    assert medssl("engines", "test", "here").output == "This machine.\n"
    assert "there is no engine 'gpu'" in medssl("engines", "test", "gpu").output
    medssl("engines", "add", "gpu", "--ray", "http://127.0.0.1:9")
    silent = medssl("engines", "test", "gpu")
    assert silent.exit_code == 1
    assert "'gpu' does not answer" in silent.output
    monkeypatch.setattr(RayCluster, "check", lambda _: "Ray 3 answers.")
    assert medssl("engines", "test", "gpu").output == "Ray 3 answers.\n"


@pytest.fixture
def job(tmp_path: Path) -> Job:
    """A job that was sent to a cluster."""
    medssl("engines", "add", "gpu", "--ray", "http://127.0.0.1:9")
    made = JobStore(tmp_path).create(new_spec("count", {}, title="Counting"))
    log = EventLog(made.folder / EVENTS)
    log.append("state", state="running")
    log.close()
    write_sent(made.folder, Sent("gpu", "7", 1))
    return made


def test_its_jobs_are_looked_after_there(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []

    def look(_: RayCluster, handle: str) -> Glimpse:
        asked.append(handle)
        return Glimpse("over", "Exit code 137.")

    monkeypatch.setattr(RayCluster, "look", look)
    facts = json.loads(medssl("show", job.folder, "--json").stdout)
    assert (facts["state"], facts["engine"]) == ("interrupted", "gpu")
    assert "Exit code 137." in facts["message"]
    assert asked == ["7"]
    assert "cpu of gpu" in medssl("list", "--folder", job.folder.parent).output


def test_silence_is_a_sentence(job: Job) -> None:
    for verb in ("cancel", "resume"):
        done = medssl(verb, job.folder)
        assert done.exit_code == 1
        assert "'gpu' does not answer" in done.output


def test_pairs_of_folders() -> None:
    assert path_pairs(["/a=/b", "/c=/d=e"]) == {"/a": "/b", "/c": "/d=e"}
    assert path_pairs(None) == {}
    with pytest.raises(UsageError):
        path_pairs(["=/b"])
    assert issubclass(UsageError, MedSSLError)
