"""Jobs on a Slurm cluster: sent through submitit, asked after with Slurm's own commands.

This machine must be one where Slurm's commands work, and see the same folders as the cluster.
"""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from napari_medssl.errors import MedSSLError, NoAnswerError, UsageError
from napari_medssl.jobs.cluster import Glimpse
from napari_medssl.jobs.log import without_paths
from napari_medssl.jobs.slurm_task import SlurmTask

if TYPE_CHECKING:
    from napari_medssl.jobs.engine_settings import SlurmSettings
    from napari_medssl.jobs.job import Job

#: of the states that Slurm knows, those of a job that is not over
_WAITS = {"PENDING", "CONFIGURING", "REQUEUED", "REQUEUE_FED", "REQUEUE_HOLD", "SPECIAL_EXIT"}
_WORKS = {"RUNNING", "COMPLETING", "SUSPENDED", "STOPPED", "SIGNALING", "STAGE_OUT", "RESIZING"}
_TIMEOUT_S = 15.0
_FOLDER = "slurm"  # of the job's: submitit's own files
_MOST_TIMES = 1000  # how often a job is begun again when its hours are over
_SAVING_S = 60  # how long before the end of its hours it is told


@dataclass(frozen=True)
class SlurmCluster:
    """Speaks to Slurm through its commands.

    Parameters
    ----------
    name : str
        What the user calls it.
    settings : SlurmSettings
        What jobs get.
    """

    name: str
    settings: SlurmSettings

    def check(self) -> str:
        """Return in words what answered.

        Raises
        ------
        UsageError
            If submitit or Slurm's commands are not on this machine.
        NoAnswerError
            If Slurm does not answer.
        """
        _submitit()
        version = self._run("sinfo", "--version").strip()
        states = self._run("sinfo", "--noheader", "--format=%P").split()
        wanted = self.settings.partition
        if wanted and wanted not in {one.rstrip("*") for one in states}:
            raise UsageError(f"there is no partition '{wanted}'", expected=" or ".join(states))
        return f"{version.capitalize()} answers."

    def send(self, job: Job, attempt: int) -> str:
        """Start a job; it begins again by itself where its hours did not suffice."""
        submitit = _submitit()
        self._run("sinfo", "--noheader", "--format=%P")  # sbatch would wait for long
        of = self.settings
        wanted: dict[str, Any] = {
            "job_name": "medssl",
            "time": max(1, round(of.hours * 60)),
            "cpus_per_task": of.cpus,
            "gpus_per_node": of.gpus or None,
            "partition": of.partition or None,
            "account": of.account or None,
            "mem": f"{round(of.memory_gb * 1024)}MB" if of.memory_gb else None,
            "signal_delay_s": _SAVING_S,
        }
        try:
            executor = submitit.SlurmExecutor(
                job.folder / _FOLDER, max_num_timeout=_MOST_TIMES, python=of.python
            )
            executor.update_parameters(**{key: v for key, v in wanted.items() if v is not None})
            sent = executor.submit(SlurmTask(str(job.folder), of.python))
        except (OSError, RuntimeError, ValueError, subprocess.SubprocessError) as error:
            raise MedSSLError(
                f"'{self.name}' did not take the job: {_last_line(str(error))}",
                do="Look at its partition, account, GPUs and memory: medssl jobs engines list",
            ) from error
        return str(sent.job_id)

    def look(self, handle: str) -> Glimpse:
        """Look how a job is; Slurm forgets one some minutes after its end."""
        told = self._run(
            "squeue", "--noheader", "--states=all", "--format=%T", f"--jobs={handle}", unknown=True
        )
        state = (told.split() or ["UNKNOWN"])[0]
        if state in _WAITS:
            return Glimpse("waits")
        if state in _WORKS:
            return Glimpse("works")
        if not state.replace("_", "").isalpha():
            raise NoAnswerError(f"'{self.name}' answered with something that is no answer")
        why = "" if state in ("COMPLETED", "UNKNOWN") else f"Slurm says {state.lower()}."
        return Glimpse("over", why.replace("_", " "))

    def printed(self, job: Job, handle: str) -> str:
        """Return what was printed before and beside the job's own log."""
        log = job.folder / _FOLDER / f"{handle}_0_log.err"
        try:
            return without_paths(log.read_text("utf-8", "replace"), (str(job.folder),))
        except OSError:
            return ""

    def end(self, handle: str) -> None:
        """End a job: politely at first, as Slurm does."""
        self._run("scancel", handle, unknown=True)

    def _run(self, *command: str, unknown: bool = False) -> str:
        """Run a command of Slurm's; return what it printed, nothing of a job it does not know."""
        try:
            done = subprocess.run(  # noqa: S603 - a fixed command, and a number
                command, capture_output=True, text=True, timeout=_TIMEOUT_S, check=False
            )
        except FileNotFoundError as error:
            raise UsageError(
                f"'{self.name}' is a Slurm cluster, and '{command[0]}' is not on this machine",
                do="Sign in to a machine of the cluster, and start medssl or napari there",
            ) from error
        except (subprocess.TimeoutExpired, OSError, ValueError) as error:
            raise NoAnswerError(f"'{self.name}' does not answer", do=_LOOK) from error
        if done.returncode and unknown and "invalid job id" in done.stderr.lower():
            return ""
        if done.returncode:
            raise NoAnswerError(
                f"'{self.name}' does not answer: {_last_line(done.stderr)}", do=_LOOK
            )
        return done.stdout


_LOOK = "Look whether 'sinfo' works on this machine"


def _submitit() -> Any:
    try:
        import submitit
    except ImportError as error:
        raise UsageError(
            "submitit is not installed", do="Install it: pip install 'napari-medssl[slurm]'"
        ) from error
    return submitit


def _last_line(words: str) -> str:
    lines = [line.strip() for line in words.splitlines() if line.strip()]
    return without_paths(lines[-1])[:200].rstrip(".") if lines else "it gave no reason"
