"""The process of a job, from the first line to the last: wait, run the recipe, say how it ended."""

from __future__ import annotations

import signal
import sys
import time
import traceback
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol

from napari_medssl.errors import MedSSLError, UsageError
from napari_medssl.jobs.events import EVENTS, EventLog
from napari_medssl.jobs.job import LOG, STOP, Job
from napari_medssl.jobs.lock import FileLock
from napari_medssl.jobs.log import LogFile
from napari_medssl.jobs.paths import spec_there
from napari_medssl.jobs.process import end_children, write_process
from napari_medssl.jobs.ranks import run_together
from napari_medssl.jobs.store import jobs_folder
from napari_medssl.jobs.turn import Turn

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from napari_medssl.jobs.job import State

_LOOK_EVERY_S = 0.2
_HANDOVER_S = 5.0
_CHILDREN_END_S = 3.0


class Report:
    """How a recipe tells of itself; what it says goes to the job's events.

    Parameters
    ----------
    log : EventLog
        Where it goes.
    """

    def __init__(self, log: EventLog) -> None:
        self._log = log

    def progress(
        self, done: float, total: float, doing: str = "", seconds_left: float | None = None
    ) -> None:
        """Tell how much of how much is finished, and what is being done."""
        self._log.append("progress", done=done, total=total, doing=doing, seconds_left=seconds_left)

    def metric(self, step: int, **values: Any) -> None:
        """Tell numbers by name, measured at a step."""
        self._log.append("metric", step=step, **values)

    def warning(self, text: str) -> None:
        """Tell in a sentence what the user should know; no names of patients or folders."""
        self._log.append("warning", text=text)

    def state(self, state: State, message: str = "") -> None:
        """Tell that the job came into a state; for `execute`, not for recipes."""
        self._log.append("state", state=state, **({"message": message} if message else {}))


class Recipe(Protocol):
    """What runs a kind of job."""

    def __call__(self, job: Job, report: Report, should_stop: Callable[[], bool]) -> bool:
        """Do the work, or what is left of it.

        Parameters
        ----------
        job : Job
            Its spec and its folder; whatever is to be kept goes to its artifacts.
        report : Report
            Takes progress, metrics and warnings.
        should_stop : callable
            Asked often; once it says so, the recipe keeps the best so far and returns.

        Returns
        -------
        bool
            True when the work is whole, False when it was stopped before.

        Raises
        ------
        MedSSLError
            In one sentence, if it cannot be done.
        """


def execute(
    folder: Path,
    recipe_of: Callable[[str], Recipe],
    *,
    sent: bool = False,
    paths: Mapping[str, str] | None = None,
) -> bool:
    """Work on a job in this process until it ends; its output goes to the job's log.

    Parameters
    ----------
    folder : Path
        A job's folder.
    recipe_of : callable
        Gives the recipe of a kind of job; `UsageError` for a kind it does not know.
    sent : bool
        Whether a cluster runs it: it then has the device to itself, and being asked to end means
        to stop and keep the best so far.
    paths : mapping of str to str, optional
        Where folders that the job names are on this machine: see `paths.there`.

    Returns
    -------
    bool
        Whether it ended well: done, or stopped because it was asked to.

    Raises
    ------
    UsageError
        If another process works on it.
    UnreadableFileError, SaveError
        If it is no job's folder, or nothing can be written there.
    """
    job = job_here(folder, paths or {})
    folder = job.folder
    lock = FileLock(folder / "lock")
    until = time.monotonic() + _HANDOVER_S  # who worked on it before may be about to end
    while not lock.take():
        if time.monotonic() > until:
            raise UsageError(f"the job '{job.spec.id}' is being worked on by another process")
        time.sleep(_LOOK_EVERY_S)
    log = EventLog(folder / EVENTS)
    report = Report(log)
    report.state("queued")
    write_process(folder)
    printed = LogFile(folder / LOG, folder)
    try:
        if sent:
            signal.signal(signal.SIGTERM, lambda *_: (folder / STOP).touch())
        state, message = _work(job, report, recipe_of, paths or {}, sent=sent)
        report.state(state, message)
    finally:
        printed.close()
        log.close()
        lock.give_back()
    return state != "failed"


def job_here(folder: Path, paths: Mapping[str, str]) -> Job:
    """Open a job's folder; what its arguments name is looked for where it is on this machine."""
    job = Job.at(folder)
    return replace(job, spec=spec_there(job.spec, paths))


def _turns(job: Job) -> list[Turn]:
    """Queue up for the devices of a job, always in the same order."""
    kind, _, number = job.spec.device.partition(":")
    devices = [job.spec.device]
    if number and job.spec.processes > 1:
        devices = [f"{kind}:{n}" for n in range(job.spec.processes)]
    return [Turn(jobs_folder().with_name("devices"), device) for device in devices]


def _work(
    job: Job,
    report: Report,
    recipe_of: Callable[[str], Recipe],
    paths: Mapping[str, str],
    *,
    sent: bool,
) -> tuple[State, str]:
    """Wait for the devices, run the recipe, and say how that ended."""
    turns: list[Turn] = []
    try:
        recipe = recipe_of(job.spec.kind)
        turns += [] if sent else _turns(job)
        for turn in turns:
            while not turn.come():
                if job.stop_asked:
                    return "cancelled", "It was cancelled before its turn came."
                time.sleep(_LOOK_EVERY_S)
        report.state("running")
        if job.spec.processes > 1:
            return run_together(job, paths)
        return run_recipe(job, report, recipe)
    except MedSSLError as error:
        _trace(error)
        return "failed", str(error)
    finally:
        end_children(_CHILDREN_END_S)  # before the next job may use the device
        for turn in turns:
            turn.give_back()


def run_recipe(job: Job, report: Report, recipe: Recipe) -> tuple[State, str]:
    """Run a recipe in this process, and say how that ended."""
    try:
        whole = recipe(job, report, lambda: job.stop_asked)
    except MedSSLError as error:
        _trace(error)
        return "failed", str(error)
    except Exception as error:  # noqa: BLE001 - the last wall before the user
        _trace(error)
        return "failed", _words_for(error)
    return ("done", "") if whole else ("cancelled", "It was stopped; the best so far is kept.")


def _trace(error: Exception) -> None:
    """Leave in the log where it happened; the log takes the paths out of it."""
    print("".join(traceback.format_exception(error)), file=sys.stderr, flush=True)


def _words_for(error: Exception) -> str:
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return (
            "The memory did not suffice. Close other programs, or choose smaller windows, a "
            "smaller batch or another device, and resume the job."
        )
    return f"Something unforeseen went wrong ({type(error).__name__}); '{LOG}' tells where."


def known_recipes(recipes: Mapping[str, Callable[[], Recipe]]) -> Callable[[str], Recipe]:
    """Return what looks a recipe up by its kind; each is imported only when its job runs."""

    def recipe_of(kind: str) -> Recipe:
        if kind not in recipes:
            raise UsageError(f"a job of the kind '{kind}'", expected=" or ".join(sorted(recipes)))
        return recipes[kind]()

    return recipe_of
