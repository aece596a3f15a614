"""What Slurm runs for a job: its process; told that its hours are over, it begins again."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class SlurmTask:
    """Pickled by submitit and run on the cluster.

    Parameters
    ----------
    folder : str
        The job's.
    python : str
        What runs it.
    """

    folder: str
    python: str

    def __call__(self) -> int:
        """Work on the job until it ends; what came of it is in its events."""
        command = [self.python, "-P", "-m", "napari_medssl", "jobs", "exec", "--sent", self.folder]
        return subprocess.run(command, check=False).returncode  # noqa: S603 - our own command

    def checkpoint(self) -> Any:
        """Return what to run when the cluster gives it time again: the same, which goes on."""
        from submitit.helpers import DelayedSubmission

        return DelayedSubmission(self)
