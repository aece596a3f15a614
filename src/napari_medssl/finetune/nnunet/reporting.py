"""What a run of nnU-Net tells while it goes on, and how it is stopped."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from napari_medssl.models.report import Report


class TrainingStoppedError(Exception):
    """The run was asked to stop; what its checkpoints hold is kept."""


class Pace:
    """Counts epochs over all trainings of a run, and guesses the time they will take.

    Parameters
    ----------
    report : Report
        Where it is told.
    total : int
        Epochs of all trainings together.
    """

    _TELL_EVERY_S = 2.0

    def __init__(self, report: Report, total: int) -> None:
        self._report = report
        self._total = total
        self._finished = 0.0
        self._at = 0.0
        self._timed = 0.0
        self._since: float | None = None
        self._told = 0.0
        self._doing = ""

    def begin(self, doing: str, epoch: int) -> None:
        """Begin, or go on with, a training at an epoch."""
        self._doing, self._at = doing, float(epoch)
        if self._since is None:
            self._since = time.monotonic()
        self._tell()

    def move(self, epoch: float, *, at_once: bool = False) -> None:
        """Tell how far the training is, in epochs; not more often than can be read."""
        self._timed += epoch - self._at
        self._at = epoch
        if at_once or time.monotonic() - self._told > self._TELL_EVERY_S:
            self._tell()

    def say(self, doing: str) -> None:
        """Tell what is being done now, after the last epoch."""
        self._doing = doing
        self._tell()

    def end(self, epochs: int) -> None:
        """Count a training as finished."""
        self._finished += epochs
        self._at = 0.0
        self._tell()

    def _tell(self) -> None:
        now = self._told = time.monotonic()
        done, left = self._finished + self._at, None
        if self._timed > 0 and self._since is not None:
            left = (now - self._since) / self._timed * (self._total - done)
        self._report.progress(round(done, 3), self._total, self._doing, left)
