"""Bytes <-> Volume and label maps; one door for every format, one way to write."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from napari_medssl.io.atomic import atomic_write as atomic_write
    from napari_medssl.io.dicom import list_series as list_series
    from napari_medssl.io.label_table import LabelInfo as LabelInfo
    from napari_medssl.io.labels import write_labels as write_labels
    from napari_medssl.io.masks import SavedMask as SavedMask
    from napari_medssl.io.masks import read_labels as read_labels
    from napari_medssl.io.masks import read_mask as read_mask
    from napari_medssl.io.read import can_read as can_read
    from napari_medssl.io.read import read_volume as read_volume
    from napari_medssl.io.summary import describe as describe
    from napari_medssl.io.summary import plain_words as plain_words
    from napari_medssl.io.write import write_volume as write_volume

_WHERE = {
    "LabelInfo": "label_table",
    "SavedMask": "masks",
    "atomic_write": "atomic",
    "can_read": "read",
    "describe": "summary",
    "list_series": "dicom",
    "plain_words": "summary",
    "read_labels": "masks",
    "read_mask": "masks",
    "read_volume": "read",
    "write_labels": "labels",
    "write_volume": "write",
}
__all__ = [
    "LabelInfo",
    "SavedMask",
    "atomic_write",
    "can_read",
    "describe",
    "list_series",
    "plain_words",
    "read_labels",
    "read_mask",
    "read_volume",
    "write_labels",
    "write_volume",
]


def __getattr__(name: str) -> Any:
    """Import a public name when it is first asked for; the formats' libraries come later still."""
    if name in _WHERE:
        return getattr(import_module(f"napari_medssl.io.{_WHERE[name]}"), name)
    raise AttributeError(f"module 'napari_medssl.io' has no attribute '{name}'")
