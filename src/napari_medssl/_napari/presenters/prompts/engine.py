"""The network that answers prompts: which one, on what device, and whether it is ready."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from napari_medssl.errors import WeightsError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from napari_medssl._napari.presenters.activity import Activity
    from napari_medssl._napari.presenters.prompts.everything import SliceObjects
    from napari_medssl.segment import Plane, Prompts, SliceResult
    from napari_medssl.segment.growing import GrownSlice, GrowRules
    from napari_medssl.volume import Volume, Window


@dataclass(frozen=True)
class EngineRow:
    """One engine as the panel lists it; ``why_not`` says why it cannot be chosen, or is empty."""

    name: str
    title: str
    about: str
    why_not: str = ""


class Segmenter(Protocol):
    """What `napari_medssl.segment.InteractiveSegmenter` offers."""

    def prepare(self, volume: Volume, plane: Plane, window: Window) -> Any:
        """Embed one slice: the slow step, kept for later prompts."""

    def segment(
        self, volume: Volume, prompts: Prompts, window: Window, *, axis: int | None = None
    ) -> SliceResult:
        """Outline what the prompts mark."""


#: outlines everything on a slice, until the last argument says stop
Outliner = Callable[["Volume", "Plane", "Window", Callable[[], bool]], "SliceObjects"]

#: follows outlines through a volume, slice by slice; at last: in all three planes
Grower = Callable[
    ["Volume", "Mapping[Plane, NDArray[np.bool_]]", "Window", "GrowRules", bool],
    "Iterator[GrownSlice]",
]


@dataclass(frozen=True)
class LoadedEngine:
    """An engine ready to use, where it runs in plain words, and what it does without prompts."""

    segmenter: Segmenter
    where: str
    outliner: Outliner
    grower: Grower


class Engines(Protocol):
    """What there is to choose from; `load` and `add_weights` are slow."""

    def rows(self) -> Sequence[EngineRow]:
        """Return every engine, ready or not."""

    def load(self, name: str, device: str) -> LoadedEngine:
        """Load an engine with its weights."""

    def add_weights(self, path: Path) -> str:
        """Take a weights file the user has; return the name of the engine it belongs to."""


class EngineView(Protocol):
    """Engine and device."""

    def show_engines(self, rows: Sequence[EngineRow], current: str) -> None:
        """List the engines; those with ``why_not`` greyed, with the reason."""

    def show_engine_state(self, words: str) -> None:
        """Say which engine is in use, where it runs, and whether it is ready."""


class EnginePresenter:
    """Loads the chosen engine once and hands it to the jobs that need it."""

    def __init__(self, view: EngineView, engines: Engines, activity: Activity) -> None:
        self._view = view
        self._engines = engines
        self._activity = activity
        self._loaded: tuple[tuple[str, str], LoadedEngine] | None = None
        self.name = next((r.name for r in engines.rows() if not r.why_not), "")
        self.device = "auto"

    @property
    def title(self) -> str:
        """The chosen engine's name for people."""
        return next((r.title for r in self._engines.rows() if r.name == self.name), self.name)

    @property
    def ready(self) -> bool:
        """Whether the chosen engine is loaded."""
        return self._loaded is not None and self._loaded[0] == (self.name, self.device)

    def start(self) -> None:
        """List the engines and load the chosen one in the background."""
        self._view.show_engines(self._engines.rows(), self.name)
        if not self.name:
            self._view.show_engine_state("No engine is ready: add a weights file.")
            return
        self._view.show_engine_state("Starting; you can already mark what you want to outline.")
        self._activity.run(
            f"Starting {self.title}", self._load, self._ready, topic="engine", asked=False
        )

    def choose(self, name: str) -> None:
        """Use another engine."""
        if name != self.name:
            self.name = name
            self.start()

    def choose_device(self, device: str) -> None:
        """Run on another device."""
        if device != self.device:
            self.device = device
            self.start()

    def add_weights(self, path: str | Path) -> None:
        """Take a weights file that the user has; its hash tells which engine it belongs to."""
        path = Path(path)
        self._activity.run(
            f"Checking '{path.name}'",
            lambda: self._engines.add_weights(path),
            self._added,
            topic="weights",
        )

    def segmenter(self) -> Segmenter:
        """Return the chosen engine, loaded; slow the first time, so only for the work thread.

        Raises
        ------
        WeightsError
            If no engine has its weights.
        """
        if not self.name:
            raise WeightsError("no engine has its weights", do="Add a weights file")
        return self._load().segmenter

    def outliner(self) -> Outliner:
        """Return what outlines everything on a slice; raises, and is slow, as `segmenter`."""
        self.segmenter()
        return self._load().outliner

    def grower(self) -> Grower:
        """Return what follows outlines through a volume; raises, and is slow, as `segmenter`."""
        self.segmenter()
        return self._load().grower

    def _load(self) -> LoadedEngine:
        wanted = (self.name, self.device)
        if self._loaded is None or self._loaded[0] != wanted:
            self._loaded = (wanted, self._engines.load(*wanted))
        return self._loaded[1]

    def show_prepared(self, slices: int) -> None:
        """Say how many slices will answer at once."""
        if self._loaded is not None:
            some = f" {slices} slice{'s'[: slices > 1]} prepared." if slices else ""
            self._view.show_engine_state(f"Ready, on {self._loaded[1].where}.{some}")

    def _ready(self, _: LoadedEngine) -> None:
        self.show_prepared(0)

    def _added(self, name: str) -> None:
        self.name = name
        self.start()
        self._activity.say(f"{self.title} was added.")
