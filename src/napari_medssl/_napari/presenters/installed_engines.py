"""The networks of this installation, as the panel's engines; torch comes in only when one loads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_medssl._napari.presenters.engine import EngineRow, LoadedEngine
from napari_medssl._napari.torch_beside_mesa import import_triton_by_itself

if TYPE_CHECKING:
    from pathlib import Path

    from napari_medssl.models import ModelCard

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
        import_triton_by_itself()
        from napari_medssl.models.device import describe_device
        from napari_medssl.segment import EmbeddingCache, InteractiveSegmenter, load_engine
        from napari_medssl.segment.embeddings import default_cache_folder

        engine = load_engine(name, device=device)
        return LoadedEngine(
            InteractiveSegmenter(engine, EmbeddingCache(default_cache_folder())),
            _PROCESSOR if engine.device == "cpu" else describe_device(engine.device),
        )

    def add_weights(self, path: Path) -> str:
        """Keep a copy of a weights file; return the name of the engine it belongs to."""
        from napari_medssl.io import atomic_write
        from napari_medssl.models.weights import add_weights

        return add_weights(path, atomic_write).name


def _missing(card: ModelCard) -> str:
    return (
        f"Its weights ({card.bytes / 1e6:,.0f} MB, {card.licence}) are not on this computer. "
        f"Run 'medssl models fetch {card.name}', or add the file under Advanced."
    )
