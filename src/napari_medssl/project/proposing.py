"""Running a model on the cases of a project: each gets a proposal that waits to be looked at."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol

from napari_medssl.correct.history import AUTOMATIC
from napari_medssl.correct.journal import to_json
from napari_medssl.errors import MedSSLError
from napari_medssl.project.export_folder import is_of_the_disk
from napari_medssl.project.proposals import pending_for, require_room, save_proposal

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

    from napari_medssl.correct.proposal import Proposal
    from napari_medssl.project.project import Project
    from napari_medssl.volume import Volume

_What = Literal["done", "already", "left out", "stopped"]


class Proposer(Protocol):
    """A model that is ready to run; whoever makes it knows the network."""

    @property
    def weights_sha256(self) -> str:
        """Hash of its weights."""

    @property
    def settings(self) -> Mapping[str, object]:
        """What it is run with: plain values."""

    def misfits(self, volume: Volume) -> Sequence[str]:
        """Say what about an image does not suit the model; empty where all does."""

    def propose(self, volume: Volume) -> Proposal | None:
        """Return what it finds; None when it was told to stop."""


@dataclass(frozen=True)
class Outcome:
    """What became of a case.

    Parameters
    ----------
    case : str
        Its id.
    what : {"done", "already", "left out", "stopped"}
        It has a proposal now; had the same one before; has none; or the run ended with it.
    why : str
        Why it was left out, or not measured.
    seconds : float
        How long it took.
    """

    case: str
    what: _What
    why: str = ""
    seconds: float = 0.0


@dataclass(frozen=True)
class ProposeReport:
    """What became of the cases.

    Parameters
    ----------
    done, already : tuple of str
        Cases with a proposal now, and those that had the same one before.
    left_out : mapping of str to str
        Cases without one, and why.
    stopped : bool
        Whether it was stopped before the end.
    """

    done: tuple[str, ...] = ()
    already: tuple[str, ...] = ()
    left_out: Mapping[str, str] = field(default_factory=dict)
    stopped: bool = False

    def __add__(self, outcome: Outcome) -> ProposeReport:
        """Return the report with one more case."""
        case, what = outcome.case, outcome.what
        left_out = {key: why for key, why in self.left_out.items() if key != case}
        return ProposeReport(
            self.done + (case,) * (what == "done"),
            self.already + (case,) * (what == "already"),
            left_out | ({case: outcome.why} if what == "left out" else {}),
            stopped=what == "stopped",
        )


def cases_to_do(project: Project, ids: Collection[str] = ()) -> tuple[str, ...]:
    """Return the given cases, or all that are not done; raises `UsageError` if one is unknown."""
    if ids:
        return tuple(project.case(one).id for one in dict.fromkeys(ids))
    return tuple(case.id for case in project.cases() if case.status != "done")


def propose(
    project: Project,
    cases: Iterable[str],
    proposer: Proposer,
    *,
    anyway: bool = False,
    again: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> ProposeReport:
    """Do all that `propose_each` does, and report.

    Parameters
    ----------
    progress : callable, optional
        Is told before each case how many of how many are finished, and at the end.
    """
    order = list(cases)
    tell = progress or (lambda done, of: None)
    report = ProposeReport()
    tell(0, len(order))
    for count, one in enumerate(
        propose_each(project, order, proposer, anyway=anyway, again=again), 1
    ):
        report += one
        if not report.stopped:
            tell(count, len(order))
    return report


def propose_each(
    project: Project,
    cases: Iterable[str],
    proposer: Proposer,
    *,
    anyway: bool = False,
    again: bool = False,
) -> Iterator[Outcome]:
    """Run a model on cases, one after the other; each proposal is on the disk at once.

    A case for which the same weights with the same settings were run before, and wait or were
    accepted, is passed over: a run that was stopped goes on where it was.

    Parameters
    ----------
    project : Project
        Its masks are not changed, so that it may be open to be looked at only.
    cases : sequence of str
        Ids.
    proposer : Proposer
        The model.
    anyway : bool
        Run on images too that do not suit the model.
    again : bool
        Run also where the same was run before.

    Yields
    ------
    Outcome
        Of each case, in order; nothing comes after one that was stopped.

    Raises
    ------
    SaveError
        If the disk is full or may not be written; finished proposals stay.
    """
    require_room(project)
    for case in cases:
        began = time.monotonic()
        try:
            what, why = _propose_one(project, case, proposer, anyway=anyway, again=again)
        except MedSSLError as error:
            if is_of_the_disk(error):
                raise
            what, why = "left out", without_name(str(error), project, case)
        yield Outcome(case, what, why, time.monotonic() - began)
        if what == "stopped":
            return


def without_name(words: str, project: Project, case: str) -> str:
    """Put a case's id for its file's name: a job's log must not tell who it is."""
    try:
        return words.replace(f"'{project.case(case).image.name}'", f"'{case}'")
    except MedSSLError:
        return words


def _propose_one(
    project: Project, case: str, proposer: Proposer, *, anyway: bool, again: bool
) -> tuple[_What, str]:
    """Run on one case; return what became of it, and why."""
    if not again and _is_there(project, case, proposer):
        return "already", ""
    volume = project.read_image(case)
    if not anyway and (misfits := proposer.misfits(volume)):
        return "left out", " ".join(misfits)
    found = proposer.propose(volume)
    if found is None:
        return "stopped", ""
    save_proposal(project, case, found)
    return "done", ""


def _is_there(project: Project, case_id: str, proposer: Proposer) -> bool:
    """Tell whether the same was run before, and waits or was accepted."""
    wanted = (proposer.weights_sha256, to_json(dict(proposer.settings)))
    known = pending_for(project, case_id)
    if known is not None and (known.weights_sha256, known.settings) == wanted:
        return True
    return any(
        (told.get("weights_sha256"), to_json(told.get("settings"))) == wanted
        for told in project.read_state(case_id).outlines
        if told.get(AUTOMATIC)
    )
