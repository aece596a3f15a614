"""From an image and prompts to a mask."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from napari_medssl.segment.prompts import (
    BoxPrompt,
    Plane,
    PointPrompt,
    Prompts,
    box_from_source,
    point_from_source,
)
from napari_medssl.segment.provenance import (
    describe_prompts,
    outline_record,
    plain_prompts,
    prompts_from_plain,
)

if TYPE_CHECKING:
    from napari_medssl.models.load import load_engine as load_engine
    from napari_medssl.segment.embeddings import EmbeddingCache as EmbeddingCache
    from napari_medssl.segment.interactive import InteractiveSegmenter as InteractiveSegmenter
    from napari_medssl.segment.interactive import SliceResult as SliceResult

_WHERE = {
    "EmbeddingCache": "napari_medssl.segment.embeddings",
    "InteractiveSegmenter": "napari_medssl.segment.interactive",
    "SliceResult": "napari_medssl.segment.interactive",
    "load_engine": "napari_medssl.models.load",
}
__all__ = [
    "BoxPrompt",
    "EmbeddingCache",
    "InteractiveSegmenter",
    "Plane",
    "PointPrompt",
    "Prompts",
    "SliceResult",
    "box_from_source",
    "describe_prompts",
    "load_engine",
    "outline_record",
    "plain_prompts",
    "point_from_source",
    "prompts_from_plain",
]


def __getattr__(name: str) -> Any:
    """Import a public name when it is first asked for: the window needs the prompts alone."""
    if name in _WHERE:
        return getattr(import_module(_WHERE[name]), name)
    raise AttributeError(f"module 'napari_medssl.segment' has no attribute '{name}'")
