"""Work in the background and the status line: what runs, for how long, and what came of it."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Any, Protocol

from napari_medssl.errors import MedSSLError

if TYPE_CHECKING:
    from collections.abc import Callable

log = logging.getLogger(__name__)


class Work(Protocol):
    """A thread of its own for everything slow; answers come on the window's thread."""

    def run(
        self,
        job: Callable[[], Any],
        done: Callable[[Any], None],
        failed: Callable[[Exception], None],
        dropped: Callable[[Any], None] | None = None,
    ) -> None:
        """Queue ``job``; call ``done`` with its answer or ``failed`` with its error.

        An answer that can be handed to nobody any more goes to ``dropped``, in any thread.
        """

    def later(self, name: str, milliseconds: int, call: Callable[[], None]) -> None:
        """Call after a pause; asking again under the same name starts the pause anew."""

    def tell(self, call: Callable[[], None]) -> None:
        """Call soon on the window's thread; may be asked from any thread."""


class StatusView(Protocol):
    """The status line."""

    def show_status(self, words: str, *, since: float | None, problem: bool) -> None:
        """Show words; with ``since`` (a `time.monotonic`) count the seconds beside them."""


class Activity:
    """Runs jobs, drops late answers, and keeps the status line true.

    Every job has a topic. A newer job on the same topic makes the older one's answer late: it is
    dropped, and a job that has not begun is skipped.
    """

    def __init__(
        self, work: Work, view: StatusView, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._work = work
        self._view = view
        self._clock = clock
        self._asked = 0
        self._newest: dict[str, int] = {}
        self._running: dict[int, tuple[str, float]] = {}
        self._said = ("", False)

    @property
    def running(self) -> tuple[str, ...]:
        """What is under way or waits for its turn, in words, oldest first."""
        return tuple(words for words, _ in self._running.values())

    def run(
        self,
        words: str,
        job: Callable[[], Any],
        then: Callable[[Any], None],
        *,
        topic: str,
        asked: bool = True,
        dropped: Callable[[Any], None] | None = None,
        failed: Callable[[], None] | None = None,
    ) -> None:
        """Run ``job`` in the background and hand its answer to ``then``, unless it comes late.

        What the user ``asked`` for takes the place of a problem on the status line; what runs by
        itself leaves it to be read. An answer that holds something open needs ``dropped``, which
        gets it, in any thread, when ``then`` does not. Before its error is said, ``failed`` is
        called.
        """
        if asked:
            self._said = ("", False)
        self._asked += 1
        ticket = self._newest[topic] = self._asked
        self._running[ticket] = (words, self._clock())

        def wanted() -> bool:
            return self._newest.get(topic) == ticket

        def work() -> Any:
            answer = job() if wanted() else None
            if answer is None or wanted() or dropped is None:
                return answer
            dropped(answer)  # now: the newer job may want what it holds
            return None

        def done(answer: Any) -> None:
            del self._running[ticket]
            if wanted():
                then(answer)
            elif dropped is not None and answer is not None:
                dropped(answer)
            self._show()

        def went_wrong(error: Exception) -> None:
            del self._running[ticket]
            if wanted():
                if failed is not None:
                    failed()
                self.fail(error)
            self._show()

        self._work.run(work, done, went_wrong, dropped)
        self._show()

    def later(self, name: str, milliseconds: int, call: Callable[[], None]) -> None:
        """Call after a pause; asking again under the same name starts the pause anew."""
        self._work.later(name, milliseconds, call)

    def forget(self, topic: str) -> None:
        """Take back what was asked on a topic; its answer, if it still comes, is dropped."""
        self._newest.pop(topic, None)

    def say(self, words: str, *, problem: bool = False) -> None:
        """Put a sentence on the status line."""
        self._said = (words, problem)
        self._show()

    def fail(self, error: Exception) -> None:
        """Say an error in one sentence; what is no fault of the input goes to the log in full."""
        if isinstance(error, MedSSLError):
            self.say(str(error), problem=True)
        elif isinstance(error, MemoryError):
            self.say("There is not enough free memory for this. Close other images.", problem=True)
        else:
            log.error("a background job failed", exc_info=error)
            self.say(
                f"This did not work, for a reason inside the program ({type(error).__name__}). "
                "Help, Show logs has the details.",
                problem=True,
            )

    def _show(self) -> None:
        if self._running and not self._said[1]:
            words, since = self._running[min(self._running)]
            self._view.show_status(words, since=since, problem=False)
        else:
            words, problem = self._said
            self._view.show_status(words, since=None, problem=problem)
