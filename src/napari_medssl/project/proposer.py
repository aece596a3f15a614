"""A network that segments by itself, as the cases of a project want it; no torch in here."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Protocol

from napari_medssl.correct.proposal import Proposal, ProposedClass, in_percent
from napari_medssl.errors import StoppedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from numpy.typing import NDArray

    from napari_medssl.correct.matching import Named
    from napari_medssl.volume import Notice, Volume

#: settings that change how fast a result comes, but not the result
_OF_SPEED = ("batch", "half", "skip_air", "probability", "uncertainty")
#: notices on an image that a model was not made for; others are worth knowing, and no more
_MISFITS = ("modality", "spacing", "film")
#: notices that say how it was done, and nothing about what was found
_ROUTINE = ("air",)


class Result(Protocol):
    """What `segment.automatic.AutomaticResult` tells."""

    @property
    def labels(self) -> NDArray[Any]:
        """Values of classes, (z, y, x) on the volume's grid."""

    @property
    def uncertainty(self) -> NDArray[Any] | None:
        """0 to 1, (z, y, x)."""

    @property
    def notices(self) -> Sequence[Notice]:
        """What was decided on the way."""


class Segmenter(Protocol):
    """What `segment.automatic.AutomaticSegmenter` offers."""

    def run(
        self,
        volume: Volume,
        options: Any,
        *,
        progress: Callable[[int, int], None],
        stop: Callable[[], bool],
    ) -> Result:
        """Segment a volume; slow."""


class Card(Protocol):
    """What of a `models.trained.TrainedCard` goes into a proposal."""

    @property
    def name(self) -> str:
        """Its key."""

    @property
    def title(self) -> str:
        """Words for people."""

    @property
    def sha256(self) -> str:
        """Hash of the weights."""

    @property
    def classes(self) -> Sequence[Any]:
        """Each with a value, a name and a colour."""


class ModelProposer:
    """Runs a network on one volume after the other and returns what it found as proposals.

    Parameters
    ----------
    segmenter : Segmenter
        The network, loaded.
    card : Card
        What is known of it.
    options : dataclass
        `segment.automatic.RunOptions`.
    fitness : callable
        `segment.fitness.fitness`: from the card and a volume to notices.
    progress : callable, optional
        Is told how many windows of how many are done.
    stop : callable, optional
        Tells whether to end.
    """

    def __init__(
        self,
        segmenter: Segmenter,
        card: Card,
        options: Any,
        fitness: Callable[[Any, Volume], Sequence[Notice]],
        *,
        progress: Callable[[int, int], None] | None = None,
        stop: Callable[[], bool] | None = None,
    ) -> None:
        self._segmenter, self._card, self._options = segmenter, card, options
        self._fitness = fitness
        self._progress = progress or (lambda done, of: None)
        self._stop = stop or (lambda: False)

    @property
    def weights_sha256(self) -> str:
        """Hash of the weights."""
        return self._card.sha256

    @property
    def settings(self) -> dict[str, Any]:
        """What decides on the result, as plain values."""
        return {k: v for k, v in asdict(self._options).items() if k not in _OF_SPEED}

    def misfits(self, volume: Volume) -> list[str]:
        """Say what about an image does not suit the network; empty where all does."""
        return misfits(self._fitness(self._card, volume))

    def propose(self, volume: Volume) -> Proposal | None:
        """Return what the network finds; None when it was told to stop."""
        if self._stop():
            return None
        try:
            result = self._segmenter.run(
                volume, self._options, progress=self._progress, stop=self._stop
            )
        except StoppedError:
            return None
        return Proposal(
            labels=result.labels,
            classes=proposed_classes(self._card.classes),
            model=self._card.name,
            title=self._card.title,
            weights_sha256=self._card.sha256,
            settings=self.settings,
            uncertainty=None if result.uncertainty is None else in_percent(result.uncertainty),
            notices=tuple(
                notice.text
                for notice in (*self._fitness(self._card, volume), *result.notices)
                if notice.code not in _ROUTINE
            ),
            made=datetime.now(UTC).isoformat(timespec="seconds"),
        )


def misfits(notices: Iterable[Notice]) -> list[str]:
    """Return those sentences on an image that say that a model was made for others."""
    return [notice.text for notice in notices if notice.code in _MISFITS]


def proposed_classes(classes: Sequence[Named]) -> tuple[ProposedClass, ...]:
    """Return the classes of a card as those of a proposal."""
    return tuple(ProposedClass(c.value, c.name, getattr(c, "colour", None)) for c in classes)
