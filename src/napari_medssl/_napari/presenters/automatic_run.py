"""Running a model: on the image in hand or on all cases, with progress, time left and a stop."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from napari_medssl.errors import MedSSLError
from napari_medssl.project.proposals import save_proposal
from napari_medssl.project.proposer import ModelProposer
from napari_medssl.project.proposing import cases_to_do, propose

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from napari_medssl._napari.presenters.activity import Activity, Work
    from napari_medssl._napari.presenters.automatic_canvas import AutomaticCanvas, Door
    from napari_medssl._napari.presenters.models import ModelPresenter, Models
    from napari_medssl.correct.proposal import Proposal
    from napari_medssl.models.trained import TrainedCard
    from napari_medssl.project import Project
    from napari_medssl.project.proposing import ProposeReport
    from napari_medssl.volume import Volume

_TELL_EVERY_S = 0.1


@dataclass(frozen=True)
class RunSettings:
    """How a model is run.

    Parameters
    ----------
    overlap : float
        Part of a window that its neighbour sees too, 0 to 0.9.
    flips : bool
        Average with the mirror image, left and right exchanged, where the model's card allows it.
    keep_largest : bool
        Keep of each label its largest part only.
    min_ml : float
        Parts smaller than this are left out; in ml.
    uncertainty : bool
        Work out where the model is unsure.
    device : str
        ``"auto"``, ``"cpu"`` or ``"cuda"``.
    """

    overlap: float = 0.5
    flips: bool = False
    keep_largest: bool = False
    min_ml: float = 0.0
    uncertainty: bool = False
    device: str = "auto"

    def plain(self, card: TrainedCard) -> dict[str, Any]:
        """Return it as `segment.automatic.RunOptions` wants it for a model."""
        return {
            "overlap": self.overlap,
            "flips": self.flips and card.mirrored,
            "keep_largest": "all" if self.keep_largest else (),
            "min_mm3": self.min_ml * 1000,
            "uncertainty": self.uncertainty,
        }


@dataclass
class _Clock:
    """How long a run has taken, and how much of it is done; written by the thread that runs."""

    began: float = field(default_factory=time.monotonic)
    told: float = 0.0
    case: int = 0
    cases: int = 1


class RunView(Protocol):
    """The buttons that run, the bar, and the stop."""

    def show_ready(self, *, here: bool, cases: int, unfit: bool, flips: bool) -> None:
        """Offer to run on the image in hand, and on so many cases of a project; allow flips."""

    def show_running(self, words: str, done: int, total: int) -> None:
        """Show how far it is; a total of 0 is not known yet."""

    def show_report(self, words: str, left_out: Sequence[str]) -> None:
        """Show what came of a run on a project and, a line each, what was left out and why."""


class RunPresenter:
    """Runs one thing at a time, in a thread of its own: the rest of the panel stays quick.

    Parameters
    ----------
    view : RunView
        The buttons.
    canvas : AutomaticCanvas
        The image in hand.
    activity : Activity
        For what is said.
    runner : Work
        The thread that runs.
    models : Models
        How a model is run.
    choice : ModelPresenter
        Which one.
    door : Door
        The open project.
    found : callable
        Gets the volume, the id of its case or None, and what was found; on the window's thread.
    kept : callable
        Called when the case in hand has a new proposal on the disk.
    """

    def __init__(
        self,
        view: RunView,
        canvas: AutomaticCanvas,
        activity: Activity,
        runner: Work,
        models: Models,
        choice: ModelPresenter,
        door: Door,
        found: Callable[[Volume, str | None, Proposal], None],
        kept: Callable[[], None],
    ) -> None:
        self._view, self._canvas, self._activity = view, canvas, activity
        self._runner, self._models, self._choice = runner, models, choice
        self._door, self._found, self._kept = door, found, kept
        self._stop = threading.Event()
        self._running = False
        self.settings = RunSettings()

    @property
    def running(self) -> bool:
        """Whether a model is at work."""
        return self._running

    def show(self) -> None:
        """Offer what can be run now."""
        if self._running:
            return
        there, card = self._door(), self._choice.card
        may = card is not None
        cases = 0
        if there is not None and not there.project.read_only:
            cases = sum(case.status != "done" for case in there.cases)
        self._view.show_ready(
            here=may and self._canvas.volume is not None,
            cases=cases if may else 0,
            unfit=bool(self._choice.misfits),
            flips=card is not None and card.mirrored,
        )

    def run_here(self) -> None:
        """Run on the image in hand; in a project its proposal is kept with the case."""
        volume, case, there = self._canvas.volume, self._canvas.case, self._door()
        project = there.project if there is not None else None
        if project is None or project.read_only:
            case = None
        make = self._proposer(_Clock())
        if make is None or volume is None:
            self._activity.say("Open an image and choose a model first.", problem=True)
            return

        def run() -> Proposal | None:
            found = make().propose(volume)
            if found is not None and project is not None and case is not None:
                save_proposal(project, case, found)
            return found

        def done(found: Proposal | None) -> None:
            self._end()
            if found is None:
                self._activity.say("Stopped. Nothing was changed.")
            else:
                self._found(volume, case, found)

        self._begin(run, done)

    def run_all(self, *, anyway: bool = False) -> None:
        """Run on all cases that are not done; with ``anyway`` also where they do not suit."""
        there, clock = self._door(), _Clock()
        make = self._proposer(clock)
        if make is None or there is None:
            self._activity.say("Open a project and choose a model first.", problem=True)
        elif there.project.read_only:
            self._activity.say(there.project.why_read_only, problem=True)
        else:
            project = there.project
            run = self._over_cases(project, make, clock, anyway=anyway)
            self._begin(run, lambda report: self._report(project, report))

    def stop(self) -> None:
        """End after the window in hand; cases that are finished keep their proposals."""
        self._stop.set()

    def _proposer(self, clock: _Clock) -> Callable[[], ModelProposer] | None:
        """Return what makes the chosen model ready, for the thread that runs."""
        card, name, settings = self._choice.card, self._choice.name, self.settings
        if card is None or self._running:
            return None
        return lambda: ModelProposer(
            self._choice.load(name, settings.device),
            card,
            self._models.options(settings.plain(card)),
            self._models.fitness,
            progress=lambda done, total: self._tell(clock, done, total),
            stop=self._stop.is_set,
        )

    def _over_cases(
        self, project: Project, make: Callable[[], ModelProposer], clock: _Clock, *, anyway: bool
    ) -> Callable[[], ProposeReport]:
        def told(done: int, of: int) -> None:
            clock.case, clock.cases = done, of
            self._tell(clock, 0, 0)

        return lambda: propose(project, cases_to_do(project), make(), anyway=anyway, progress=told)

    def _begin(self, run: Callable[[], Any], done: Callable[[Any], None]) -> None:
        self._running = True
        self._stop.clear()
        self._activity.say("")
        self._view.show_running("Getting ready", 0, 0)
        self._runner.run(run, done, self._failed)

    def _end(self) -> None:
        self._running = False
        self.show()

    def _failed(self, error: Exception) -> None:
        stopped = self._stop.is_set() and isinstance(error, MedSSLError)
        self._end()
        if stopped:
            self._activity.say("Stopped. What was finished is kept.")
        else:
            self._activity.fail(error)

    def _report(self, project: Project, report: ProposeReport) -> None:
        self._end()
        words = f"{_cases(len(report.done))} got a proposal"
        words += f", {_cases(len(report.already))} had it before" if report.already else ""
        words += f", {len(report.left_out)} left out" if report.left_out else ""
        words += ". Stopped: run again to go on." if report.stopped else "."
        there = self._door()
        names = {case.id: case.name for case in there.cases} if there is not None else {}
        left_out = [f"{names.get(id_, id_)}: {why}" for id_, why in report.left_out.items()]
        self._activity.say(words, problem=bool(left_out) and not report.done)
        self._view.show_report(words, left_out)
        if there is not None and there.project is project and self._canvas.case in report.done:
            self._kept()

    def _tell(self, clock: _Clock, done: int, total: int) -> None:
        """Show how far it is; called by the thread that runs."""
        now = time.monotonic()
        if total and done < total and now - clock.told < _TELL_EVERY_S:
            return
        clock.told = now
        words = progress_words(clock.case, clock.cases, done, total, now - clock.began)
        steps = (clock.case * 1000 + round(1000 * done / total if total else 0), clock.cases * 1000)
        self._runner.tell(lambda: self._still(words, *steps))

    def _still(self, words: str, done: int, total: int) -> None:
        if self._running:
            self._view.show_running(words, done, total)


def progress_words(case: int, cases: int, done: int, total: int, seconds: float) -> str:
    """Say how far a run is and how long it will still take.

    Parameters
    ----------
    case, cases : int
        How many cases of how many are finished.
    done, total : int
        How many windows of how many of the case in hand; a total of 0 is not known yet.
    seconds : float
        Since the run began.
    """
    parts = [f"Case {min(case + 1, cases)} of {cases}"] if cases > 1 else []
    parts += [f"part {done} of {total}"] if total else []
    part = (case + (done / total if total else 0)) / cases
    left = seconds * (1 - part) / part if part > 0 else 0
    words = ", ".join(parts) or "Getting ready"
    return f"{words[:1].upper()}{words[1:]}. {time_left(left)}" if 0 < part < 1 else f"{words}"


def time_left(seconds: float) -> str:
    """Say a time as people do: ``"About 40 s left."``, ``"About 3 min left."``."""
    if seconds < 60:
        return f"About {max(1, round(seconds))} s left."
    if seconds < 5400:
        return f"About {round(seconds / 60)} min left."
    return f"About {seconds / 3600:.1f} h left."


def _cases(count: int) -> str:
    return "1 case" if count == 1 else f"{count} cases"
