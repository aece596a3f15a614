"""The networks that segment by themselves: which one, what it knows, and whether it suits."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from napari_medssl.errors import UsageError
from napari_medssl.project.proposer import misfits

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from napari_medssl._napari.presenters.activity import Activity
    from napari_medssl._napari.presenters.automatic.canvas import AutomaticCanvas
    from napari_medssl.models.trained import TrainedCard
    from napari_medssl.project.proposer import Segmenter
    from napari_medssl.volume import Notice, Volume

Fact = tuple[str, str]  # a heading and words


class Models(Protocol):
    """What there is to choose from; `load` and `add` are slow."""

    def cards(self) -> Mapping[str, TrainedCard]:
        """Return the networks on this machine that can segment, by name."""

    def network_title(self, card: TrainedCard) -> str:
        """Return what the architecture of a card is called."""

    def add(self, path: Path) -> str:
        """Take a model file that the user has; return its name."""

    def load(self, name: str, device: str) -> Segmenter:
        """Load a network with its weights."""

    def device(self, wanted: str) -> str:
        """Return the name of a device that is there: ``"auto"`` becomes the best one; slow."""

    def options(self, settings: Mapping[str, Any]) -> Any:
        """Return how to run, from plain values."""

    def fitness(self, card: TrainedCard, volume: Volume) -> Sequence[Notice]:
        """Tell what about an image does not suit a network."""


class ModelView(Protocol):
    """The choice of a model."""

    def show_models(self, rows: Sequence[tuple[str, str]], current: str) -> None:
        """List the models, name and title, one of them chosen."""

    def show_card(self, card: TrainedCard | None, facts: Sequence[Fact]) -> None:
        """Show the classes of the chosen model, and what else is known of it."""

    def show_misfits(self, sentences: Sequence[str]) -> None:
        """Warn of what does not suit, or is worth knowing; where there is none, all is well."""


class ModelPresenter:
    """Lists the models and keeps the chosen one.

    Parameters
    ----------
    view : ModelView
        Where they are listed.
    canvas : AutomaticCanvas
        The image in hand.
    activity : Activity
        For what is slow.
    models : Models
        What there is.
    changed : callable
        Called when another model is chosen, or something about it and the image is known.
    """

    def __init__(
        self,
        view: ModelView,
        canvas: AutomaticCanvas,
        activity: Activity,
        models: Models,
        changed: Callable[[], None],
    ) -> None:
        self._view = view
        self._changed = changed
        self._canvas = canvas
        self._activity = activity
        self._models = models
        self._cards: Mapping[str, TrainedCard] = {}
        self._loaded: tuple[tuple[str, str], Segmenter] | None = None
        self.name = ""
        self.misfits: tuple[str, ...] = ()

    @property
    def card(self) -> TrainedCard | None:
        """That of the chosen model."""
        return self._cards.get(self.name)

    def start(self) -> None:
        """List what is on this machine, in the background."""
        self._activity.run(
            "Looking for models", self._models.cards, self._list, topic="models", asked=False
        )

    def choose(self, name: str) -> None:
        """Use another model."""
        self.name = name
        card = self.card
        self._view.show_card(card, self._facts(card) if card is not None else [])
        self.look_at_image()

    def add(self, path: str | Path) -> None:
        """Keep a copy of a model file of the user."""
        path = Path(path)

        def added() -> tuple[str, Mapping[str, TrainedCard]]:
            return self._models.add(path), self._models.cards()

        self._activity.run(f"Checking '{path.name}'", added, self._added, topic="add model")

    def look_at_image(self) -> None:
        """Tell what about the image in hand does not suit the model."""
        card, volume = self.card, self._canvas.volume
        self._show_misfits([])
        if card is None or volume is None:
            self._activity.forget("fitness")
            return
        self._activity.run(
            "Comparing image and model",
            lambda: self._models.fitness(card, volume),
            self._show_misfits,
            topic="fitness",
            asked=False,
        )

    def load(self, name: str, device: str) -> Segmenter:
        """Return a model, loaded; slow the first time, so only for the thread that runs it.

        Raises
        ------
        WeightsError
            If its file is not whole.
        """
        wanted = (name, device)
        if self._loaded is None or self._loaded[0] != wanted:
            self._loaded = None  # two networks at once may not fit in memory
            self._loaded = (wanted, self._models.load(name, device))
        return self._loaded[1]

    def _list(self, cards: Mapping[str, TrainedCard]) -> None:
        self._cards = cards
        name = self.name if self.name in cards else next(iter(cards), "")
        self._view.show_models([(key, card.title) for key, card in cards.items()], name)
        self.choose(name)

    def _added(self, found: tuple[str, Mapping[str, TrainedCard]]) -> None:
        name, cards = found
        if name in cards:
            self.name = name
            self._activity.say(f"'{cards[name].title}' was added.")
        else:
            self._activity.fail(
                UsageError(
                    f"'{name}', which is kept now, but cannot segment by itself",
                    expected="a network with classes",
                    do="Fine-tune it first, or mark points and boxes with it in the Segment panel",
                )
            )
        self._list(cards)

    def _show_misfits(self, notices: Sequence[Notice]) -> None:
        self.misfits = tuple(misfits(notices))
        self._view.show_misfits([notice.text for notice in notices])
        self._changed()

    def _facts(self, card: TrainedCard) -> list[Fact]:
        network = f"{self._models.network_title(card)}, {card.dimensions}-D"
        facts = (
            ("For", ", ".join(card.modalities) or "not known"),
            ("Voxels", spacing_words(card.spacing_mm)),
            ("Network", network),
            ("Trained", card.method),
            ("On", _cases(card.trained_on)),
            ("Licence", card.licence or "not known"),
            ("Source", card.source),
            ("About", card.about),
        )
        return [(heading, words) for heading, words in facts if words]


def spacing_words(spacing_mm: Sequence[float]) -> str:
    """Return a voxel size (z, y, x) as people write it: ``"0.8 x 0.8 x 5 mm"``."""
    if not spacing_mm:
        return "not known"
    return " x ".join(f"{step:.3g}" for step in reversed(spacing_mm)) + " mm"


def _cases(trained_on: Sequence[str]) -> str:
    return trained_on[0] if len(trained_on) == 1 else f"{len(trained_on)} cases" * bool(trained_on)
