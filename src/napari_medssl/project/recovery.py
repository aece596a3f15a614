"""Sessions of work on a project, and what a session that never ended leaves to be asked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from napari_medssl.project.cases import id_of, now, require_case
from napari_medssl.project.state import labels_at, replace_labels
from napari_medssl.project.steps import BEGINNING

if TYPE_CHECKING:
    from napari_medssl.project.store import Store


@dataclass(frozen=True)
class Unfinished:
    """Work of a window that ended without closing its project: nothing of it is lost.

    Parameters
    ----------
    case : str
        Id of the case that was worked on last.
    since, last : datetime
        When that window opened the project, and its last step; UTC.
    steps : int
        Steps, undos and redos since then, on all cases.
    """

    case: str
    since: datetime
    last: datetime
    steps: int


def begin_session(store: Store) -> int:
    """Note that a window begins to work, and return the number of its session."""
    with store.transaction() as db:
        added = db.execute("INSERT INTO session (opened) VALUES (?)", (now(),)).lastrowid
    return int(added or 0)


def settle(store: Store, session: int, *, earlier: bool) -> None:
    """Note that a session ended well; with ``earlier`` those that did not are dealt with too."""
    with store.transaction() as db:
        first = 0 if earlier else session
        db.execute("UPDATE session SET settled = 1 WHERE id BETWEEN ? AND ?", (first, session))


def unfinished_before(store: Store, session: int) -> Unfinished | None:
    """Return what sessions before this one left, if one never ended and something was done."""
    first = _first_unsettled(store, session)
    rows = store.rows(
        "SELECT case_id, at FROM journal WHERE session_id BETWEEN ? AND ? ORDER BY id",
        first,
        session - 1,
    )
    if not rows:
        return None
    since = store.one("SELECT opened FROM session WHERE id = ?", first)
    last = rows[-1]
    return Unfinished(
        case=id_of(last["case_id"]),
        since=datetime.fromisoformat(since),
        last=datetime.fromisoformat(last["at"]),
        steps=len(rows),
    )


def rewind(store: Store, case_id: str, session: int) -> None:
    """Put a case back to where it was before the unfinished session, or else before this one.

    It is one more step, so one undo brings everything back.
    """
    number = require_case(store, case_id)
    past = store.one(
        "SELECT top FROM journal WHERE case_id = ? AND session_id < ? ORDER BY id DESC LIMIT 1",
        number,
        _first_unsettled(store, session),
    )
    wanted, prompts = labels_at(store, case_id, int(past or BEGINNING))
    words = "Back to how it was when it was opened"
    replace_labels(store, case_id, session, wanted, words, prompts=prompts)


def _first_unsettled(store: Store, session: int) -> int:
    first = store.one("SELECT min(id) FROM session WHERE settled = 0 AND id <= ?", session)
    return int(first or session)
