"""Outline organs and lesions from a point or a box; research use only, not a medical device."""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import version as _version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from napari_medssl.errors import MedSSLError as MedSSLError
    from napari_medssl.io import read_volume as read_volume
    from napari_medssl.volume import Geometry as Geometry
    from napari_medssl.volume import Volume as Volume

__version__ = _version("napari-medssl")

_WHERE = {
    "Geometry": "napari_medssl.volume",
    "MedSSLError": "napari_medssl.errors",
    "Volume": "napari_medssl.volume",
    "read_volume": "napari_medssl.io",
}
__all__ = ["Geometry", "MedSSLError", "Volume", "__version__", "read_volume"]


def __getattr__(name: str) -> Any:
    """Import a public name when it is first asked for, which keeps this import quick."""
    if name in _WHERE:
        return getattr(import_module(_WHERE[name]), name)
    raise AttributeError(f"module 'napari_medssl' has no attribute '{name}'")
