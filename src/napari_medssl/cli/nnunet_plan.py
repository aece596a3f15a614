"""Planning by nnU-Net's rules: for ``medssl nnunet plan``, and as a job for the window."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from napari_medssl.jobs import Job, Report


def plan_cases(
    source: Mapping[str, Any],
    work: Path,
    memory_gb: float,
    workers: int,
    told: Callable[[int, int, str], None],
    warn: Callable[[str], None],
    *,
    quiet: bool = False,
) -> tuple[int, dict[str, Any]]:
    """Write the cases for nnU-Net and let it look at them.

    Parameters
    ----------
    source : mapping
        Where the cases are: see `cli.nnunet_source.arguments_of`.
    work : Path
        Folder for what is made on the way.
    memory_gb : float
        GPU memory that the windows shall fit into.
    workers : int
        Threads that read images.
    told, warn : callable
        Are told how far it is, and of every case that was left out.
    quiet : bool
        Whether what nnU-Net prints is thrown away.

    Returns
    -------
    cases, plan
        How many there are to train with, and what nnU-Net's plans file holds.

    Raises
    ------
    MedSSLError
        If there are fewer than five, or the disk is full.
    """
    from napari_medssl.cli.nnunet_source import export_source, open_source
    from napari_medssl.finetune.nnunet.folders import surroundings
    from napari_medssl.finetune.nnunet.planning import plan

    with open_source(source, work) as opened:
        training = export_source(
            opened,
            source,
            work,
            lambda done, of: told(done, of, "Writing the cases for nnU-Net"),
            warn,
        )
    told(0, 0, "Planning")
    with surroundings(work, workers):
        planned = plan(training.folders, memory_gb=memory_gb, workers=workers, quiet=quiet)
    return len(training.cases), planned


def run_plan_job(job: Job, report: Report, should_stop: Callable[[], bool]) -> bool:
    """Leave in the job's artifacts what nnU-Net would make of the cases; see `jobs.Recipe`."""
    from napari_medssl.finetune.nnunet.reporting import TrainingStoppedError
    from napari_medssl.finetune.nnunet.request import PLAN_FILE
    from napari_medssl.jobs.files import put_json
    from napari_medssl.models.device import devices_here

    given, notes = job.spec.arguments, list[str]()
    work = job.artifacts / "work"
    shutil.rmtree(work, ignore_errors=True)  # the cases may be others than before
    work.mkdir()

    def told(done: int, of: int, doing: str) -> None:
        if should_stop():
            raise TrainingStoppedError
        report.progress(done, of, doing)

    def warn(text: str) -> None:
        notes.append(text)
        report.warning(text)

    try:
        report.progress(0, 0, "Reading the cases")
        memory = float(given["memory_gb"])
        cases, planned = plan_cases(given["source"], work, memory, 0, told, warn)
    except TrainingStoppedError:
        return False
    finally:
        shutil.rmtree(work, ignore_errors=True)
    facts = {
        "cases": cases,
        "plan": planned,
        "notes": notes,
        "devices": devices_here(),
        "memory_gb": memory,
    }
    put_json(job.artifacts / PLAN_FILE, facts)
    report.progress(1, 1, "Done")
    return True
