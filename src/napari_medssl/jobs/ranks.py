"""A job of several processes: torchrun starts them, the first one tells what came of it.

This room knows no torch: it starts the program and waits. What each process does is
``medssl jobs rank``.
"""

from __future__ import annotations

import subprocess
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any, get_args

from napari_medssl.errors import MedSSLError
from napari_medssl.jobs.files import get_json, put_json
from napari_medssl.jobs.job import LOG, State

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from napari_medssl.jobs.job import Job

_VERDICT = "verdict.json"


def run_together(job: Job, paths: Mapping[str, str]) -> tuple[State, str]:
    """Work on a job in as many processes as its spec says, and say how that ended."""
    verdict = job.folder / _VERDICT
    verdict.unlink(missing_ok=True)
    subprocess.run(_command(job, paths), check=False)  # noqa: S603 - our own command
    with suppress(MedSSLError):
        told = get_json(verdict)
        state: Any = told.get("state")
        if state in get_args(State):
            return state, str(told.get("message", ""))
    if job.stop_asked:
        return "cancelled", "It was ended; what it had saved is kept."
    return "failed", (
        f"One of its {job.spec.processes} processes ended without a word; '{LOG}' tells more. "
        "The memory may not have sufficed."
    )


def write_verdict(folder: Path, state: State, message: str) -> None:
    """Note how the work of several processes ended; for the first of them."""
    put_json(folder / _VERDICT, {"state": state, "message": message})


def _command(job: Job, paths: Mapping[str, str]) -> list[str]:
    torchrun = ["-m", "torch.distributed.run", "--standalone"]
    ours = ["-m", "napari_medssl", "jobs", "rank", str(job.folder)]
    mapped = [f"--path={here}={there}" for here, there in paths.items()]
    count = f"--nproc-per-node={job.spec.processes}"
    return [sys.executable, "-P", *torchrun, count, *ours, *mapped]
