"""The Pre-train panel's decisions: from which images, how, and the job that learns from them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from napari_medssl._napari.presenters.pretrain.look import PretrainLook, PretrainReader
from napari_medssl._napari.presenters.pretrain.wishes import PretrainWishes, job_spec
from napari_medssl._napari.presenters.pretrain.words import (
    AT_WORK,
    LOOKING,
    NO_PROJECT,
    NOT_LOOKED,
    images_words,
    method_words,
    passed_words,
)
from napari_medssl.errors import MedSSLError
from napari_medssl.jobs.workplace import Workplace, place_elsewhere
from napari_medssl.models.networks import network_cards
from napari_medssl.pretrain.advice import Advice, advised
from napari_medssl.pretrain.cards import method_card, method_cards
from napari_medssl.pretrain.request import KIND
from napari_medssl.pretrain.settings.of_methods import described_settings
from napari_medssl.project.segment_task import place_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_medssl._napari.presenters.activity import Activity, Work
    from napari_medssl._napari.presenters.automatic.canvas import Door, OpenProject
    from napari_medssl._napari.presenters.jobs.watch import JobWatch
    from napari_medssl._napari.presenters.learn.learning import Bench
    from napari_medssl._napari.presenters.pretrain.words import MethodWords
    from napari_medssl.jobs.engines import Engines
    from napari_medssl.pretrain.settings.setting import Setting


class ImagesView(Protocol):
    """The images."""

    def show_images(self, found: str, heed: str, passed_over: str) -> None:
        """Say what is there, what to heed, and what is left out."""


class MethodView(Protocol):
    """The method, and the button."""

    def show_methods(self, rows: Sequence[tuple[str, str]], advised: str) -> None:
        """Offer methods by name and title, one of them recommended."""

    def show_method(
        self,
        told: MethodWords,
        networks: Sequence[tuple[str, str]],
        settings: Sequence[Setting],
    ) -> None:
        """Say what the chosen method does; offer the networks it can teach, and its settings."""

    def show_engines(self, names: Sequence[str]) -> None:
        """Offer engines beyond this machine."""

    def show_ready(self, *, may: bool, why_not: str, learns: bool) -> None:
        """Offer to begin, or say why not; while it learns there is nothing to set."""


class PretrainPresenter:
    """Looks at the images, recommends a method, and begins a job.

    Parameters
    ----------
    images, method : ImagesView, MethodView
        The panel's parts.
    work : Work
        The thread that reads.
    activity : Activity
        For what the user asks for, in another thread.
    watch : JobWatch
        Sees the jobs.
    bench : Bench
        What starts them.
    engines : Engines
        Those beyond this machine.
    door : Door
        The open project.
    """

    def __init__(
        self,
        images: ImagesView,
        method: MethodView,
        work: Work,
        activity: Activity,
        watch: JobWatch,
        bench: Bench,
        engines: Engines,
        door: Door,
    ) -> None:
        self._images, self._method = images, method
        self._work, self._activity = work, activity
        self._watch, self._bench, self._engines, self._door = watch, bench, engines, door
        self._reader = PretrainReader()
        self._wishes = PretrainWishes()
        self._asked: object = None  # what the last look was asked about
        self._look: PretrainLook | None = None
        self._beginning = False
        self._show_engines()
        self.close = watch.listen(lambda _: self.show())

    def show(self) -> None:
        """Look again where the images may be others; to be called about once a second."""
        there, folder = self._door(), self._wishes.folder
        asked: object = folder
        if folder is None and there is not None:
            asked = (there.project, tuple(case.id for case in there.cases))
        if asked != self._asked:
            self._asked, self._look = asked, None
            if asked is not None:
                self._read(asked, there)
        self._show_all()

    def choose(self, wishes: PretrainWishes) -> None:
        """Learn in another way, or from other images."""
        self._wishes = wishes
        self.show()

    def begin(self) -> None:
        """Begin to learn, in a job; nothing happens while one learns."""
        wishes, there = self._wishes, self._door()
        if self._why_not():
            return
        project = there.project if there is not None and wishes.folder is None else None
        method = wishes.method or self._advice().method

        def begin() -> None:
            try:
                place = self._place(wishes)
                folder = place_of(project) if project is not None else str(wishes.folder)
                spec = job_spec(wishes, method, folder, place, of_project=project is not None)
                place.engine.submit(self._bench.store.create(spec))
            finally:
                self._beginning = False

        def begun(_: None) -> None:
            self._activity.say("It learns in the background, even when napari is closed.")
            self._watch.look()

        self._beginning = True
        self._show_all()
        self._activity.run("Beginning", begin, begun, topic="pretrain")

    def _show_engines(self) -> None:
        try:
            self._method.show_engines([n for n in self._engines.names() if n != "here"])
        except MedSSLError as error:  # the file that names them may be damaged
            self._activity.fail(error)

    def _place(self, wishes: PretrainWishes) -> Workplace:
        """Find out where it is computed; slow."""
        if wishes.engine == "here":
            return Workplace(self._bench.engine, self._bench.device(wishes.device), 1, None)
        return place_elsewhere(self._engines, wishes.engine, wishes.device)

    def _read(self, asked: object, there: OpenProject | None) -> None:
        folder, reader = self._wishes.folder, self._reader

        def read() -> PretrainLook:
            if folder is not None:
                return reader.folder(folder)
            return reader.project(there.project) if there is not None else PretrainLook()

        def took(look: PretrainLook) -> None:
            if asked == self._asked:
                self._look = look
                self._show_all()

        def failed(error: Exception) -> None:
            if asked == self._asked:  # a project that was closed meanwhile cannot be read
                self._look = PretrainLook(why_not=NOT_LOOKED)
                self._activity.fail(error)
                self._show_all()

        self._work.run(read, took, failed)

    def _show_all(self) -> None:
        look, advice = self._look or PretrainLook(), self._advice()
        known = look.survey is not None
        heed = advice.heed if known else ""
        self._images.show_images(images_words(look), heed, passed_words(look))
        rows = [(name, card.title) for name, card in method_cards().items()]
        self._method.show_methods(rows, advice.method if known else "")
        card = method_card(self._wishes.method or advice.method)
        why = advice.why if known and card.name == advice.method else ""
        networks = [
            (name, one.title)
            for name, one in network_cards().items()
            if (name in card.networks or not card.networks)
            and not one.needs_plan
            and set(one.dimensions) & set(card.dimensions)
        ]
        settings = described_settings(card.name, self._wishes.scale)
        told = method_words(card, why, measured=self._wishes.as_measured)
        self._method.show_method(told, networks, settings)
        why_not = self._why_not()
        self._method.show_ready(may=not why_not, why_not=why_not, learns=why_not == AT_WORK)

    def _advice(self) -> Advice:
        look = self._look
        if look is None or look.survey is None:
            return advised(0, flat=False)
        return advised(look.usable, flat=look.survey.are_flat)

    def _why_not(self) -> str:
        """Say why it cannot begin; empty where it can."""
        works = (seen for seen in self._watch.jobs if seen.job.spec.kind == KIND)
        if self._beginning or any(not seen.status.is_over for seen in works):
            return AT_WORK
        if self._asked is None:
            return NO_PROJECT
        look = self._look
        if look is None:
            return LOOKING
        least = method_card(self._wishes.method or self._advice().method).least_images
        if not look.why_not and look.usable < least:
            return f"This method needs {least} images or more. Add some, or choose another."
        return look.why_not
