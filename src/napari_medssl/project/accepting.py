"""Taking what a model proposes for a case into its mask, in one step and around hand work."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from napari_medssl.correct import Step
from napari_medssl.correct.hand import hold_slices
from napari_medssl.correct.matching import match_classes
from napari_medssl.correct.merge import Merge
from napari_medssl.errors import UsageError
from napari_medssl.io.label_table import LabelInfo, unnamed_label
from napari_medssl.project.label_states import LabelState
from napari_medssl.project.proposals import keep_rest, read_proposal
from napari_medssl.volume.label_types import label_type

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from napari_medssl.correct.matching import Named
    from napari_medssl.correct.proposal import Proposal
    from napari_medssl.project.project import Project
    from napari_medssl.project.state import CaseState


@dataclass(frozen=True)
class Accepted:
    """What accepting a proposal changed.

    Parameters
    ----------
    targets : mapping of int to int
        Values of the classes accepted -> values of their labels.
    voxels : int
        How many changed.
    kept : int
        How many were left as they were although the model disagrees.
    """

    targets: Mapping[int, int]
    voxels: int
    kept: int


def named_labels(
    proposal: Proposal,
    targets: Mapping[int, int],
    labels: Collection[LabelInfo],
    in_use: Callable[[int], bool],
) -> list[LabelInfo]:
    """Return the labels that accepting classes adds, or gives their names.

    Parameters
    ----------
    proposal : Proposal
        What is accepted of.
    targets : mapping of int to int
        Values of the classes -> values of their labels.
    labels : collection of LabelInfo
        Those there are.
    in_use : callable
        Tells whether a label has voxels anywhere: one that nobody has named, and without any, is
        named after its class.
    """
    known = {info.value for info in labels}
    unnamed = unnamed_of(labels)
    classes = {one.value: one for one in proposal.classes}
    return [
        LabelInfo(label, classes[value].name, classes[value].colour or unnamed_label(label).colour)
        for value, label in targets.items()
        if label not in known or (label in unnamed and not in_use(label))
    ]


def unnamed_of(labels: Iterable[Named]) -> frozenset[int]:
    """Return the labels that nobody has named yet."""
    return frozenset(row.value for row in labels if row.name == unnamed_label(row.value).name)


def accept_proposal(
    project: Project, case_id: str, names: Collection[str] | None = None
) -> Accepted:
    """Take a proposal into a case's mask, in one step that can be undone.

    Voxels that were edited by hand, slices that are done and locked labels stay as they are.
    Classes that are no label of the project yet become new ones.

    Parameters
    ----------
    project : Project
        The project.
    case_id : str
        The case.
    names : collection of str, optional
        Which classes; all unless given. The others go on waiting.

    Raises
    ------
    UsageError
        If nothing waits for the case, or a class is not in it.
    ReadOnlyError, SaveError
        If it may not, or could not, be written.
    """
    found = read_proposal(project, case_id)
    if found is None:
        raise UsageError(
            f"no proposal for {case_id}", do="Run a model first: 'medssl project segment'"
        )
    accepted = found.named(names) if names else tuple(one.value for one in found.classes)
    state, table = project.read_state(case_id), project.labels()
    merge = _merge(project, case_id, found, state, table)
    targets = {value: merge.targets[value] for value in accepted}
    labels = state.labels.astype(label_type(max((*targets.values(), int(state.labels.max())))))
    edit = merge.edit(labels, found.labels, accepted)
    kept = merge.difference(labels, found.labels).kept
    _name_labels(project, found, targets, table)
    step = Step(words_of(found, accepted), edit, outlines=found.record(targets))
    if edit is not None:
        project.record(case_id, "do", step)
    keep_rest(project, case_id, accepted, found)
    return Accepted(targets, edit.count if edit is not None else 0, kept)


def words_of(proposal: Proposal, accepted: Collection[int]) -> str:
    """Return what the step that accepts classes is called."""
    names = [one.name for one in proposal.classes if one.value in accepted]
    return f"Accept '{names[0]}'" if len(names) == 1 else f"Accept {len(names)} labels"


def _merge(
    project: Project,
    case_id: str,
    found: Proposal,
    state: CaseState,
    table: Sequence[LabelState],
) -> Merge:
    infos = [row.info for row in table]
    held = hold_slices(project.hand_edited(case_id), state.done)
    return Merge(
        match_classes(found.classes, infos, unnamed_of(infos)),
        [row.info.value for row in table if row.locked],
        held,
    )


def _name_labels(
    project: Project, found: Proposal, targets: Mapping[int, int], table: Sequence[LabelState]
) -> None:
    """Write the labels that are new, or have a name now."""
    used = {value for case in project.cases() for value, count in case.voxels.items() if count}
    infos = named_labels(found, targets, [row.info for row in table], lambda v: v in used)
    if infos:
        states = {row.info.value: row for row in table}
        for info in infos:
            states[info.value] = replace(states.get(info.value, LabelState(info)), info=info)
        project.set_labels(states.values())
