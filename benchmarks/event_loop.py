"""Waiting as an open window waits: asleep until something happens."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QEventLoop, QTimer

if TYPE_CHECKING:
    from collections.abc import Callable

_LOOK_MS = 5


def wait(milliseconds: int) -> None:
    """Run the event loop for a while.

    vispy replaces ``QTest.qWait`` of PySide6 by a loop that never sleeps; with it, every thread in
    the background fights for the interpreter, which none does beside a window at rest.
    """
    loop = QEventLoop()
    QTimer.singleShot(milliseconds, loop.quit)
    loop.exec()


def wait_until(true: Callable[[], object]) -> None:
    """Run the event loop until something is true."""
    while not true():
        wait(_LOOK_MS)
