"""Jobs are killed, cancelled, queued and resumed here, as real processes."""

from __future__ import annotations

import os
import random
import signal
import time
from pathlib import Path

import psutil
import pytest
from tiny_jobs import ENGINE, ended, tiny_job, wait_for

from napari_medssl.errors import MedSSLError, UsageError
from napari_medssl.jobs import Job, LocalEngine
from napari_medssl.jobs.process import read_process


def pid_of(job: Job) -> int:
    process = read_process(job.folder)
    assert process is not None
    return process.pid


def test_a_killed_job_goes_on_to_the_same_result(tmp_path: Path) -> None:
    whole = tiny_job(tmp_path, steps=60, pause=0)
    ENGINE.submit(whole)
    assert ended(whole) == "done"
    killed = tiny_job(tmp_path, steps=60, pause=0.005)
    draw, kills = random.Random(3), 0  # noqa: S311
    ENGINE.submit(killed)
    while kills < 4:
        time.sleep(draw.uniform(0, 0.12))
        if killed.status().state == "done":
            break
        os.kill(pid_of(killed), signal.SIGKILL)
        wait_for(lambda: killed.status().is_over)
        assert killed.status().state == "interrupted"
        kills += 1
        ENGINE.submit(killed)
    assert kills >= 2
    assert ended(killed) == "done"
    results = [(job.artifacts / "result").read_text() for job in (whole, killed)]
    assert results[0] == results[1]
    for event in killed.events()[0]:
        assert event.kind in ("state", "progress", "metric")


def test_one_job_a_device_in_the_order_they_came(tmp_path: Path) -> None:
    steps = (100_000, 15, 15)
    jobs = [tiny_job(tmp_path / str(n), steps=n) for n in steps[:2]]  # of different stores
    jobs.append(tiny_job(tmp_path, steps=steps[2]))
    other = tiny_job(tmp_path, steps=15, device="cuda:1")
    for job in (*jobs, other):
        ENGINE.submit(job)
    assert jobs[2].status().state == "queued"
    os.kill(pid_of(jobs[0]), signal.SIGKILL)  # the dead do not hold the others up
    assert [ended(job) for job in (*jobs[1:], other)] == ["done"] * 3
    times = [job.events()[0] for job in jobs[1:]]
    end = next(e.time for e in times[0] if e.facts.get("state") == "done")
    begin = next(e.time for e in times[1] if e.facts.get("state") == "running")
    assert end <= begin + 0.01


def test_a_waiting_job_is_cancelled_without_its_turn(tmp_path: Path) -> None:
    first, second = tiny_job(tmp_path, steps=400), tiny_job(tmp_path, steps=5)
    ENGINE.submit(first)
    ENGINE.submit(second)
    assert ENGINE.stop(second).message == "It was cancelled before its turn came."
    assert ENGINE.stop(first).state == "cancelled"
    assert "best so far is kept" in first.status().message
    assert not (first.artifacts / "result").exists()
    with pytest.raises(UsageError, match="is cancelled already"):
        ENGINE.stop(first)
    ENGINE.submit(second)
    assert ended(second) == "done"
    with pytest.raises(UsageError, match="is done"):
        ENGINE.submit(second)


def test_cancelling_ends_the_children_too(tmp_path: Path) -> None:
    job = tiny_job(tmp_path, "hang")
    ENGINE.submit(job)
    wait_for((job.artifacts / "child").exists)
    wait_for(lambda: (job.artifacts / "child").read_text() != "")
    child = int((job.artifacts / "child").read_text())
    assert psutil.pid_exists(child)
    with pytest.raises(UsageError, match="is running already"):
        ENGINE.submit(job)
    assert ENGINE.stop(job, patience_s=0.2).state == "cancelled"
    wait_for(lambda: not psutil.pid_exists(child))


def test_what_a_killed_job_left_behind_is_ended_before_it_goes_on(tmp_path: Path) -> None:
    job = tiny_job(tmp_path, "hang")
    ENGINE.submit(job)
    wait_for((job.artifacts / "child").exists)
    wait_for(lambda: (job.artifacts / "child").read_text() != "")
    orphan = int((job.artifacts / "child").read_text())
    os.kill(pid_of(job), signal.SIGKILL)
    wait_for(lambda: job.status().state == "interrupted")
    assert psutil.pid_exists(orphan)
    ENGINE.submit(job)
    assert not psutil.pid_exists(orphan)
    ENGINE.stop(job, patience_s=0)


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ("sentence", "the blood of a stone; expected a vein."),
        ("memory", "The memory did not suffice"),
        ("bug", "Something unforeseen went wrong (RuntimeError)"),
    ],
)
def test_failures_are_sentences_and_the_log_holds_no_names(
    tmp_path: Path, how: str, said: str
) -> None:
    job = tiny_job(tmp_path, "break", how=how, path="/data/ward 3/DOE^JANE.nii.gz")
    ENGINE.submit(job)
    assert ended(job) == "failed"
    assert said in job.status().message
    assert job.status().warnings == ("It looks bad.",)
    log = ENGINE.logs(job)
    assert "tiny_job.py" in log
    if how == "bug":
        assert "cannot read <path>" in log
    assert str(tmp_path) not in log


def test_a_process_that_does_not_begin_is_told(tmp_path: Path) -> None:
    import sys

    job = tiny_job(tmp_path)
    with pytest.raises(MedSSLError, match="did not start"):
        LocalEngine((sys.executable, "-c", "raise SystemExit(3)")).submit(job)
