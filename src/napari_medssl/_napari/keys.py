"""The panel's keys: free in napari and on every layer, given back when the panel closes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

#: what each key does; napari and its layers leave them free, but for undo and redo, which on a
#: mask `mask_layer.MaskLayer` binds on the layer itself
KEYS = {
    "point": "Q",
    "not-point": "W",
    "other": "Shift+Q",
    "box": "G",
    "scribble": "Shift+S",
    "lasso": "Shift+C",
    "eraser": "Shift+E",
    "undo-prompt": "U",
    "through": "Shift+G",
    "keep": "K",
    "discard": "N",
    "previous-label": ",",
    "next-label": ".",
    "previous-object": "Shift+H",
    "next-object": "Shift+J",
    "finished": "Shift+D",
    "window": "Shift+W",
    "undo": "Ctrl+Z",
    "redo": "Ctrl+Shift+Z",
}
#: keys of the Project panel
CASE_KEYS = {"previous-case": "H", "next-case": "J"}


class PanelKeys:
    """Binds keys on one viewer; a second panel there leaves them with the first."""

    def __init__(self, viewer: Any) -> None:
        self._viewer = viewer
        self._bound: list[str] = []

    def bind(self, actions: Mapping[str, Callable[[], None]]) -> None:
        """Bind each named action (see `KEYS` and `CASE_KEYS`)."""
        for name, action in actions.items():
            key = (KEYS | CASE_KEYS)[name]
            try:
                self._viewer.bind_key(key, lambda _, action=action: action())
            except ValueError:  # taken by another panel, or by the user
                continue
            self._bound.append(key)

    def release(self) -> None:
        """Give the keys back."""
        while self._bound:
            self._viewer.bind_key(self._bound.pop(), None)
