"""Taking a case out of a project so that nothing of it can be found in its file again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_medssl.errors import ProjectError
from napari_medssl.project.cases import require_case
from napari_medssl.project.proposals import forget_proposal
from napari_medssl.project.scores import forget_scores

if TYPE_CHECKING:
    from napari_medssl.project.store import Store

_DELETE = (
    "DELETE FROM journal WHERE case_id = ?",
    "DELETE FROM snapshot WHERE step_id IN (SELECT id FROM step WHERE case_id = ?)",
    "DELETE FROM step WHERE case_id = ?",
    "DELETE FROM done_slice WHERE case_id = ?",
    "DELETE FROM outline WHERE case_id = ?",
    "DELETE FROM image_case WHERE id = ?",
)


def purge_case(store: Store, case_id: str) -> None:
    """Remove a case, overwrite where it was, and write the file anew.

    Raises
    ------
    ProjectError
        If another window keeps the last traces from being overwritten.
    """
    number = require_case(store, case_id)
    store.require_writable()
    forget_proposal(store.file.parent, case_id)
    with store.transaction() as db:
        for delete in _DELETE:
            db.execute(delete, (number,))
        db.execute("DELETE FROM setting WHERE key = 'last_case' AND value = ?", (case_id,))
    forget_proposal(store.file.parent, case_id)  # one that a job brought meanwhile
    forget_scores(store.file.parent, case_id)
    if not store.shrink():
        raise ProjectError(
            f"{case_id} is removed, but another window keeps its traces from being overwritten",
            do="Close every window on this project: the last one overwrites them",
        )
