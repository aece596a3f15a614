"""What was corrected since a network last learned: what the next round would have to learn from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_medssl.project.cases import number_of
from napari_medssl.project.learn_task import finished
from napari_medssl.project.versions import versions

if TYPE_CHECKING:
    from napari_medssl.project.cases import Case
    from napari_medssl.project.project import Project

_STEPS_SINCE = "SELECT count(*) FROM journal WHERE case_id = ? AND at > ?"
_SLICES_SINCE = "SELECT count(*) FROM done_slice WHERE case_id = ? AND at > ?"


@dataclass(frozen=True)
class NewCorrections:
    """How much there is to learn that no model of the project has learned yet.

    Parameters
    ----------
    cases : int
        Cases that are done, and were not before or have changed.
    slices : int
        Slices called finished since, in cases that are not done as a whole.
    """

    cases: int = 0
    slices: int = 0

    @property
    def any(self) -> bool:
        """Whether there is anything."""
        return bool(self.cases or self.slices)


def new_corrections(project: Project) -> NewCorrections:
    """Count what was finished or changed since the newest model of the project began to learn.

    Whether that model was accepted or not does not matter: it was taught what there was. Without a
    model, all that is finished counts. No mask is read, so it is quick; and the project may be
    open to be looked at only, or of an older layout.
    """
    there = versions(project)
    figures = there[-1].figures if there else {}
    since = figures.get("planned") or (there[-1].made if there else "")
    sides = figures.get("roles", {})
    known = {case for side in sides.values() for case in side}
    whole = known - set(figures.get("by_slices", ()))
    cases = slices = 0
    for case in filter(finished, project.cases()):
        if case.status == "done":
            cases += case.id not in whole or _count(project, _STEPS_SINCE, case, since) > 0
        elif case.id in known:
            slices += _count(project, _SLICES_SINCE, case, since)
        else:
            slices += case.done_slices
    return NewCorrections(cases, slices)


def _count(project: Project, query: str, case: Case, since: str) -> int:
    return int(project.store.one(query, number_of(case.id), since))
