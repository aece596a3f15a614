"""The steps of a case on the disk: a tree that only grows, and a journal of the way through it."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_medssl.correct.journal import fingerprint, pack_step, to_json
from napari_medssl.errors import GeometryError, ProjectError
from napari_medssl.project.cases import Grid, now

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    from napari_medssl.correct import Edit, Step
    from napari_medssl.correct.journal import Change
    from napari_medssl.project.store import Store

BEGINNING = 0

_TOP = "SELECT top FROM journal WHERE case_id = ? ORDER BY id DESC LIMIT 1"
_REDONE = "SELECT max(id) FROM step WHERE case_id = ? AND parent = ?"
_PROMPTED = "SELECT packed FROM step WHERE id = (SELECT prompts_at FROM step WHERE id = ?)"

#: from a step back until a snapshot was met and enough steps can be undone
_BACK = """
WITH RECURSIVE back(id, parent, nth, met) AS (
  SELECT id, parent, 1, 0 FROM step WHERE id = :top
  UNION ALL
  SELECT step.id, step.parent, nth + 1,
    met OR EXISTS (SELECT 1 FROM snapshot WHERE step_id = back.id)
  FROM back JOIN step ON step.id = back.parent
  WHERE nth < :least OR NOT (met OR EXISTS (SELECT 1 FROM snapshot WHERE step_id = back.id))
)
SELECT step.id, packed, met OR EXISTS (SELECT 1 FROM snapshot WHERE step_id = step.id) AS met
FROM back JOIN step ON step.id = back.id ORDER BY nth
"""
#: from a step on, always to the youngest that follows: what can be made again
_ON = """
WITH RECURSIVE ahead(id, nth) AS (
  SELECT (SELECT max(id) FROM step WHERE case_id = :case AND parent = :top), 1
  UNION ALL
  SELECT (SELECT max(id) FROM step WHERE case_id = :case AND parent = ahead.id), nth + 1
  FROM ahead WHERE ahead.id IS NOT NULL AND nth < :most
)
SELECT packed FROM ahead JOIN step ON step.id = ahead.id ORDER BY nth DESC
"""
#: all steps from the first to one
_PATH = """
WITH RECURSIVE back(id, parent) AS (
  SELECT id, parent FROM step WHERE id = ?
  UNION ALL
  SELECT step.id, step.parent FROM back JOIN step ON step.id = back.parent
)
SELECT step.id FROM back JOIN step ON step.id = back.id ORDER BY depth
"""


@dataclass(frozen=True, eq=False)
class Way:
    """The steps around the present state of a case.

    Parameters
    ----------
    top : int
        The last step done; 0 before the first.
    snapshot : bytes or None
        The newest kept label map on the way to it.
    before : tuple of bytes
        Packed steps that the snapshot holds and that can still be undone, oldest first.
    after : tuple of bytes
        Packed steps to do on top of it, oldest first.
    undone : tuple of bytes
        Packed steps that can be made again; the last one is next.
    prompted : bytes or None
        The packed step that changed the prompts last.
    """

    top: int
    snapshot: bytes | None
    before: tuple[bytes, ...]
    after: tuple[bytes, ...]
    undone: tuple[bytes, ...]
    prompted: bytes | None


def top_of(store: Store, case: int) -> int:
    """Return the last step done on a case; 0 before the first."""
    return int(store.one(_TOP, case) or BEGINNING)


def way_to(store: Store, case: int, top: int, *, undoable: int) -> Way:
    """Gather what is needed to rebuild the state at ``top``, with at least ``undoable`` steps."""
    back = store.rows(_BACK, top=top, least=undoable)
    fresh = sum(not row["met"] for row in back)
    snapshot = None
    if fresh < len(back):
        snapshot = store.one("SELECT packed FROM snapshot WHERE step_id = ?", back[fresh]["id"])
    ahead = store.rows(_ON, case=case, top=top, most=undoable)
    return Way(
        top=top,
        snapshot=snapshot,
        before=tuple(row["packed"] for row in back[fresh:][::-1]),
        after=tuple(row["packed"] for row in back[:fresh][::-1]),
        undone=tuple(row["packed"] for row in ahead),
        prompted=store.one(_PROMPTED, top),
    )


def path_to(store: Store, top: int) -> Iterator[bytes]:
    """Return all packed steps that lead to one, oldest first, each read when it is wanted."""
    for row in store.rows(_PATH, top):
        yield store.one("SELECT packed FROM step WHERE id = ?", row["id"])


def record(
    store: Store,
    case: int,
    session: int,
    change: Change,
    step: Step,
    *,
    on_top_of: int | None = None,
) -> None:
    """Write one step, undo or redo; when this returns it is on the disk.

    Raises
    ------
    ProjectError
        If the step to undo or redo is not the one that the project holds, or the case changed
        since ``on_top_of``; nothing is written then.
    GeometryError
        If the step does not fit the case's image.
    """
    packed, mark = (
        (pack_step(step), fingerprint(step)) if change == "do" else (b"", fingerprint(step))
    )
    with store.transaction() as db:
        top = int((db.execute(_TOP, (case,)).fetchone() or (BEGINNING,))[0])
        if on_top_of not in (None, top):
            raise _out_of_step()
        if change == "do":
            _require_inside(db, case, step.edit)
            touched = new_top = _add(db, case, top, step, packed, mark)
        else:
            touched, new_top = _taken(db, case, top, change, mark)
        _tell_outlines(db, case, change, step)
        db.execute(
            "INSERT INTO journal (case_id, session_id, change, step_id, top, at)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            (case, session, change, touched, new_top, now()),
        )
        db.execute(
            "UPDATE image_case SET status = 'in work' WHERE id = ? AND status = 'new'", (case,)
        )


def _taken(
    db: sqlite3.Connection, case: int, top: int, change: Change, mark: bytes
) -> tuple[int, int]:
    """Return the step that is undone or redone, and the last step afterwards."""
    redone = db.execute(_REDONE, (case, top)).fetchone()[0]
    touched = top if change == "undo" else redone or BEGINNING
    row = db.execute("SELECT parent, fingerprint FROM step WHERE id = ?", (touched,)).fetchone()
    if row is None or row["fingerprint"] != mark:
        raise _out_of_step()
    return touched, (row["parent"] if change == "undo" else touched)


def _tell_outlines(db: sqlite3.Connection, case: int, change: Change, step: Step) -> None:
    """Keep what is told of the outlines of the steps that stand, and of no other."""
    if change == "undo":  # the last step's are the last ones
        db.execute(
            "DELETE FROM outline WHERE id IN"
            " (SELECT id FROM outline WHERE case_id = ? ORDER BY id DESC LIMIT ?)",
            (case, len(step.outlines)),
        )
    else:
        db.executemany(
            "INSERT INTO outline (case_id, told) VALUES (?, ?)",
            [(case, to_json(outline)) for outline in step.outlines],
        )


def _out_of_step() -> ProjectError:
    return ProjectError(
        "this step does not follow the last one that the project holds",
        do="Open the case again; everything saved before is there",
    )


def _add(
    db: sqlite3.Connection, case: int, top: int, step: Step, packed: bytes, mark: bytes
) -> int:
    parent = db.execute("SELECT * FROM step WHERE id = ?", (top,)).fetchone()
    depth, prompts_at, counts = 1, 0, "{}"
    if parent is not None:
        depth, prompts_at, counts = parent["depth"] + 1, parent["prompts_at"], parent["counts"]
    added = db.execute(
        "INSERT INTO step (case_id, parent, depth, prompts_at, counts, fingerprint, packed)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (case, top, depth, prompts_at, _counts_after(counts, step.edit), mark, packed),
    ).lastrowid
    if step.prompts is not None:
        db.execute("UPDATE step SET prompts_at = id WHERE id = ?", (added,))
    return int(added or BEGINNING)


def _require_inside(db: sqlite3.Connection, case: int, edit: Edit | None) -> None:
    (text,) = db.execute("SELECT grid FROM image_case WHERE id = ?", (case,)).fetchone()
    shape = Grid.from_json(text).shape
    if edit is not None and any(
        low + size > most for low, size, most in zip(edit.low, edit.shape, shape, strict=True)
    ):
        raise GeometryError(
            f"a step of {edit.shape} voxels at {edit.low}", expected=f"one inside {shape}"
        )


def _counts_after(counts: str, edit: Edit | None) -> str:
    """Return how many voxels each label has after an edit, as JSON."""
    if edit is None:
        return counts
    tally = Counter({int(value): count for value, count in json.loads(counts).items()})
    tally.update(_tally(edit.after, edit.count))
    tally.subtract(_tally(edit.before, edit.count))
    return json.dumps({v: count for v, count in sorted(tally.items()) if v and count})


def _tally(values: NDArray[Any], count: int) -> Mapping[int, int]:
    if values.size == 1:
        return {int(values[0]): count}
    if values.dtype.itemsize > 2:
        found, times = np.unique(values, return_counts=True)
    else:  # many times faster than sorting
        times = np.bincount(values)
        found = np.flatnonzero(times)
        times = times[found]
    return dict(zip(found.tolist(), times.tolist(), strict=True))
