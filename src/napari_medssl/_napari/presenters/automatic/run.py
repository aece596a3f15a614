"""Running a model on the image in hand: with progress, time left and a stop."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from napari_medssl.errors import MedSSLError
from napari_medssl.project.proposals import save_proposal
from napari_medssl.project.proposer import ModelProposer

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_medssl._napari.presenters.activity import Activity, Work
    from napari_medssl._napari.presenters.automatic.canvas import AutomaticCanvas, Door
    from napari_medssl._napari.presenters.automatic.models import ModelPresenter, Models
    from napari_medssl.correct.proposal import Proposal
    from napari_medssl.models.trained import TrainedCard
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
    """When a run began, and when it was last told of; written by the thread that runs."""

    began: float = field(default_factory=time.monotonic)
    told: float = 0.0


class RunView(Protocol):
    """The button that runs, the bar, and the stop."""

    def show_ready(self, *, here: bool, unfit: bool, flips: bool) -> None:
        """Offer to run on the image in hand; allow flips."""

    def show_running(self, words: str, done: int, total: int) -> None:
        """Show how far it is; a total of 0 is not known yet."""


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
    ) -> None:
        self._view, self._canvas, self._activity = view, canvas, activity
        self._runner, self._models, self._choice = runner, models, choice
        self._door, self._found = door, found
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
        card = self._choice.card
        self._view.show_ready(
            here=card is not None and self._canvas.volume is not None,
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

    def stop(self) -> None:
        """End after the window in hand."""
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
            self._activity.say("Stopped. Nothing was changed.")
        else:
            self._activity.fail(error)

    def _tell(self, clock: _Clock, done: int, total: int) -> None:
        """Show how far it is; called by the thread that runs."""
        now = time.monotonic()
        if total and done < total and now - clock.told < _TELL_EVERY_S:
            return
        clock.told = now
        words = progress_words(done, total, now - clock.began)
        self._runner.tell(lambda: self._still(words, done, total))

    def _still(self, words: str, done: int, total: int) -> None:
        if self._running:
            self._view.show_running(words, done, total)


def progress_words(done: int, total: int, seconds: float) -> str:
    """Say how far a run is and how long it will still take.

    Parameters
    ----------
    done, total : int
        How many windows of how many; a total of 0 is not known yet.
    seconds : float
        Since the run began.
    """
    if not total:
        return "Getting ready"
    words = f"Part {done} of {total}"
    return f"{words}. {time_left(seconds * (total - done) / done)}" if 0 < done < total else words


def time_left(seconds: float) -> str:
    """Say a time as people do: ``"About 40 s left."``, ``"About 3 min left."``."""
    if seconds < 60:
        return f"About {max(1, round(seconds))} s left."
    if seconds < 5400:
        return f"About {round(seconds / 60)} min left."
    return f"About {seconds / 3600:.1f} h left."
