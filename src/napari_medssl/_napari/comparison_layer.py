"""Both models' outlines over a case: a layer to look at, which is no mask and cannot become one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari.layers import Image
from napari.utils.colormaps import DirectLabelColormap
from qtpy.QtCore import QTimer

from napari_medssl._napari.layers import CASE, add_under_prompts, grid_of
from napari_medssl._napari.presenters.learn.comparison import BOTH, NEW, OLD

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari.layers import Labels

    from napari_medssl._napari.presenters.learn.comparison import Comparison

#: told apart with the common colour blindnesses too
COLOURS = {OLD: "#ff8c42", NEW: "#3ddc97", BOTH: "#e8ecf1"}
_NAME = "Both models' outlines (to look at)"


class ComparisonLayer:
    """One napari viewer, as `presenters.learn.learned_models.ComparisonCanvas` wants it.

    Parameters
    ----------
    viewer : napari.Viewer
        Where cases are shown.
    """

    def __init__(self, viewer: Any) -> None:
        self._viewer = viewer
        self._waiting: tuple[str, Comparison] | None = None  # for its case to be opened
        self._shown: Comparison | None = None
        self._image: Image | None = None
        self._layer: Labels | None = None
        self._gone: Callable[[], None] = lambda: None
        self._laid: Callable[[], None] = lambda: None
        viewer.layers.events.inserted.connect(self._on_inserted)
        viewer.layers.events.removed.connect(self._on_removed)
        viewer.dims.events.order.connect(self._on_order)

    def listen(self, *, laid: Callable[[], None], gone: Callable[[], None]) -> None:
        """Call back when outlines were laid over a case that was opened for them, or went with it.

        They go when their image or their layer is taken away.
        """
        self._laid, self._gone = laid, gone

    def close(self) -> None:
        """Take the outlines away and listen no more."""
        self.hide()
        self._viewer.layers.events.inserted.disconnect(self._on_inserted)
        self._viewer.layers.events.removed.disconnect(self._on_removed)
        self._viewer.dims.events.order.disconnect(self._on_order)

    def show(self, case: str, comparison: Comparison) -> None:
        """Lay outlines over a case; as soon as it is open."""
        self.hide()
        self._waiting = case, comparison
        self._lay_over_all()

    def hide(self) -> None:
        """Take the outlines away."""
        self._waiting = self._image = self._shown = None
        layer, self._layer = self._layer, None
        if layer is not None and layer in self._viewer.layers:
            self._viewer.layers.remove(layer)

    def _lay_over_all(self) -> None:
        for layer in list(self._viewer.layers):
            self._lay_over(layer)

    def _lay_over_opened(self) -> None:
        self._lay_over_all()
        if self._layer is not None:
            self._laid()

    def _lay_over(self, image: Any) -> None:
        if self._waiting is None or not isinstance(image, Image):
            return
        case, comparison = self._waiting
        if image.metadata.get(CASE) != case or image.data.shape[:3] != comparison.codes[0].shape:
            return
        self._waiting, self._image, self._shown = None, image, comparison
        colours: dict[int | None, Any] = {0: "transparent", None: "transparent"}
        colours.update(COLOURS.items())
        self._layer = add_under_prompts(
            self._viewer,
            comparison.codes[self._axis],
            name=_NAME,
            opacity=1,
            colormap=DirectLabelColormap(color_dict=colours),
            **grid_of(image),
        )
        self._layer.editable = False
        self._turn_to(image, comparison.worst[self._axis])

    def _turn_to(self, image: Image, index: int) -> None:
        """Turn to the slice in which the two differ most."""
        world = image.data_to_world([index] * 3)[self._axis]
        self._viewer.dims.set_point(self._viewer.dims.ndim - 3 + self._axis, float(world))

    @property
    def _axis(self) -> int:
        """Across which the slices on the screen lie."""
        lead = self._viewer.dims.ndim - 3
        return max(0, int(self._viewer.dims.order[lead]) - lead) if lead >= 0 else 0

    def _on_order(self) -> None:
        """Draw the outlines in the slices that are on the screen now."""
        if self._layer is not None and self._shown is not None:
            self._layer.data = self._shown.codes[self._axis]

    def _on_inserted(self, event: Any) -> None:
        if self._waiting is not None and event.value.metadata.get(CASE) == self._waiting[0]:
            QTimer.singleShot(0, self._lay_over_opened)  # its mask and its view come first

    def _on_removed(self, event: Any) -> None:
        if self._layer is not None and event.value in (self._image, self._layer):
            self.hide()
            self._gone()
