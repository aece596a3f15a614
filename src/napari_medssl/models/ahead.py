"""Making the next item in a thread while the last one is used."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable
    from concurrent.futures import Future

Item = TypeVar("Item")


class Ahead(Generic[Item]):
    """Makes the item after the one that is asked for, in a thread of its own.

    What is made depends on the key alone, so it is the same as without.

    Parameters
    ----------
    make : callable
        A key -> the item.
    following : callable
        A key -> the one that is likely asked for next.
    """

    def __init__(
        self, make: Callable[..., Item], following: Callable[..., tuple[Hashable, ...]]
    ) -> None:
        self._make, self._following = make, following
        self._thread = ThreadPoolExecutor(1, "ahead")
        self._next: tuple[tuple[Hashable, ...], Future[Item]] | None = None

    def close(self) -> None:
        """End the thread."""
        self._thread.shutdown(cancel_futures=True)

    def at(self, *key: Hashable) -> Item:
        """Return an item; begin with the next one."""
        coming = self._next
        if coming is None or coming[0] != key:
            coming = key, self._thread.submit(self._make, *key)
        item = coming[1].result()
        following = self._following(*key)
        self._next = following, self._thread.submit(self._make, *following)
        return item
