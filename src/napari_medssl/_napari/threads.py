"""Work off the Qt thread: one thread a panel, answers on the Qt thread, in order."""

from __future__ import annotations

import os
import sys
import threading
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QObject, QTimer, Signal

if TYPE_CHECKING:
    from collections.abc import Callable

_NICE = 5


@dataclass(frozen=True, eq=False)
class _Answer:
    deliver: Callable[[], None]
    drop: Callable[[], None] | None = None


class WorkThread(QObject):
    """Runs one job after another in a thread that lives as long as its panel.

    One thread, so that two jobs never share the network or compete for the processor. It must be
    made on the Qt thread; ``done`` and ``failed`` are called there.
    """

    _answered = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="medssl", initializer=_step_back)
        self._timers: dict[str, QTimer] = {}
        self._answers: deque[_Answer] = deque()
        self._open = True
        self._answered.connect(self._deliver)

    def run(
        self,
        job: Callable[[], Any],
        done: Callable[[Any], None],
        failed: Callable[[Exception], None],
        dropped: Callable[[Any], None] | None = None,
    ) -> None:
        """Queue a job; call ``done`` with what it returns, or ``failed`` with what it raises.

        What it returns after `close` goes to ``dropped``, in any thread.
        """
        if self._open:
            self._pool.submit(self._work, job, done, failed, dropped)

    def later(self, name: str, milliseconds: int, call: Callable[[], None]) -> None:
        """Call once, after a pause in which ``later`` was not asked again under this name."""
        timer = self._timers.get(name)
        if timer is None:
            timer = self._timers[name] = QTimer(self)
            timer.setSingleShot(True)
        else:
            timer.timeout.disconnect()
        timer.timeout.connect(call)
        timer.start(milliseconds)

    def tell(self, call: Callable[[], None]) -> None:
        """Call soon on the Qt thread; may be asked from any thread."""
        if self._open:
            self._hand_over(_Answer(call))

    def close(self) -> None:
        """Start nothing more and drop what is still to come; a job in hand ends by itself."""
        self._open = False
        for timer in self._timers.values():
            timer.stop()
            timer.timeout.disconnect()  # Qt would hold on to the panel through what is to be called
        self._timers.clear()
        self._pool.shutdown(wait=False, cancel_futures=True)
        self._drop_answers()

    def _work(
        self,
        job: Callable[[], Any],
        done: Callable[[Any], None],
        failed: Callable[[Exception], None],
        dropped: Callable[[Any], None] | None,
    ) -> None:
        try:
            answer = job()
        except Exception as error:  # noqa: BLE001 - whatever it is, the window must hear of it
            self._hand_over(_Answer(partial(failed, error)))
        else:
            drop = partial(dropped, answer) if dropped is not None else None
            self._hand_over(_Answer(partial(done, answer), drop))

    def _hand_over(self, answer: _Answer) -> None:
        self._answers.append(answer)
        if self._open:
            self._answered.emit()
        else:  # closed meanwhile, and what was here then is dropped already
            self._drop_answers()

    def _deliver(self) -> None:
        if self._open and self._answers:
            self._answers.popleft().deliver()

    def _drop_answers(self) -> None:
        with suppress(IndexError):  # of two threads that do this, one finds nothing left
            while True:
                answer = self._answers.popleft()
                if answer.drop is not None:
                    answer.drop()


def _step_back() -> None:
    """Let the window go first: a network, and the threads it starts, take all processors.

    On Linux a thread has a priority of its own, and the threads it starts inherit it.
    """
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICE)
