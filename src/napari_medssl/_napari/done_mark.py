"""The tick on the canvas of a slice that the user calls finished."""

from __future__ import annotations

from typing import Any

from napari.components.overlays import TextOverlay

_KEY = "medssl_done"
_TEXT, _COLOUR = "\N{CHECK MARK} Slice done", "#7ddc8b"


class DoneMark:
    """Made when it is first needed, and taken away with the panel."""

    def __init__(self, viewer: Any) -> None:
        self._overlays = viewer.canvas.overlays

    def show(self, *, done: bool) -> None:
        """Show the tick, or hide it."""
        if done and _KEY not in self._overlays:
            self._overlays[_KEY] = TextOverlay(
                position="top_left", text=_TEXT, font_size=14, box=False, color=_COLOUR
            )
        if _KEY in self._overlays:
            self._overlays[_KEY].visible = done

    def remove(self) -> None:
        """Take it off the canvas."""
        self._overlays.pop(_KEY, None)
