"""A round of learning in a project, as the arguments and the result of a job.

Who learns and who judges is decided, and written into the ledger, before the job is made: the job
only reads the project, and what is drawn meanwhile does not change its sides.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Protocol

from napari_medssl.errors import UnreadableFileError, UsageError
from napari_medssl.project.cases import now
from napari_medssl.project.ledger import assign_roles, origin_of, patient_marks
from napari_medssl.project.segment_task import place_of
from napari_medssl.project.versions import add_candidate, current

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from napari_medssl.project.cases import Case
    from napari_medssl.project.ledger import Role
    from napari_medssl.project.project import Project
    from napari_medssl.project.versions import Card, ModelVersion

#: the kind of job
KIND = "learn"
#: among a job's artifacts: what the gate measured
GATE = "gate.json"
#: and the folder of both models' masks, a ``CASE.npz`` with ``old`` and ``new`` a judging case
MASKS = "gate"
#: and what says that learning is over, so that only judging is left
LEARNED = "learned.json"

_MOST_NAMES = 3


@dataclass(frozen=True)
class LearnTask:
    """What a job is given.

    Parameters
    ----------
    project : str
        The project's folder, absolute.
    origin : str
        As `origin_of` tells it: the folder may be moved.
    title : str
        Of the network that comes out.
    training, validation, test : tuple of str
        Ids of cases: what is learned from, what chooses the best weights, what judges.
    marks : mapping of str to str
        Ids of all cases -> marks of their patients.
    old : str or None
        Weights of the model in use, absolute; None where there is none.
    start, start_words : str
        Weights to begin with, absolute, or empty; and why these.
    network : str or None
        Key of a `NetworkCard`; chosen where None.
    minutes, steps : float, int or None
        How long it learns.
    threads : int
        Of the processor.
    planned : str
        When, in ISO format: what is drawn later was not learned.
    by_slices : tuple of str
        Cases of which only slices were done.
    cross_validate : bool
        Whether who is learned from judges too, where few others can.
    protocol : str
        Key of ``finetune.volumes.protocols.PROTOCOLS``.
    """

    project: str
    origin: str
    title: str
    training: tuple[str, ...]
    validation: tuple[str, ...]
    test: tuple[str, ...]
    marks: Mapping[str, str]
    old: str | None
    start: str
    start_words: str
    network: str | None
    minutes: float | None
    steps: int | None
    threads: int
    planned: str = ""
    by_slices: tuple[str, ...] = ()
    cross_validate: bool = True
    protocol: str = "ours"

    @classmethod
    def of(cls, arguments: Mapping[str, Any]) -> LearnTask:
        """Take it from a job's spec, where it has become JSON.

        Raises
        ------
        UnreadableFileError
            If it is not what `arguments` gave.
        """
        try:
            sides = {side: tuple(arguments[side]) for side in ("training", "validation", "test")}
            sides["by_slices"] = tuple(arguments.get("by_slices", ()))
            return cls(**{**arguments, **sides})
        except (KeyError, TypeError) as error:
            raise UnreadableFileError(
                "a job without all that learning in a project needs", do="Start it anew"
            ) from error

    @property
    def arguments(self) -> dict[str, Any]:
        """Plain data for a job's spec."""
        return asdict(self)

    @property
    def job_title(self) -> str:
        """What its job is called."""
        count = len(self.training)
        return f"Learning from {count} {'case' if count == 1 else 'cases'}"

    @property
    def taught(self) -> dict[str, str]:
        """Cases that are learned from or choose the weights -> marks of their patients."""
        return {case: self.marks[case] for case in (*self.training, *self.validation)}


class Spec(Protocol):
    """What of a `jobs.JobSpec` tells what it was about."""

    @property
    def id(self) -> str:
        """Which one."""

    @property
    def kind(self) -> str:
        """What runs it."""

    @property
    def arguments(self) -> Mapping[str, Any]:
        """What it was given."""


def finished_task(spec: Spec, state: str) -> LearnTask:
    """Return what a finished job of learning was given.

    Raises
    ------
    UsageError
        If it is of another kind, or not done.
    """
    if spec.kind != KIND:
        raise UsageError(f"a job of the kind '{spec.kind}'", expected=f"'{KIND}'")
    if state != "done":
        raise UsageError(
            f"the job '{spec.id}', which is {state}",
            expected="one that is done",
            do="Wait for it, or resume it with 'medssl jobs resume'",
        )
    return LearnTask.of(spec.arguments)


def finished(case: Case) -> bool:
    """Tell whether a case is done, or a slice of it: whether it is learned from or judges."""
    return case.status == "done" or case.done_slices > 0


def drawn_labels(project: Project, cases: Iterable[Case]) -> dict[int, str]:
    """Return the values and names of the labels that are drawn on cases, in order."""
    names = {row.info.value: row.info.name for row in project.labels()}
    drawn = {value for case in cases for value, voxels in case.voxels.items() if voxels}
    return {value: names.get(value, f"label {value}") for value in sorted(drawn)}


def undrawn_labels(project: Project, cases: Iterable[Case]) -> tuple[str, ...]:
    """Return the names of the project's labels that are drawn on none of some cases."""
    drawn = drawn_labels(project, cases)
    infos = [row.info for row in project.labels()]
    return tuple(info.name for info in infos if info.value not in drawn)


def plan_round(
    project: Project,
    done: Sequence[str],
    patients: Mapping[str, str],
    start: tuple[Path | None, str],
    how: Mapping[str, Any],
) -> LearnTask:
    """Decide who learns and who judges, for ever, and plan a round of learning.

    Parameters
    ----------
    project : Project
        Open for writing.
    done : sequence of str
        Ids of the cases that are done, or of which slices are.
    patients : mapping of str to str
        Ids of all cases -> what is the same for all cases of a patient.
    start : (Path or None, str)
        Weights to begin with, and why.
    how : mapping
        ``network``, ``minutes``, ``steps``, ``threads``, ``cross_validate``; ``protocol`` may be
        left out.

    Raises
    ------
    UsageError
        If nobody is left to learn from.
    ReadOnlyError, SaveError
        If the roles may not, or could not, be written.
    """
    marks = patient_marks(project, patients)
    given = assign_roles(project, [marks[case] for case in done])

    def side(role: Role) -> tuple[str, ...]:
        return tuple(case for case in done if given[marks[case]] == role)

    if not side("training"):
        raise UsageError(
            "only cases of patients who judge are done",
            expected="at least one of a patient who is learned from",
            do="Finish another patient's case, and learn then",
        )
    in_use, (weights, words) = current(project), start
    return LearnTask(
        project=place_of(project),
        origin=origin_of(project),
        title=_title(project, side("training")),
        training=side("training"),
        validation=side("validation"),
        test=side("test"),
        marks=marks,
        old=str(in_use.path.resolve()) if in_use is not None else None,
        start=str(weights.resolve()) if weights is not None else "",
        start_words=words,
        network=how["network"],
        minutes=how["minutes"],
        steps=how["steps"],
        threads=how["threads"],
        planned=now(),
        by_slices=tuple(case for case in done if project.case(case).status != "done"),
        cross_validate=how["cross_validate"],
        protocol=how.get("protocol", "ours"),
    )


def _title(project: Project, training: tuple[str, ...]) -> str:
    """Name a network by what it learns: a project's own name has no business in a checkpoint."""
    names = list(drawn_labels(project, map(project.case, training)).values())
    rest = ["..."] if len(names) > _MOST_NAMES else []
    words = ", ".join([*names[:_MOST_NAMES], *rest]) or "Labels"
    return f"{words} from {len(training)} {'case' if len(training) == 1 else 'cases'}"


def take_in(
    project: Project, task: LearnTask, artifacts: Path, weights: Path, card: Card
) -> ModelVersion:
    """Take what a finished round left into the project, as a candidate.

    Parameters
    ----------
    project : Project
        Open for writing; the one that the round learned in.
    task : LearnTask
        What the job was given.
    artifacts : Path
        The job's.
    weights, card : Path, Card
        What it learned, among them.

    Raises
    ------
    UsageError
        If it learned in another project.
    UnreadableFileError
        If its figures are missing.
    WeightsError, ReadOnlyError, SaveError
        As `add_candidate`.
    """
    if task.origin != origin_of(project):
        raise UsageError("a job that learned in another project", expected="one of this project")
    roles = {"training": task.training, "validation": task.validation, "test": task.test}
    learned = {"planned": task.planned, "by_slices": task.by_slices}
    figures = {**read_gate(artifacts), "roles": roles, "start": task.start_words, **learned}
    return add_candidate(project, weights, card, task.taught, figures)


def read_gate(artifacts: Path) -> dict[str, Any]:
    """Read what the gate measured.

    Raises
    ------
    UnreadableFileError
        If it is missing or damaged.
    """
    try:
        told: dict[str, Any] = json.loads((artifacts / GATE).read_text("utf-8"))
        return {**told, "verdict": dict(told["verdict"])}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UnreadableFileError(
            f"'{GATE}' of the job is missing or damaged", do="Resume the job, or learn once more"
        ) from error
