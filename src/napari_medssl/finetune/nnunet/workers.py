"""nnU-Net's pools of processes as threads of this one."""

from __future__ import annotations

import multiprocessing
from contextlib import contextmanager
from multiprocessing.pool import ThreadPool
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator


class _Threads:
    """A context of multiprocessing whose pools are threads; all else is as it was."""

    def __init__(self, real: Any) -> None:
        self._real = real

    def Pool(self, processes: int) -> ThreadPool:  # noqa: N802 - multiprocessing's name
        """Return a pool that needs no new process, and no second import of torch."""
        return ThreadPool(max(1, processes))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)


@contextmanager
def pools_of_threads() -> Iterator[None]:
    """While it lasts, nnU-Net's pools are threads; what loads windows in training is not touched.

    nnU-Net asks multiprocessing for a new pool at every step, and each of its processes takes
    many seconds to import torch: for a few dozen cases that is most of the time. The work in
    them is numpy's, scipy's and torch's, which threads can do side by side.
    """
    real = multiprocessing.get_context

    def get_context(method: str | None = None) -> Any:
        return _Threads(real(method)) if method == "spawn" else real(method)

    multiprocessing.get_context = get_context
    try:
        yield
    finally:
        multiprocessing.get_context = real
