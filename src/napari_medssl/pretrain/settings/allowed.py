"""What a setting may be beside its kind: one of some words, or a number within limits."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

from napari_medssl.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable


def one_of(name: str, value: str, among: Iterable[str]) -> str:
    """Return a word if it is one of some.

    Raises
    ------
    UsageError
        If it is not.
    """
    words = tuple(among)
    if value not in words:
        raise UsageError(f"{name}={value}", expected=f"one of {', '.join(words)}")
    return value


def within(name: str, value: float, low: float, high: float = inf) -> float:
    """Return a number if it lies between two others; both are allowed.

    Raises
    ------
    UsageError
        If it does not.
    """
    if not low <= value <= high:
        limits = f"{low:g} or more" if high == inf else f"{low:g} to {high:g}"
        raise UsageError(f"{name}={value:g}", expected=limits)
    return value
