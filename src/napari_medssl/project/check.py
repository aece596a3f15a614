"""Looking a project over: every byte of its file, and whether its images are in their places."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_medssl.correct.journal import fingerprint, unpack_step
from napari_medssl.errors import UnreadableFileError
from napari_medssl.project.cases import id_of, read_cases
from napari_medssl.project.state import unpack_labels

if TYPE_CHECKING:
    from collections.abc import Iterator

    from napari_medssl.project.store import Store

_MOST_TOLD = 10


def problems_of(store: Store) -> Iterator[str]:
    """Yield what is wrong, a sentence each; nothing when all is well."""
    for row in store.rows(f"PRAGMA integrity_check({_MOST_TOLD})"):
        if row[0] != "ok":
            yield f"'{store.file.name}' is damaged. Take it from a backup."
            return
    yield from _bad_steps(store)
    yield from _bad_snapshots(store)
    for case in read_cases(store):
        if not case.image.exists():
            yield (
                f"{case.id}: its image '{case.image.name}' is not where it was. "
                f"Run 'medssl project relocate' with its new place."
            )


def _bad_steps(store: Store) -> Iterator[str]:
    for number, case in store.rows("SELECT id, case_id FROM step"):
        packed, mark = store.rows("SELECT packed, fingerprint FROM step WHERE id = ?", number)[0]
        try:
            good = fingerprint(unpack_step(packed)) == mark
        except UnreadableFileError:
            good = False
        if not good:
            yield f"{id_of(case)}: one of its steps is damaged. Take the project from a backup."
    for (case,) in store.rows(
        "SELECT DISTINCT case_id FROM step WHERE parent > 0 AND parent NOT IN (SELECT id FROM step)"
    ):
        yield f"{id_of(case)}: one of its steps is missing. Take the project from a backup."


def _bad_snapshots(store: Store) -> Iterator[str]:
    shapes = {case.id: case.grid.shape for case in read_cases(store)}
    for number, case in store.rows(
        "SELECT step_id, case_id FROM snapshot JOIN step ON step.id = step_id"
    ):
        packed = store.one("SELECT packed FROM snapshot WHERE step_id = ?", number)
        try:
            good = np.shape(unpack_labels(packed)) == shapes[id_of(case)]
        except UnreadableFileError:
            good = False
        if not good:
            yield f"{id_of(case)}: a kept mask of it is damaged. Take the project from a backup."
