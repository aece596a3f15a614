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
    from napari_medssl.segment.automatic import AutomaticSegmenter as AutomaticSegmenter
    from napari_medssl.segment.automatic import load_automatic as load_automatic
    from napari_medssl.segment.embeddings import EmbeddingCache as EmbeddingCache
    from napari_medssl.segment.everything import Everything as Everything
    from napari_medssl.segment.everything import find_everything as find_everything
    from napari_medssl.segment.everything_settings import (
        EverythingSettings as EverythingSettings,
    )
    from napari_medssl.segment.interactive import InteractiveSegmenter as InteractiveSegmenter
    from napari_medssl.segment.interactive import SliceResult as SliceResult
    from napari_medssl.segment.run import AutomaticResult as AutomaticResult
    from napari_medssl.segment.run import RunOptions as RunOptions

_WHERE = {
    "AutomaticResult": "napari_medssl.segment.run",
    "AutomaticSegmenter": "napari_medssl.segment.automatic",
    "EmbeddingCache": "napari_medssl.segment.embeddings",
    "Everything": "napari_medssl.segment.everything",
    "EverythingSettings": "napari_medssl.segment.everything_settings",
    "InteractiveSegmenter": "napari_medssl.segment.interactive",
    "SliceResult": "napari_medssl.segment.interactive",
    "RunOptions": "napari_medssl.segment.run",
    "find_everything": "napari_medssl.segment.everything",
    "load_automatic": "napari_medssl.segment.automatic",
    "load_engine": "napari_medssl.models.load",
}
__all__ = [
    "AutomaticResult",
    "AutomaticSegmenter",
    "BoxPrompt",
    "EmbeddingCache",
    "Everything",
    "EverythingSettings",
    "InteractiveSegmenter",
    "Plane",
    "PointPrompt",
    "Prompts",
    "RunOptions",
    "SliceResult",
    "box_from_source",
    "describe_prompts",
    "find_everything",
    "load_automatic",
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
