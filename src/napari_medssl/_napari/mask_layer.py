"""One labels layer and its document: what napari's tools paint becomes steps of the history."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_medssl._napari.layers import DOCUMENT, volume_of
from napari_medssl._napari.presenters.mask.document import Document, LabelRow
from napari_medssl._napari.presenters.mask.recorded_mask import RecordedMask
from napari_medssl._napari.presenters.mask.strokes import is_written
from napari_medssl.errors import GeometryError

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari.layers import Labels
    from numpy.typing import NDArray

    from napari_medssl._napari.presenters.scene import Index
    from napari_medssl.volume import Volume

#: in a layer's metadata: whether nothing may change the mask
READ_ONLY = "napari-medssl read only"
_LAYER = "napari-medssl mask layer"
_WORDS = {"paint": "Brush", "erase": "Eraser", "fill": "Fill", "polygon": "Polygon"}


def record(layer: Labels) -> MaskLayer:
    """Record everything that is done to a labels layer from now on; harmless when repeated.

    The layer's document is the one in its metadata, else a new one. A layer that napari made as a
    copy of another gets a document of its own: two masks never share a history.
    """
    known = layer.metadata.get(_LAYER)
    if isinstance(known, MaskLayer) and known.layer is layer:
        return known
    document = layer.metadata.get(DOCUMENT)
    if not isinstance(document, Document):
        document = Document()
    elif isinstance(known, MaskLayer):
        document = Document([LabelRow(row.info) for row in document.labels])
    layer.metadata[DOCUMENT] = document
    made = layer.metadata[_LAYER] = MaskLayer(layer, document)
    return made


class MaskLayer:
    """The voxels of a `RecordedMask`, in a labels layer over an image of ours."""

    def __init__(self, layer: Labels, document: Document) -> None:
        self.layer = layer
        read_only = bool(layer.metadata.get(READ_ONLY))
        self.mask = RecordedMask(self, document, read_only=read_only)
        layer.editable = not read_only
        self._array = layer.data
        self._mode = str(layer.mode)
        self._pending: tuple[str, tuple[Any, ...]] | None = None
        self._click: Callable[[Any, Any], None] | None = None
        self._label = 0  # to draw with once the voxels may be of another type
        layer.events.labels_update.connect(self._settle, position="last")
        layer.events.paint.connect(self._on_paint, position="last")
        layer.events.data.connect(self._on_data, position="last")
        layer.events.mode.connect(self.drop_picks)
        layer.events.selected_label.connect(self.drop_picks)
        self.answer_keys(self.mask.undo, self.mask.redo)

    @property
    def array(self) -> NDArray[Any]:
        """The label map itself."""
        array: NDArray[Any] = self.layer.data
        return array

    @property
    def volume(self) -> Volume:
        """The image under it."""
        volume = volume_of(self.layer)
        if volume is None:
            raise GeometryError("a mask that lost its image", do="Draw on a new mask")
        return volume

    def refresh(self) -> None:
        """Draw what has changed."""
        self.layer.refresh(extent=False)

    def allow_painting(self, allowed: bool) -> None:
        """Give the layer to napari's tools with the mode it had, or take it from them."""
        if not allowed:
            self._mode = str(self.layer.mode)
        self.layer.editable = allowed
        if allowed:
            self.layer.mode = self._mode
            self.draw_with(self._label)

    def draw_with(self, label: int) -> None:
        """Let napari's tools draw with a label; at once, or when the mask is given back."""
        self._label = label if self.mask.busy else 0
        if label and not self.mask.busy:
            self.make_room(label)
            self.layer.selected_label = label

    def pick_voxel(self, then: Callable[[Index], None]) -> None:
        """Let the next click choose a voxel; napari's pan and zoom stay with the mouse."""
        layer = self.layer
        layer.mode = "pan_zoom"
        self.drop_picks()

        def clicked(_: Any, event: Any) -> None:
            self.drop_picks()
            z, y, x = (round(float(v)) for v in layer.world_to_data(event.position)[-3:])
            if all(0 <= at < n for at, n in zip((z, y, x), layer.data.shape, strict=True)):
                then((z, y, x))

        self._click = clicked
        layer.mouse_drag_callbacks.append(clicked)

    def drop_picks(self) -> None:
        """Wait no more for a click or a stroke that was to show something."""
        self.mask.forget_range()
        if self._click is not None:
            self.layer.mouse_drag_callbacks.remove(self._click)
            self._click = None

    def make_room(self, value: int) -> None:
        """Make the layer's type hold a label; never while the mask is reserved."""
        if value > np.iinfo(self.layer.data.dtype).max:
            self._array = self.layer.data.astype(np.min_scalar_type(value))
            self.layer.data = self._array

    def answer_keys(self, undo: Callable[[], Any], redo: Callable[[], Any]) -> None:
        """Do this when the user presses the keys to undo and redo on the layer.

        They are bound on the layer, where they win over napari's own, whose history knows nothing
        of prompts and tools.
        """
        self.layer.bind_key("Ctrl+Z", lambda _: undo(), overwrite=True)
        self.layer.bind_key("Ctrl+Shift+Z", lambda _: redo(), overwrite=True)

    def _on_paint(self, event: Any) -> None:
        self._settle()
        atoms = event.value
        if atoms:
            self._pending = (_WORDS.get(str(self.layer.mode), "Edit"), tuple(atoms))
            atoms.clear()  # this is napari's own history, which would keep every stroke twice
            if is_written(self.array, self._pending[1][-1]):
                self._settle()

    def _settle(self) -> None:
        """Record a stroke once it is in the voxels; napari draws it then."""
        if self._pending is not None:
            (words, atoms), self._pending = self._pending, None
            self.mask.take_stroke(words, atoms)

    def _on_data(self) -> None:
        """React to another array: a script's, or napari's own change of the data type."""
        before, self._array = self._array, self.layer.data
        if self._array is not before and self._array.shape == before.shape:
            self.mask.replaced(before)
