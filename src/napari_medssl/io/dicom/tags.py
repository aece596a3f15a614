"""Reading DICOM elements with pydicom: quietly, typed, and without ever trusting a value."""

from __future__ import annotations

import logging
import math
import struct
import threading
import warnings
import zlib
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from pydicom.datadict import tag_for_keyword
from pydicom.errors import BytesLengthException, InvalidDicomError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pydicom.dataset import Dataset

#: all that pydicom has been seen to raise on damaged files. RecursionError (deeply nested
#: sequences) is a RuntimeError and costs nothing: pydicom recurses in Python, not in C.
PARSER_FAILURES = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    BytesLengthException,
    EOFError,
    InvalidDicomError,
    LookupError,
    MemoryError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
    struct.error,
    zlib.error,
)

# catch_warnings swaps process-wide state: two of ours must not interleave
_ONE_AT_A_TIME = threading.RLock()


@contextmanager
def quietly() -> Iterator[None]:
    """Silence the warnings and log lines of pydicom and highdicom: they quote values, or names."""
    logs = [logging.getLogger(library) for library in ("pydicom", "highdicom")]
    with _ONE_AT_A_TIME, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        levels = [log.level for log in logs]
        for log in logs:
            log.setLevel(logging.CRITICAL + 1)
        try:
            yield
        finally:
            for log, level in zip(logs, levels, strict=True):
                log.setLevel(level)


class Tags:
    """Typed access to DICOM elements by keyword; what is absent or unreadable is just absent.

    Parameters
    ----------
    owners : mapping of int to Dataset
        For each tag, the dataset that holds it: one dataset for a plain image, several macros
        for a frame of an enhanced multi-frame image.
    """

    def __init__(self, owners: Mapping[int, Dataset]) -> None:
        self._owners = owners

    @classmethod
    def of(cls, dataset: Dataset) -> Tags:
        """Give access to the elements of one dataset."""
        return cls({int(tag): dataset for tag in dataset.keys()})  # noqa: SIM118 - not a dict

    def value(self, keyword: str) -> Any:
        """Return the value as pydicom gives it, or None."""
        tag = tag_for_keyword(keyword)
        owner = None if tag is None else self._owners.get(int(tag))
        if owner is None or tag is None:
            return None
        try:
            return owner[tag].value
        except PARSER_FAILURES:
            return None

    def text(self, keyword: str) -> str:
        """Return the value as text, several values joined by a backslash; empty when absent."""
        value = self.value(keyword)
        if value is None:
            return ""
        many = isinstance(value, (list, tuple)) or type(value).__name__ == "MultiValue"
        return "\\".join(str(v).strip() for v in value) if many else str(value).strip()

    def numbers(self, keyword: str, count: int) -> tuple[float, ...] | None:
        """Return exactly ``count`` finite numbers, or None."""
        value = self.value(keyword)
        try:
            values = tuple(float(v) for v in ([value] if count == 1 else value))
        except (TypeError, ValueError, OverflowError):
            return None
        return values if len(values) == count and all(map(math.isfinite, values)) else None

    def number(self, keyword: str) -> float | None:
        """Return one finite number, or None."""
        values = self.numbers(keyword, 1)
        return values[0] if values else None

    def whole(self, keyword: str) -> int | None:
        """Return one whole number, or None."""
        value = self.number(keyword)
        return int(value) if value is not None and value == int(value) else None

    def items(self, keyword: str) -> tuple[Dataset, ...]:
        """Return the items of a sequence; none when it is absent."""
        value = self.value(keyword)
        return tuple(value) if type(value).__name__ == "Sequence" else ()
