"""Jobs for tests, and waiting for them."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

from napari_medssl.jobs import Job, JobStore, LocalEngine, new_spec

ENGINE = LocalEngine((sys.executable, str(Path(__file__).with_name("tiny_job.py"))))


def tiny_job(root: Path, kind: str = "count", **arguments: object) -> Job:
    device = str(arguments.pop("device", "cpu"))
    return JobStore(root).create(new_spec(kind, arguments, seed=7, device=device))


def wait_for(wanted: Callable[[], bool], seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while not wanted():
        assert time.monotonic() < until, "waited in vain"
        time.sleep(0.02)


def ended(job: Job) -> str:
    wait_for(lambda: job.status().is_over)
    return job.status().state
