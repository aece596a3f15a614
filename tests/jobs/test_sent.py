from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from tiny_jobs import tiny_job

from napari_medssl.jobs import Job
from napari_medssl.jobs.events import EVENTS, EventLog
from napari_medssl.jobs.sent import (
    PATIENCE_S,
    Heard,
    Sent,
    life_of,
    note_silence,
    read_heard,
    read_sent,
    write_heard,
    write_sent,
)


@pytest.fixture
def job(tmp_path: Path) -> Job:
    """A job that runs on a cluster and told something ten minutes ago."""
    made = tiny_job(tmp_path)
    log = EventLog(made.folder / EVENTS)
    log.append("state", state="running")
    log.close()
    os.utime(made.folder / EVENTS, (time.time() - 600,) * 2)
    write_sent(made.folder, Sent("gpu", "job 7", 1))
    return made


def test_of_this_machine_nothing_is_known(tmp_path: Path) -> None:
    assert life_of(tiny_job(tmp_path).folder) is None


def test_the_cluster_is_believed(job: Job) -> None:
    now = time.time()
    assert job.life().at_work
    write_heard(job.folder, Heard("works", at=now, asked=now))
    assert job.status().state == "running"
    write_heard(job.folder, Heard("over", "It ended on 'gpu'.", at=now, asked=now))
    status = job.status()
    assert (status.state, status.message) == ("interrupted", "It ended on 'gpu'.")
    log = EventLog(job.folder / EVENTS)
    log.append("state", state="done")
    log.close()
    assert job.status().state == "done"


def test_waiting_for_room_is_told(tmp_path: Path) -> None:
    job = tiny_job(tmp_path)
    write_sent(job.folder, Sent("gpu", "job 7", 1))
    write_heard(job.folder, Heard("waits", at=time.time(), asked=time.time()))
    status = job.status()
    assert (status.state, status.doing) == ("queued", "Waiting for room on 'gpu'")


def test_a_silent_cluster_is_believed_for_a_while(job: Job) -> None:
    now = time.time()
    write_heard(job.folder, Heard("works", at=now - PATIENCE_S / 2, asked=now - 10))
    note_silence(job.folder, "'gpu' does not answer.")
    assert job.status().state == "running"
    write_heard(job.folder, Heard("works", at=now - PATIENCE_S - 9, asked=now - 10, lines=4))
    note_silence(job.folder, "'gpu' does not answer.")
    status = job.status()
    assert status.state == "interrupted"
    assert status.message.startswith("'gpu' does not answer. Nothing was heard of the job since")
    heard = read_heard(job.folder)
    assert heard is not None
    assert heard.lines == 4
    os.utime(job.folder / EVENTS)  # the job itself tells through the shared folder
    assert job.status().state == "running"


def test_damaged_notes_are_no_notes(job: Job) -> None:
    (job.folder / "sent.json").write_text("{")
    assert read_sent(job.folder) is None
    (job.folder / "sent.json").write_text('{"a": 1}')
    assert read_sent(job.folder) is None


def test_sent_again_what_was_heard_counts_no_more(job: Job) -> None:
    write_heard(job.folder, Heard("over", at=1, asked=1))
    write_sent(job.folder, Sent("gpu", "job 8", 2))
    assert read_heard(job.folder) is None
