"""Whether learning that is killed goes on to the very same weights.

    python benchmarks/kill_learning.py DATA [--kills 20] [--steps 24] [--seed 0]

`medssl finetune` learns from three hippocampus cases, once undisturbed. Then it learns again and
again; each time its process gets SIGKILL at another step of the run, and `medssl jobs resume` goes
on. Counted are the runs whose weights are the same file, byte by byte.
"""

from __future__ import annotations

import hashlib
import json as json_text
import os
import signal
import tempfile
import time
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from hippocampus import link, medssl, paired

from napari_medssl.finetune.volumes.plan import WEIGHTS
from napari_medssl.jobs import Job, JobStore
from napari_medssl.jobs.process import read_process

_LOOK_S = 0.02


def main(
    data: Annotated[Path, typer.Argument(help="Holds msd-hippocampus.")],
    kills: Annotated[int, typer.Option(help="How many runs are killed.")] = 20,
    steps: Annotated[int, typer.Option(help="Of each run.")] = 24,
    seed: Annotated[int, typer.Option(help="Of the moments.")] = 0,
) -> None:
    """Print how many runs came to the same weights."""
    root = data / "msd-hippocampus"
    with tempfile.TemporaryDirectory() as scratch:
        work = Path(scratch)
        link(root, paired(root)[:3], work / "learn")
        job = start(work, "whole", steps)
        wait(job)
        whole = weights_hash(job)
        moments = np.random.default_rng(seed).permutation(np.linspace(-1, steps - 1, kills))
        same = 0
        for number, moment in enumerate(moments.round().astype(int).tolist()):
            job = start(work, f"killed-{number}", steps)
            at = kill(job, moment)
            if job.status().state == "interrupted":
                medssl("jobs", "resume", job.folder, "--folder", work / "jobs")
            else:
                print("  had ended before:", end="")
            wait(job)
            equal = weights_hash(job) == whole
            same += equal
            print(f"  killed at step {at}: {'the same' if equal else 'OTHER'} weights", flush=True)
        print(f"the same weights after a kill: {same} of {kills}")


def start(work: Path, name: str, steps: int) -> Job:
    """Begin to learn in the background."""
    folders = ("--images", work / "learn/images", "--labels", work / "learn/labels")
    told = medssl("finetune", *folders, "--out", work / name, "--steps", steps, "--threads", 1,
                  "--folder", work / "jobs", "--background", "--json")  # fmt: skip
    return JobStore(work / "jobs").find(json_text.loads(told)["folder"])


def kill(job: Job, at: int) -> int:
    """Kill the job's process once it told of so many steps; return of how many it had told."""
    while steps_of(job) < at and not job.status().is_over:
        time.sleep(_LOOK_S)
    time.sleep(_LOOK_S * (at % 7))  # not always right behind a word
    process = read_process(job.folder)
    if process is not None and process.is_alive:
        os.killpg(process.pid, signal.SIGKILL)
    while not job.status().is_over:
        time.sleep(_LOOK_S)
    return steps_of(job)


def steps_of(job: Job) -> int:
    """Return how many steps a job told of; -1 while it still gets ready."""
    told = [e.facts for e in job.events()[0] if e.kind == "metric" and "loss" in e.facts]
    return told[-1]["step"] if told else -1


def wait(job: Job) -> None:
    """Wait until a job has ended."""
    while not job.status().is_over:
        time.sleep(_LOOK_S)
    if job.status().state != "done":
        raise SystemExit(f"the job is {job.status().state}: {job.status().message}")


def weights_hash(job: Job) -> str:
    """Return the hash of what was learned."""
    return hashlib.sha256((job.artifacts / WEIGHTS).read_bytes()).hexdigest()


if __name__ == "__main__":
    typer.run(main)
