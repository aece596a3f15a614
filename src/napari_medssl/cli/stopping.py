"""Ctrl-C that ends a long command in good order: what was finished is kept."""

from __future__ import annotations

import signal
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@contextmanager
def stop_on_interrupt(words: str) -> Iterator[Callable[[], bool]]:
    """Turn the first Ctrl-C into an answer to "is it time to stop?"; the second one ends at once.

    Parameters
    ----------
    words : str
        Said on the error stream at the first.

    Yields
    ------
    callable
        True once Ctrl-C was pressed.
    """
    pressed = False

    def press(_number: int, _frame: Any) -> None:
        nonlocal pressed
        if pressed:
            raise KeyboardInterrupt
        pressed = True
        print(f"\n{words}", file=sys.stderr)

    before = signal.signal(signal.SIGINT, press)
    try:
        yield lambda: pressed
    finally:
        signal.signal(signal.SIGINT, before)
