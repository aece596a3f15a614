"""Writes in a thread of their own, in order; one that fails is kept and holds back the rest."""

from __future__ import annotations

import logging
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from threading import Condition
from typing import TYPE_CHECKING

from napari_medssl.errors import MedSSLError
from napari_medssl.log import record_unforeseen

if TYPE_CHECKING:
    from collections.abc import Callable

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Backlog:
    """What is not on the disk yet.

    Parameters
    ----------
    waiting : int
        How many writes, the one in hand among them.
    problem : Exception or None
        Why the first of them failed.
    """

    waiting: int = 0
    problem: Exception | None = None


@dataclass(frozen=True)
class _Write:
    do: Callable[[], None]
    topic: str


class WriteQueue:
    """Writes one after the other; until it is closed, only `drop` drops what was put in.

    A thread of its own, because a stroke must not wait behind a network; an executor, because
    Python lets it finish what is queued even where a program ends without closing anything.

    Parameters
    ----------
    tell : callable
        Called without arguments, from any thread, whenever `backlog` has changed.
    """

    def __init__(self, tell: Callable[[], None]) -> None:
        self._tell = tell
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="medssl-writer")
        self._waiting: deque[_Write] = deque()
        self._in_hand: _Write | None = None
        self._problem: Exception | None = None
        self._closed = False
        self._changed = Condition()

    @property
    def backlog(self) -> Backlog:
        """What is not on the disk yet."""
        with self._changed:
            return self._backlog()

    def put(self, do: Callable[[], None], *, topic: str = "") -> None:
        """Write after everything that waits; try again what failed before.

        What comes after `close` is not written; the log says so.

        Parameters
        ----------
        do : callable
            Returns once the change is on the disk, or raises.
        topic : str, optional
            A newer write on a topic replaces one that still waits.
        """
        with self._changed:
            if self._closed:
                log.error("a change came after its project was closed, and is not saved")
                return
            if topic:
                self._waiting = deque(w for w in self._waiting if w.topic != topic)
            self._waiting.append(_Write(do, topic))
            self._go_on()
        self._tell()

    def run_between(self, do: Callable[[], None]) -> None:
        """Do this soon in the thread that writes; if it fails, it is told and not tried again."""

        def attempt() -> None:
            try:
                do()
            except Exception as error:  # noqa: BLE001 - it must not end the thread
                _record(error)
                self._tell()

        with suppress(RuntimeError):  # the program is ending and starts no thread any more
            self._pool.submit(attempt)

    def retry(self) -> None:
        """Try again what failed."""
        with self._changed:
            self._go_on()
        self._tell()

    def wait(self, seconds: float | None = None) -> Backlog:
        """Wait until all is written, a write fails, or the time is over; tell what is left."""
        with self._changed:
            self._changed.wait_for(lambda: not self._in_hand, seconds)
            return self._backlog()

    def close(self, last: Callable[[], None]) -> None:
        """Do this after everything that waits; take nothing more, and tell nothing more.

        Where a write fails even now, it and those after it are lost, which the log says: they
        build on each other, and nobody is left to try again. The last is done all the same.
        """
        self._tell = lambda: None  # whoever listened may be gone
        with self._changed:
            self._closed = True
            self._waiting.append(_Write(last, ""))
            self._go_on()

    def drop(self) -> None:
        """Give up what could not be written: the user has decided so."""
        with self._changed:
            self._waiting.clear()
            self._problem = None

    def _backlog(self) -> Backlog:
        return Backlog(len(self._waiting) + (self._in_hand is not None), self._problem)

    def _go_on(self) -> None:
        """Start on the first write unless one is in hand; the caller holds the lock."""
        if self._in_hand is None and self._waiting:
            self._problem = None
            self._in_hand = self._waiting.popleft()
            try:
                self._pool.submit(self._work)
            except RuntimeError:  # the program is ending and starts no thread any more
                self._work()

    def _work(self) -> None:
        write = self._in_hand
        while write is not None:
            try:
                write.do()
            except Exception as error:  # noqa: BLE001 - whatever it is, the window must hear of it
                _record(error)
                write = self._after_failure(write, error)
            else:
                write = self._take_next()
        self._tell()

    def _after_failure(self, write: _Write, error: Exception) -> _Write | None:
        """Keep what failed, and stop; once closed, go on with the last, which is at the end."""
        with self._changed:
            if self._closed and self._waiting:
                log.error("%d changes were lost as their project was closed", len(self._waiting))
                self._in_hand = self._waiting.pop()
                self._waiting.clear()
            else:
                self._waiting.appendleft(write)
                self._in_hand, self._problem = None, error
                self._changed.notify_all()
            return self._in_hand

    def _take_next(self) -> _Write | None:
        with self._changed:
            self._in_hand = self._waiting.popleft() if self._waiting else None
            self._changed.notify_all()
            return self._in_hand


def _record(error: Exception) -> None:
    if not isinstance(error, MedSSLError):
        record_unforeseen(error)
