"""A process of a job, as the tests start it: a recipe that counts, and can be killed anywhere."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from napari_medssl.errors import UsageError
from napari_medssl.jobs import Job, Report, execute

CHILD = "import time; time.sleep(600)"


def count(job: Job, report: Report, should_stop: Callable[[], bool]) -> bool:
    """Chain hashes, saving every link; the draws depend on (seed, step) alone."""
    saved, steps = job.artifacts / "saved", int(job.spec.arguments["steps"])
    step, link = 0, "begin"
    if saved.exists():
        text = saved.read_text().split()
        step, link = int(text[0]), text[1]
    while step < steps:
        if should_stop():
            return False
        link = hashlib.sha256(f"{job.spec.seed} {step} {link}".encode()).hexdigest()
        step += 1
        part = job.artifacts / "part"
        part.write_text(f"{step} {link}")
        os.replace(part, saved)
        report.metric(step, link=link[:8])
        report.progress(step, steps, "Counting", seconds_left=0.01 * (steps - step))
        time.sleep(float(job.spec.arguments.get("pause", 0.01)))
    (job.artifacts / "result").write_text(link)
    return True


def hang(job: Job, report: Report, should_stop: Callable[[], bool]) -> bool:
    """Start a child, and hear nothing."""
    child = subprocess.Popen([sys.executable, "-c", CHILD])
    (job.artifacts / "child").write_text(str(child.pid))
    report.progress(1, 2, "Hanging")
    time.sleep(600)
    return True


def break_down(job: Job, report: Report, should_stop: Callable[[], bool]) -> bool:
    """Fail as the arguments say."""
    print(f"reading {job.spec.arguments['path']}", flush=True)
    report.warning("It looks bad.")
    if job.spec.arguments["how"] == "memory":
        raise MemoryError
    if job.spec.arguments["how"] == "sentence":
        raise UsageError("the blood of a stone", expected="a vein")
    raise RuntimeError(f"cannot read '{job.spec.arguments['path']}'")


RECIPES = {"count": count, "hang": hang, "break": break_down}

if __name__ == "__main__":
    sys.exit(
        0 if execute(Path(sys.argv[-1]), RECIPES.__getitem__, sent="--sent" in sys.argv) else 1
    )
