from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from napari_medssl.errors import SaveError
from napari_medssl.jobs import Event, JobStore, new_spec
from napari_medssl.jobs.events import EVENTS, EventLog
from napari_medssl.jobs.files import put_json
from napari_medssl.jobs.job import status_from
from napari_medssl.jobs.process import write_process


def test_a_status_is_what_was_told_last() -> None:
    events = [
        Event("state", 1, {"state": "running"}),
        Event("progress", 2, {"done": 1, "total": 4, "doing": "Epoch 1", "seconds_left": 30}),
        Event("metric", 3, {"step": 1, "loss": 0.5}),
        Event("warning", 3, {"text": "Few cases."}),
        Event("metric", 4, {"step": 2, "loss": 0.25}),
    ]
    status = status_from(events)
    assert (status.state, status.done, status.total, status.since) == ("running", 1, 4, 1)
    assert (status.doing, status.seconds_left) == ("Epoch 1", 30)
    assert (dict(status.metrics), status.warnings) == ({"step": 2, "loss": 0.25}, ("Few cases.",))
    over = status_from([*events, Event("state", 5, {"state": "failed", "message": "Why."})])
    assert (over.state, over.message, over.seconds_left, over.is_over) == (
        "failed",
        "Why.",
        None,
        True,
    )


def test_running_is_believed_only_while_the_process_lives(tmp_path: Path) -> None:
    job = JobStore(tmp_path).create(new_spec("count", {}))
    log = EventLog(job.folder / EVENTS)
    log.append("state", state="running")
    write_process(job.folder)
    assert job.status().state == "running"
    # the number was given to another process: here, to the one that runs this test
    from napari_medssl.jobs.process import Process

    here = Process.this()
    put_json(job.folder / "process.json", {"pid": here.pid, "began": "1", "host": here.host})
    assert job.status().state == "interrupted"
    log.append("state", state="done")
    log.close()
    assert job.status().state == "done"


def test_a_job_that_nobody_began_is_not_queued_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = JobStore(tmp_path).create(new_spec("count", {}))
    assert job.status().state == "queued"
    old = replace(job, spec=replace(job.spec, created="2020-01-01T00:00:00+00:00"))
    assert old.status().state == "interrupted"


def test_a_job_is_asked_to_stop_without_waiting(tmp_path: Path) -> None:
    job = JobStore(tmp_path).create(new_spec("count", {}))
    assert not job.stop_asked
    job.ask_to_stop()
    assert job.stop_asked
    gone = replace(job, folder=tmp_path / "gone")
    with pytest.raises(SaveError):
        gone.ask_to_stop()
