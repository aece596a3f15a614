"""The review queue as it is printed, for people or as plain data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from napari_medssl.project.review_queue import QueueRow


def queue_facts(rows: Sequence[QueueRow], names: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return rows ready for JSON; ``names`` are the cases' by id."""
    return [
        {"place": n, "case": r.case, "name": names[r.case], "gain": r.gain, "reason": r.reason}
        for n, r in enumerate(rows, 1)
    ]


def queue_lines(
    rows: Sequence[QueueRow], names: Mapping[str, str], top: int | None = None
) -> list[str]:
    """Return the first so many rows as a table, under its head."""
    table = [("place", "case", "name", "gain", "why")]
    for n, row in enumerate(rows[:top], 1):
        gain = "-" if row.gain is None else f"{row.gain:.2f}"
        table.append((str(n), row.case, names[row.case], gain, row.reason))
    widths = [max(len(line[column]) for line in table) for column in range(len(table[0]))]
    lines = ["  ".join(map(str.ljust, line, widths)).rstrip() for line in table]
    more = len(rows) - len(table) + 1
    return [*lines, f"... and {more} more"] if more else lines
