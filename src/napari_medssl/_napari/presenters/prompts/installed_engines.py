"""The networks of this installation, as the panel's engines; torch comes in only when one loads."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from napari_medssl._napari.before_torch import before_torch
from napari_medssl._napari.presenters.prompts.engine import EngineRow, LoadedEngine
from napari_medssl._napari.presenters.prompts.everything import SliceObjects

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_medssl.models import ModelCard
    from napari_medssl.segment import InteractiveSegmenter, Plane
    from napari_medssl.segment.growing import GrownSlice, GrowRules
    from napari_medssl.volume import Volume, Window

_PROCESSOR = "this computer's processor"


class InstalledEngines:
    """Lists, loads and adds to the networks that `napari_medssl.models` knows."""

    def rows(self) -> list[EngineRow]:
        """Return every engine; those without weights say how to get them."""
        from napari_medssl.models import model_cards
        from napari_medssl.models.weights import find_weights

        return [
            EngineRow(card.name, card.title, card.about, _missing(card))
            if find_weights(card) is None
            else EngineRow(card.name, card.title, card.about)
            for card in model_cards().values()
        ]

    def load(self, name: str, device: str) -> LoadedEngine:
        """Load an engine with its weights; seconds, and torch with it."""
        before_torch()
        from napari_medssl.models.device import describe_device
        from napari_medssl.segment import EmbeddingCache, InteractiveSegmenter, load_engine
        from napari_medssl.segment.embeddings import default_cache_folder

        engine = load_engine(name, device=device)
        segmenter = InteractiveSegmenter(engine, EmbeddingCache(default_cache_folder()))
        return LoadedEngine(
            segmenter,
            _PROCESSOR if engine.device == "cpu" else describe_device(engine.device),
            partial(_everything, segmenter),
            partial(_through, segmenter),
        )

    def add_weights(self, path: Path) -> str:
        """Keep a copy of a weights file; return the name of the engine it belongs to."""
        from napari_medssl.io import atomic_write
        from napari_medssl.models.weights import add_weights

        return add_weights(path, atomic_write).name


def _everything(
    segmenter: InteractiveSegmenter,
    volume: Volume,
    plane: Plane,
    window: Window,
    stop: Callable[[], bool],
) -> SliceObjects:
    """Outline everything on one slice."""
    from napari_medssl.segment import find_everything

    found = find_everything(
        segmenter, volume, window, axis=plane.axis, index=plane.index, stop=stop
    )
    sides = [n for axis, n in enumerate(found.shape) if axis != plane.axis]
    masks = {}
    for one in found.objects:
        mask = masks[one.value] = np.zeros(sides, bool)
        rows, columns = (part for axis, part in enumerate(one.place) if axis != plane.axis)
        mask[rows, columns] = np.squeeze(one.mask, plane.axis)
    return SliceObjects(plane, masks, {one.value: found.record(one) for one in found.objects})


def _through(
    segmenter: InteractiveSegmenter,
    volume: Volume,
    given: Mapping[Plane, NDArray[np.bool_]],
    window: Window,
    rules: GrowRules,
    all_planes: bool,
) -> Iterator[GrownSlice]:
    """Follow outlines through a volume."""
    from napari_medssl.segment.growing import grow, grow_in_all_planes

    return (grow_in_all_planes if all_planes else grow)(segmenter, volume, given, window, rules)


def _missing(card: ModelCard) -> str:
    return (
        f"Its weights ({card.bytes / 1e6:,.0f} MB, {card.licence}) are not on this computer. "
        f"Run 'medssl models fetch {card.name}', or add the file under Advanced."
    )
