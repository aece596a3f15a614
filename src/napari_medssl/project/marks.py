"""What is kept of a case beside its steps: finished slices, the view."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari_medssl.correct.journal import to_json
from napari_medssl.errors import UsageError
from napari_medssl.project.cases import now, read_case, require_case

if TYPE_CHECKING:
    from collections.abc import Mapping

    from napari_medssl.project.store import Store

_SETTING = "INSERT INTO setting VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value"


def mark_done(store: Store, case_id: str, axis: int, index: int, *, done: bool) -> None:
    """Call a slice finished, or not.

    Raises
    ------
    UsageError
        If there is no such slice.
    """
    shape = read_case(store, case_id).grid.shape
    if not (0 <= axis <= 2 and 0 <= index < shape[axis]):
        raise UsageError(f"slice {index} across axis {axis}", expected=f"one inside {shape}")
    row = (require_case(store, case_id), axis, index)
    with store.transaction() as db:
        if done:
            db.execute("INSERT OR IGNORE INTO done_slice VALUES (?, ?, ?, ?)", (*row, now()))
        else:
            db.execute("DELETE FROM done_slice WHERE case_id = ? AND axis = ? AND slice = ?", row)


def save_view(store: Store, case_id: str, view: Mapping[str, Any]) -> None:
    """Keep how a case is looked at."""
    row = (to_json(view), require_case(store, case_id))
    with store.transaction() as db:
        db.execute("UPDATE image_case SET view = ? WHERE id = ?", row)


def note_opened(store: Store, case_id: str) -> None:
    """Keep which case was opened last, and when."""
    row = (now(), require_case(store, case_id))
    with store.transaction() as db:
        db.execute("UPDATE image_case SET opened = ? WHERE id = ?", row)
        db.execute(_SETTING, ("last_case", case_id))
