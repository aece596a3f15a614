"""A thread that works only when the test says so."""

from __future__ import annotations

from typing import Any


class FakeWork:
    """Jobs wait until the test lets them run, one by one; so do pauses."""

    def __init__(self) -> None:
        self.jobs: list[tuple[Any, Any, Any]] = []
        self.pauses: dict[str, Any] = {}

    def run(self, job, done, failed, dropped=None) -> None:
        self.jobs.append((job, done, failed))

    def later(self, name, milliseconds, call) -> None:
        self.pauses[name] = call

    def tell(self, call) -> None:
        """As if the window's thread had nothing else to do."""
        call()

    def answer(self) -> None:
        """Let the oldest job run."""
        job, done, failed = self.jobs.pop(0)
        try:
            result = job()
        except Exception as error:  # noqa: BLE001 - as the thread does
            failed(error)
        else:
            done(result)

    def answer_all(self) -> None:
        while self.jobs:
            self.answer()

    def rest(self) -> None:
        """Let every pause end."""
        for name in list(self.pauses):
            self.pauses.pop(name)()
