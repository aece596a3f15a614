"""A cluster that is made up runs real processes here, or does not answer."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from tiny_jobs import ENGINE, ended, tiny_job, wait_for

from napari_medssl.errors import NoAnswerError, UsageError
from napari_medssl.jobs import Job, cluster
from napari_medssl.jobs.cluster import ClusterEngine, Glimpse
from napari_medssl.jobs.sent import read_heard, read_sent


@dataclass
class MadeUp:
    """Runs what it is sent as a process, unless it has no room or no voice."""

    answers: bool = True
    has_room: bool = True
    asked: int = 0
    begun: list[subprocess.Popen[bytes] | None] = field(default_factory=list)
    processes: dict[str, subprocess.Popen[bytes] | None] = field(default_factory=dict)

    def check(self) -> str:
        return "Here."

    def send(self, job: Job, attempt: int) -> str:
        self._answer()
        handle = f"{job.spec.id}-{attempt}"
        command = [*ENGINE.command, str(job.folder)]
        self.processes[handle] = subprocess.Popen(command) if self.has_room else None
        self.begun.append(self.processes[handle])
        return handle

    def look(self, handle: str) -> Glimpse:
        self._answer()
        self.asked += 1
        process = self.processes.get(handle)
        if process is None:
            return Glimpse("waits" if handle in self.processes else "over")
        code = process.poll()
        return Glimpse("works") if code is None else Glimpse("over", f"Exit code {code}.")

    def printed(self, job: Job, handle: str) -> str:
        self._answer()
        return "From the cluster.\n"

    def end(self, handle: str) -> None:
        self._answer()
        process = self.processes.pop(handle)
        if process is not None:
            process.kill()
            process.wait()

    def _answer(self) -> None:
        if not self.answers:
            raise NoAnswerError("'gpu' does not answer")


@pytest.fixture(autouse=True)
def _ask_always(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "_ASK_EVERY_S", 0.0)
    monkeypatch.setattr(cluster, "_ASK_A_SILENT_ONE_EVERY_S", 0.0)
    monkeypatch.setattr(cluster, "_LOOK_EVERY_S", 0.05)


@pytest.fixture
def made_up() -> Iterator[MadeUp]:
    found = MadeUp()
    yield found
    for process in filter(None, found.begun):
        process.kill()
        process.wait()


@pytest.fixture
def engine(made_up: MadeUp) -> ClusterEngine:
    return ClusterEngine("gpu", made_up)


def test_a_job_is_sent_and_ends(engine: ClusterEngine, tmp_path: Path) -> None:
    job = tiny_job(tmp_path, steps=20)
    engine.submit(job)
    sent = read_sent(job.folder)
    assert sent is not None
    assert (sent.engine, sent.attempt) == ("gpu", 1)
    wait_for(lambda: engine.status(job).is_over)
    assert job.status().state == "done"
    with pytest.raises(UsageError, match="is done"):
        engine.submit(job)
    with pytest.raises(UsageError, match="is done already"):
        engine.stop(job)


def test_one_that_was_killed_is_interrupted_and_goes_on(
    engine: ClusterEngine, made_up: MadeUp, tmp_path: Path
) -> None:
    job = tiny_job(tmp_path, steps=100)
    engine.submit(job)
    wait_for(lambda: engine.status(job).done > 3)
    with pytest.raises(UsageError, match="is at work on 'gpu' already"):
        engine.submit(job)
    for process in made_up.processes.values():
        assert process is not None
        process.kill()
    wait_for(lambda: engine.status(job).is_over)
    status = job.status()
    assert status.state == "interrupted"
    assert "ended on 'gpu' without a word. Exit code -9." in status.message
    engine.submit(job)
    assert read_sent(job.folder).attempt == 2  # type: ignore[union-attr]
    wait_for(lambda: engine.status(job).is_over)
    assert job.status().state == "done"
    whole = tiny_job(tmp_path, steps=100, pause=0)
    ENGINE.submit(whole)
    assert ended(whole) == "done"
    results = [(one.artifacts / "result").read_text() for one in (job, whole)]
    assert results[0] == results[1]


def test_stopping_keeps_the_best(engine: ClusterEngine, tmp_path: Path) -> None:
    job = tiny_job(tmp_path, steps=10_000)
    engine.submit(job)
    wait_for(lambda: engine.status(job).done > 3)
    status = engine.stop(job, patience_s=30)
    assert (status.state, status.message) == (
        "cancelled",
        "It was stopped; the best so far is kept.",
    )


def test_one_that_does_not_hear_is_ended(engine: ClusterEngine, tmp_path: Path) -> None:
    job = tiny_job(tmp_path, "hang")
    engine.submit(job)
    wait_for(lambda: engine.status(job).doing == "Hanging")
    assert engine.stop(job, patience_s=0.2).state == "cancelled"
    from napari_medssl.jobs.process import end_processes

    child = int((job.artifacts / "child").read_text())
    end_processes(job.spec.id, 1)
    import psutil

    if psutil.pid_exists(child):
        psutil.Process(child).kill()


def test_one_that_waits_is_cancelled_at_once(
    engine: ClusterEngine, made_up: MadeUp, tmp_path: Path
) -> None:
    made_up.has_room = False
    job = tiny_job(tmp_path)
    engine.submit(job)
    assert engine.status(job).state == "queued"
    assert engine.stop(job, patience_s=5).state == "cancelled"


def test_sent_to_nobody_it_fails_in_a_sentence(
    engine: ClusterEngine, made_up: MadeUp, tmp_path: Path
) -> None:
    made_up.answers = False
    job = tiny_job(tmp_path, steps=3)
    with pytest.raises(NoAnswerError, match="'gpu' does not answer"):
        engine.submit(job)
    status = engine.status(job)
    assert (status.state, status.message) == ("failed", "'gpu' does not answer.")
    made_up.answers = True
    engine.submit(job)  # it stays with the engine it was meant for
    wait_for(lambda: engine.status(job).is_over)
    assert job.status().state == "done"


def test_silence_is_noted_and_ends_when_there_is_an_answer(
    engine: ClusterEngine,
    made_up: MadeUp,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from napari_medssl.jobs import sent

    job = tiny_job(tmp_path, "hang")
    engine.submit(job)
    wait_for(lambda: engine.status(job).state == "running")
    made_up.answers = False
    assert engine.status(job).state == "running"
    monkeypatch.setattr(sent, "PATIENCE_S", 0.2)
    wait_for(lambda: engine.status(job).state == "interrupted")
    assert job.status().message.startswith("'gpu' does not answer.")
    with pytest.raises(NoAnswerError):  # it may be at work there: never twice
        engine.submit(job)
    with pytest.raises(NoAnswerError):
        engine.stop(job)
    made_up.answers = True
    wait_for(lambda: engine.status(job).state == "running")
    child = int((job.artifacts / "child").read_text())
    engine.stop(job, patience_s=0)
    import psutil

    psutil.Process(child).kill()


def test_a_cluster_is_not_asked_more_often_than_sensible(
    engine: ClusterEngine, made_up: MadeUp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "_ASK_EVERY_S", 60.0)
    made_up.has_room = False
    job = tiny_job(tmp_path)
    engine.submit(job)
    for _ in range(5):
        engine.refresh(job)
    assert made_up.asked == 1
    heard = read_heard(job.folder)
    assert heard is not None
    assert heard.asked <= time.time()


def test_its_own_log_comes_first(engine: ClusterEngine, made_up: MadeUp, tmp_path: Path) -> None:
    job = tiny_job(tmp_path)
    assert engine.logs(job) == ""
    made_up.has_room = False
    engine.submit(job)
    assert engine.logs(job) == "From the cluster.\n"
    (job.folder / "log.txt").write_text("Its own.\n")
    assert engine.logs(job) == "Its own.\n"
