"""Finished encoders are offered once, by whoever comes by."""

from __future__ import annotations

from pathlib import Path

import pytest
from learning_projects import balls
from made_encoders import leave_encoder
from typer.testing import CliRunner, Result

from napari_medssl.cli import app
from napari_medssl.cli.encoders import offer_finished
from napari_medssl.jobs import Job, JobStore, LocalEngine, jobs_folder, new_spec
from napari_medssl.jobs.events import EVENTS, EventLog
from napari_medssl.models.trained import read_card, trained_cards
from napari_medssl.pretrain.offered import withdraw_encoder
from napari_medssl.pretrain.plan import WEIGHTS


def job(store: JobStore, state: str, kind: str = "pretrain") -> Job:
    made = store.create(new_spec(kind, {}))
    log = EventLog(made.folder / EVENTS)
    log.append("state", state=state)
    log.close()
    leave_encoder(made.artifacts, made.spec.id.encode())
    return made


def test_those_that_are_done_are_offered_once(tmp_path: Path) -> None:
    store = JobStore(tmp_path)
    done = job(store, "done")
    for state, kind in (("cancelled", "pretrain"), ("done", "learn")):
        job(store, state, kind)
    [line] = offer_finished(store.jobs())
    [name] = trained_cards()
    assert f"is offered as '{name}'" in line
    assert "unless --init says otherwise" in line
    assert offer_finished(store.jobs()) == []
    withdraw_encoder(done.artifacts)
    assert offer_finished(store.jobs()) == [], "whoever took it back is not asked again"


def test_one_that_is_spoilt_is_said(tmp_path: Path) -> None:
    store = JobStore(tmp_path)
    (job(store, "done").artifacts / WEIGHTS).write_bytes(b"others")
    [line] = offer_finished(store.jobs())
    assert "is not offered:" in line
    assert trained_cards() == {}


def test_learning_in_a_project_begins_with_it_and_says_so(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(LocalEngine, "submit", lambda *_: None)
    study, store = balls(tmp_path, 2), JobStore(jobs_folder())
    job(store, "done")
    learn = ("project", "learn", study, "--background", "--threads", "1", "--device", "cpu")
    said = medssl(*learn).output
    [name] = trained_cards()
    assert f"is offered as '{name}'" in said
    assert "It begins with 'Barlow twins, scans', which learned without masks (barlow)" in said
    declined = medssl(*learn, "--init", "scratch").output
    assert "It begins with random weights, as asked." in declined
    starts = [one.spec.arguments["start"] for one in store.jobs() if one.spec.kind == "learn"]
    assert [Path(start).stem for start in starts] == ["", name], "the newest first"


@pytest.mark.slow
def test_a_network_learns_from_the_scans_of_a_project(tmp_path: Path) -> None:
    study, looked = balls(tmp_path, 4), tmp_path / "looked"
    asked = ("--method", "simmim", "--images", study, "--out", looked, "--set", "batch=2")
    done = medssl("pretrain", *asked, "--steps", "2", "--threads", "1", "--device", "cpu")
    assert "Learned by Hidden cells (SimMIM) from 4 images" in done.output
    assert "'Hidden cells (SimMIM), scans of a project' is offered as 'simmim-" in done.output
    card = read_card(looked / "artifacts" / WEIGHTS)
    assert card.trained_on == tuple(f"case-{n:03d}" for n in range(1, 5))


def medssl(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])
