"""How a recipe tells what it does: the report of a job, a progress bar, or what a test has."""

from __future__ import annotations

from typing import Any, Protocol


class Report(Protocol):
    """Takes what is told; recipes never print."""

    def progress(
        self, done: float, total: float, doing: str = "", seconds_left: float | None = None
    ) -> None:
        """Tell how much of how much is finished, and what is being done."""

    def metric(self, step: int, **values: Any) -> None:
        """Tell numbers by name, measured at a step."""

    def warning(self, text: str) -> None:
        """Tell in a sentence what the user should know; no names of patients or folders."""
