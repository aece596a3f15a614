"""The cases of a project as what a network learns from."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from napari_medssl.finetune.volumes.examples import Example, Labelled
    from napari_medssl.models.trained import OutputClass
    from napari_medssl.project import Project
    from napari_medssl.project.cases import Case


def examples_of(project: Project, *, everything: bool = False) -> list[Example]:
    """Return the cases marked done, and those with slices marked done, in their order.

    Parameters
    ----------
    project : Project
        Must stay open until the examples were read.
    everything : bool
        Also cases that are not done, if something is drawn on them.

    Raises
    ------
    UsageError
        If there is none.
    """
    from napari_medssl.finetune.volumes.examples import Example
    from napari_medssl.project.learn_plan import require_cases

    cases = require_cases([c for c in project.cases() if _counts(c, everything=everything)])
    return [
        Example(
            case.id, patient_of_case(case), partial(_read, project, case, everything=everything)
        )
        for case in cases
    ]


def patient_of_case(case: Case) -> str:
    """Return who a case is of: what the file says, or else what its name lets guess."""
    from napari_medssl.finetune import patient_of
    from napari_medssl.project.learn_plan import patient_key

    return patient_key(case, patient_of)


def classes_of(project: Project) -> Mapping[int, OutputClass]:
    """Return the project's labels by value."""
    from napari_medssl.models.trained import OutputClass

    infos = [row.info for row in project.labels()]
    return {info.value: OutputClass(info.value, info.name, info.colour) for info in infos}


def _counts(case: Case, *, everything: bool) -> bool:
    from napari_medssl.project.learn_task import finished

    return finished(case) or (everything and any(case.voxels.values()))


def _read(project: Project, case: Case, *, everything: bool) -> Labelled:
    """Open a case; where only slices are done, only those were looked at."""
    from napari_medssl.finetune.volumes.examples import Labelled, looked_at_slices

    state = project.read_state(case.id)
    volume = project.read_image(case.id)
    whole = case.status == "done" or (everything and not case.done_slices)
    looked_at = None
    if not whole:
        slices: dict[int, set[int]] = {}
        for axis, index in state.done:
            slices.setdefault(axis, set()).add(index)
        looked_at = looked_at_slices(case.grid.shape, slices)
    corrected = project.corrected(case.id)
    return Labelled(volume, state.labels, looked_at, corrected if corrected.any() else None)
