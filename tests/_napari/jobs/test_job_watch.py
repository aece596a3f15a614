"""Watching jobs, without a window and without a thread."""

from __future__ import annotations

import logging
import shutil

import pytest
from fake_work import FakeWork

from napari_medssl._napari.presenters.jobs.watch import JobWatch
from napari_medssl.errors import MedSSLError
from napari_medssl.jobs import JobStore, new_spec
from napari_medssl.jobs.events import EVENTS, EventLog
from napari_medssl.jobs.files import put_json
from napari_medssl.jobs.job import Job
from napari_medssl.jobs.process import write_process


class Bench:
    """A store with a watch, and all looks that were told."""

    def __init__(self, root) -> None:
        self.store, self.work = JobStore(root), FakeWork()
        self.watch = JobWatch(self.store, self.work)
        self.looks = []
        self.deafen = self.watch.listen(self.looks.append)

    def job(self, **rest) -> tuple[Job, EventLog]:
        """A job that this process works on."""
        made = self.store.create(new_spec("count", {}), **rest)
        write_process(made.folder)
        log = EventLog(made.folder / EVENTS)
        log.append("state", state="running")
        return made, log

    def look(self):
        """Look; return what was told, if anything was."""
        before = len(self.looks)
        self.watch.look()
        self.work.answer_all()
        return self.looks[-1] if len(self.looks) > before else None


@pytest.fixture
def bench(tmp_path):
    return Bench(tmp_path / "jobs")


def test_an_empty_store_is_told_once(bench):
    assert bench.look().jobs == ()
    assert bench.look() is None


def test_what_a_job_tells_comes_as_news(bench, tmp_path):
    job, log = bench.job()
    elsewhere, other = bench.job(at=tmp_path / "elsewhere")
    log.append("metric", step=1, loss=0.5)
    first = bench.look()
    assert {one.job.spec.id for one in first.changed} == {job.spec.id, elsewhere.spec.id}
    assert all(one.before is None and one.news == () for one in first.jobs)
    assert bench.look() is None
    log.append("metric", step=2, loss=0.25)
    log.append("progress", done=2, total=4, doing="Counting", seconds_left=3)
    (seen,) = bench.look().changed
    assert [event.kind for event in seen.news] == ["metric", "progress"]
    assert (seen.status.done, seen.status.seconds_left) == (2, 3)
    assert seen.status.metrics == {"step": 2, "loss": 0.25}
    assert not seen.has_ended
    log.append("state", state="done")
    (seen,) = bench.look().changed
    assert seen.has_ended
    assert seen.status == job.status()
    assert bench.look() is None
    assert len(bench.watch.jobs) == 2
    assert not any(one.has_ended for one in bench.watch.jobs)
    log.close()
    other.close()


def test_a_killed_job_and_one_that_goes_on_again_are_noticed(bench):
    job, log = bench.job()
    bench.look()
    write_process(job.folder)
    put_json(job.folder / "process.json", {"pid": 1, "began": "never", "host": _host(job)})
    (seen,) = bench.look().changed
    assert (seen.status.state, seen.has_ended) == ("interrupted", True)
    write_process(job.folder)
    log.append("state", state="queued")
    (seen,) = bench.look().changed
    assert (seen.before, seen.status.state) == ("interrupted", "queued")
    log.close()


def test_jobs_come_and_go(bench):
    job, log = bench.job()
    log.append("state", state="done")
    log.close()
    bench.look()
    (bench.store.root / "half").mkdir()  # a folder whose spec is not written yet
    assert bench.look() is None
    new, log = bench.job()
    log.close()
    assert [one.job.spec.id for one in bench.look().changed] == [new.spec.id]
    shutil.rmtree(job.folder)
    look = bench.look()
    assert look.gone == (job.spec.id,)
    assert [one.job.spec.id for one in look.jobs] == [new.spec.id]
    bench.deafen()
    shutil.rmtree(new.folder)
    assert bench.look() is None


def test_ended_jobs_are_not_read_again(bench, monkeypatch):
    for _ in range(3):
        _, log = bench.job()
        log.append("state", state="failed", message="Why.")
        log.close()
    bench.look()

    def read(*_):
        raise AssertionError("read again")

    monkeypatch.setattr(Job, "events", read)
    monkeypatch.setattr(Job, "life", read)
    assert bench.look() is None


def test_one_look_at_a_time(bench):
    bench.watch.look()
    bench.watch.look()
    assert len(bench.work.jobs) == 1


def test_a_look_that_fails_is_logged_once_and_tried_again(bench, monkeypatch, caplog):
    job, log = bench.job()
    log.close()
    with monkeypatch.context() as broken, caplog.at_level(logging.ERROR):
        broken.setattr(JobStore, "entries", _fail)
        assert bench.look() is None
        assert bench.look() is None
        assert len(caplog.records) == 1
    assert bench.look().jobs[0].job.spec.id == job.spec.id


def _fail(*_):
    raise MedSSLError("the disk is gone")


def _host(job: Job) -> str:
    from napari_medssl.jobs.process import read_process

    return read_process(job.folder).host
