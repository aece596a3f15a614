"""The Learn panel's decisions, put together from its parts: one button, and what comes of it."""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from napari_medssl._napari.presenters.learn.look import LearnLook, LearnReader, LearnWishes
from napari_medssl._napari.presenters.learn.words import (
    BUTTON,
    LOOKING,
    NO_PROJECT,
    NOTHING_DONE,
    button_words,
    heed_words,
    sides_words,
)
from napari_medssl.errors import SaveError
from napari_medssl.finetune import patient_of
from napari_medssl.finetune.starting import starter
from napari_medssl.jobs import new_spec
from napari_medssl.project.learn_plan import plan_learning
from napari_medssl.project.learn_task import KIND

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from napari_medssl._napari.presenters.activity import Activity, Work
    from napari_medssl._napari.presenters.automatic.canvas import Door, OpenProject
    from napari_medssl._napari.presenters.jobs.watch import JobWatch
    from napari_medssl._napari.presenters.project.jobs import ProjectJobs
    from napari_medssl.jobs import Engine, JobStore
    from napari_medssl.project import Project

_PATIENCE_S = 30.0


class LearnView(Protocol):
    """The button, and what is said before it is pressed."""

    def show_ready(self, button: str, *, may: bool, why_not: str, learns: bool) -> None:
        """Offer to learn, or say why not; while it learns there is nothing to set."""

    def show_plan(self, sides: str, warning: str, start: str) -> None:
        """Say who learns and judges, what to heed, and what it begins with."""

    def show_starts(self, rows: Sequence[tuple[str, str]], *, in_use: bool) -> None:
        """Offer what to begin with: added models by name and title, and the one in use."""

    def show_protocols(self, rows: Sequence[tuple[str, str]]) -> None:
        """Offer ways to teach by name and title: the first is the usual one."""


@dataclass(frozen=True)
class Bench:
    """What starts and keeps jobs.

    Parameters
    ----------
    store, engine : JobStore, Engine
        Where jobs are kept, and what runs them.
    device : callable
        ``"auto"``, ``"cpu"`` or ``"cuda"`` -> the name of a device of this machine; slow.
    asking : Work
        A thread to ask for devices in: on a busy machine that takes long, and nobody waits for it.
    """

    store: JobStore
    engine: Engine
    device: Callable[[str], str]
    asking: Work


class LearnPresenter:
    """Looks what there is to learn, and begins a job that learns it.

    Parameters
    ----------
    view : LearnView
        The button and its words.
    work : Work
        The thread that reads.
    activity : Activity
        For what the user asks for, in another thread.
    watch : JobWatch
        Sees the jobs.
    jobs : ProjectJobs
        Those that learn.
    bench : Bench
        What starts them.
    door : Door
        The open project.
    looked : callable
        Called with each new look, and with the project it is of; or with None for no project.
    """

    def __init__(
        self,
        view: LearnView,
        work: Work,
        activity: Activity,
        watch: JobWatch,
        jobs: ProjectJobs,
        bench: Bench,
        door: Door,
        looked: Callable[[OpenProject | None, LearnLook], None],
    ) -> None:
        self._view, self._work, self._activity = view, work, activity
        self._watch, self._jobs, self._bench, self._door = watch, jobs, bench, door
        self._looked = looked
        self._reader = LearnReader()
        self._wishes = LearnWishes()
        self._devices: dict[str, str] = {}  # wishes -> what is there; empty: being looked for
        self._seen: object = None  # what the last look was asked about
        self._project: Project | None = None
        self._look: LearnLook | None = None
        self._reading = self._beginning = False

    def show(self) -> None:
        """Look again where anything has changed; to be called about once a second."""
        there = self._door()
        project = there.project if there is not None else None
        if project is not self._project:
            self._project, self._seen, self._look = project, None, None
            self._looked(there, LearnLook())
        self._show_button(there)
        if there is not None:
            self._find_device()
            self._read(there)

    def look_again(self) -> None:
        """Look although no case has changed: something about the models has."""
        self._seen = None
        self.show()

    def choose(self, wishes: LearnWishes) -> None:
        """Learn in another way."""
        self._wishes = wishes
        if self._look is not None:
            self._show_plan(self._look)
        self.show()

    def begin(self) -> None:
        """Begin to learn, in a job; nothing happens while one learns in this project."""
        there, wishes = self._door(), self._wishes
        if there is None or self._beginning or self._jobs.at_work(there) is not None:
            return
        project, saved = there.project, threading.Event()
        known = self._devices.get(wishes.device)
        there.write(saved.set)  # what was drawn last counts too

        def begin() -> None:
            try:
                if not saved.wait(_PATIENCE_S):
                    raise SaveError("the last strokes are not saved yet", do="Wait, or try again")
                device = known or self._bench.device(wishes.device)
                choose = starter(wishes.start, device, wishes.protocol)
                task = plan_learning(project, patient_of, choose, _how(wishes))
                spec = new_spec(
                    KIND, task.arguments, title=task.job_title, seed=wishes.seed, device=device
                )
                self._bench.engine.submit(self._bench.store.create(spec))
            finally:
                self._beginning = False

        def begun(_: None) -> None:
            self._activity.say("It learns in the background, even when napari is closed.")
            self._watch.look()

        self._beginning = True
        self._show_button(there)
        self._activity.run("Beginning", begin, begun, topic="learn")

    def _find_device(self) -> None:
        """Look once for the device that is wished for: what it begins with depends on it."""
        wish = self._wishes.device
        if wish in self._devices:
            return
        self._devices[wish] = ""

        def found(device: str) -> None:
            self._devices[wish] = device
            self.show()

        self._bench.asking.run(lambda: self._bench.device(wish), found, self._activity.fail)

    def _read(self, there: OpenProject) -> None:
        start, device = self._wishes.start, self._devices[self._wishes.device]
        asked = (there.project, there.cases, start, device)
        if asked == self._seen or self._reading:
            return
        self._seen, self._reading = asked, True

        def read() -> LearnLook:
            return self._reader.look(there.project, start, device)

        def took(look: LearnLook) -> None:
            self._reading = False
            if there.project is self._project:
                self._take(look)

        def failed(error: Exception) -> None:
            self._reading = False
            if there.project is self._project:  # one that was closed meanwhile cannot be read
                self._activity.fail(error)

        self._work.run(read, took, failed)

    def _take(self, look: LearnLook) -> None:
        self._look = look
        self._view.show_starts(look.starts, in_use=look.in_use is not None)
        if look.protocols:
            self._view.show_protocols(look.protocols)
        self._show_plan(look)
        there = self._door()
        self._show_button(there)
        self._looked(there, look)

    def _show_plan(self, look: LearnLook) -> None:
        may_cross = self._wishes.cross_validate and look.in_use is None
        sides = sides_words(look.sides, may_cross=may_cross) if look.sides is not None else ""
        short = self._wishes.is_short_on(self._devices.get(self._wishes.device, ""))
        heed = heed_words(look, may_cross=may_cross, short=short)
        self._view.show_plan(sides, heed, look.start_words)

    def _show_button(self, there: OpenProject | None) -> None:
        look = self._look
        if there is None or look is None:
            why_not = NO_PROJECT if there is None else LOOKING
            self._view.show_ready(BUTTON, may=False, why_not=why_not, learns=False)
            self._view.show_plan("", "", "")
            return
        learns = self._beginning or self._jobs.at_work(there) is not None
        why_not = there.project.why_read_only or (look.why_not if look.sides else NOTHING_DONE)
        may = not why_not and not learns and bool(look.sides and look.sides.training)
        self._view.show_ready(button_words(look.fresh), may=may, why_not=why_not, learns=learns)


def _how(wishes: LearnWishes) -> dict[str, Any]:
    return {
        "network": None,
        "minutes": wishes.minutes if wishes.steps is None else None,
        "steps": wishes.steps,
        "threads": wishes.threads or os.cpu_count() or 1,
        "cross_validate": wishes.cross_validate,
        "protocol": wishes.protocol,
    }
