"""A run of a model over the cases of a project, as the arguments and the result of a job.

The window and the command line both make their jobs from this; neither knows the other.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from napari_medssl.errors import UnreadableFileError, UsageError
from napari_medssl.io import atomic_write
from napari_medssl.project.proposals import require_room
from napari_medssl.project.proposing import ProposeReport, cases_to_do

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from napari_medssl.project.project import Project

#: the kind of job
KIND = "segment-project"
_REPORT = "cases.json"


class Card(Protocol):
    """What of a `models.trained.TrainedCard` a run is planned by."""

    @property
    def title(self) -> str:
        """Words for people."""

    @property
    def sha256(self) -> str:
        """Hash of the weights."""


@dataclass(frozen=True)
class SegmentTask:
    """What a job is given.

    Parameters
    ----------
    project : str
        The project's folder, absolute.
    model : str
        Name of a trained model, or the absolute path of its file.
    weights_sha256 : str
        Hash of its weights when the run was asked for.
    options : mapping
        What `segment.run.RunOptions` takes, as plain values.
    cases : tuple of str
        Ids, in the order in which they are run.
    anyway, again : bool
        As in `project.proposing.propose_each`.
    scores : bool
        Whether to measure as well how sure the model is of each case, for the review queue.
    earlier : tuple of str
        Models that it may be compared with for that, as ``model``, where the mirror image does
        not do; the first that fits is taken.
    threads : int, optional
        Of the processor; all unless given.
    """

    project: str
    model: str
    weights_sha256: str
    options: Mapping[str, Any]
    cases: tuple[str, ...]
    anyway: bool = False
    again: bool = False
    scores: bool = False
    earlier: tuple[str, ...] = ()
    threads: int | None = None

    @classmethod
    def of(cls, arguments: Mapping[str, Any]) -> SegmentTask:
        """Take it from a job's spec, where it has become JSON.

        Raises
        ------
        UnreadableFileError
            If it is not what `arguments` gave.
        """
        try:
            given = dict(arguments)
            options = {key: _without_list(value) for key, value in given.pop("options").items()}
            given["earlier"] = tuple(given.get("earlier", ()))
            return cls(options=options, cases=tuple(given.pop("cases")), **given)
        except (KeyError, TypeError, AttributeError) as error:
            raise UnreadableFileError(
                "a job without all that a run over a project's cases needs", do="Start it anew"
            ) from error

    @property
    def arguments(self) -> dict[str, Any]:
        """Plain data for a job's spec."""
        return asdict(self)


def plan_task(
    project: Project,
    model: str,
    card: Card,
    options: Mapping[str, Any],
    ids: Collection[str] = (),
    *,
    anyway: bool = False,
    again: bool = False,
) -> tuple[SegmentTask, str]:
    """Plan a run on the given cases, or on all that are not done; return it with a title.

    Raises
    ------
    UsageError
        If a case is unknown, or there is none to run on.
    SaveError
        If nothing can be written into the project's folder.
    """
    cases = cases_to_do(project, ids)
    if not cases:
        raise UsageError(
            "a project without a case to run on", expected="at least one that is not done"
        )
    require_room(project)
    task = SegmentTask(place_of(project), model, card.sha256, dict(options), cases, anyway, again)
    count = "1 case" if len(cases) == 1 else f"{len(cases)} cases"
    return task, f"'{card.title}' on {count}"


def write_report(report: ProposeReport, artifacts: Path) -> None:
    """Keep among a job's artifacts what became of the cases so far.

    Raises
    ------
    SaveError
        If it cannot be written.
    """
    text = json.dumps(asdict(report), indent=1) + "\n"

    def write(part: Path) -> None:
        with part.open("w", encoding="utf-8", newline="\n") as file:
            file.write(text)

    atomic_write(artifacts / _REPORT, write)


def read_report(artifacts: Path) -> ProposeReport:
    """Read what became of the cases of a job so far; nothing, where nothing is told yet."""
    try:
        told = json.loads((artifacts / _REPORT).read_text("utf-8"))
        done, already = tuple(told["done"]), tuple(told["already"])
        return ProposeReport(done, already, dict(told["left_out"]), stopped=bool(told["stopped"]))
    except (OSError, ValueError, KeyError, TypeError):
        return ProposeReport()


def place_of(project: Project) -> str:
    """Return where a project is, as the arguments of a job tell it under ``"project"``."""
    return str(Path(project.folder).resolve())


def _without_list(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
