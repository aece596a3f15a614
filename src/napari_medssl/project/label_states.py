"""The label table of a project: what values mean, and how each label stands."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from napari_medssl.errors import UsageError
from napari_medssl.io.label_table import Code, LabelInfo

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable

    from napari_medssl.project.store import Store


@dataclass(frozen=True)
class LabelState:
    """One line of the label table.

    Parameters
    ----------
    info : LabelInfo
        Value, name, colour and code.
    visible : bool
        Whether it is drawn.
    locked : bool
        Whether nothing may add to it or take from it.
    """

    info: LabelInfo
    visible: bool = True
    locked: bool = False


def read_labels(store: Store) -> tuple[LabelState, ...]:
    """Return the label table, sorted by value."""
    return tuple(_state(row) for row in store.rows("SELECT * FROM label ORDER BY value"))


def label_table(labels: Iterable[LabelState | LabelInfo]) -> tuple[LabelState, ...]:
    """Return labels as a table.

    Raises
    ------
    UsageError
        If two labels have the same value.
    """
    table = tuple(row if isinstance(row, LabelState) else LabelState(row) for row in labels)
    values = [row.info.value for row in table]
    if twice := sorted({value for value in values if values.count(value) > 1}):
        raise UsageError(f"the label {twice[0]} twice", expected="each value once")
    return table


def write_labels(store: Store, states: Iterable[LabelState | LabelInfo]) -> None:
    """Replace the label table; raises as `label_table`."""
    full = label_table(states)
    with store.transaction() as db:
        db.execute("DELETE FROM label")
        db.executemany("INSERT INTO label VALUES (?, ?, ?, ?, ?, ?)", map(_row, full))


def _row(state: LabelState) -> tuple[int, str, str, str | None, bool, bool]:
    info = state.info
    red, green, blue = info.colour
    code = json.dumps(asdict(info.code)) if info.code else None
    colour = f"#{red:02x}{green:02x}{blue:02x}"
    return info.value, info.name, colour, code, state.visible, state.locked


def _state(row: sqlite3.Row) -> LabelState:
    red, green, blue = bytes.fromhex(row["colour"][1:])
    code = Code(**json.loads(row["code"])) if row["code"] else None
    info = LabelInfo(row["value"], row["name"], (red, green, blue), code)
    return LabelState(info, bool(row["visible"]), bool(row["locked"]))
