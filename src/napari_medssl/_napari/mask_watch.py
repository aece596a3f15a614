"""Tells the presenters what napari's tools and keys do to the mask in hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_medssl._napari.mask_layer import MaskLayer
    from napari_medssl._napari.presenters.scene import SceneListener


class MaskWatch:
    """Listens to one mask layer at a time."""

    def __init__(self) -> None:
        self._found: MaskLayer | None = None
        self._listener: SceneListener | None = None
        self._end: Callable[[], None] | None = None

    def follow(self, found: MaskLayer | None, listener: SceneListener) -> bool:
        """Listen to this mask from now on; tell whether it is another than before."""
        if found is self._found:
            return False
        self.release()
        self._found, self._listener = found, listener
        if found is not None:
            found.layer.events.selected_label.connect(self._on_label)
            found.layer.events.brush_size.connect(self._on_brush)
            found.answer_keys(listener.undo_asked, listener.redo_asked)
            self._end = found.mask.listen(listener)
        return True

    def release(self) -> None:
        """Listen no more; the keys on the layer still undo and redo."""
        found, end, self._found, self._end = self._found, self._end, None, None
        if found is not None and end is not None:
            end()
            found.layer.events.selected_label.disconnect(self._on_label)
            found.layer.events.brush_size.disconnect(self._on_brush)
            found.answer_keys(found.mask.undo, found.mask.redo)

    def _on_label(self) -> None:
        if self._found is not None and self._listener is not None:
            self._listener.label_picked(int(self._found.layer.selected_label))

    def _on_brush(self) -> None:
        if self._listener is not None:
            self._listener.brush_changed()
