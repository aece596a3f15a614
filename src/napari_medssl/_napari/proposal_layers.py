"""What a model proposes, over image and mask: its labels or the difference, and a heat map."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from napari.utils.colormaps import DirectLabelColormap, ensure_colormap

from napari_medssl._napari.layers import add_under_prompts, grid_of
from napari_medssl.correct.merge import ADDED, KEPT, REMOVED, SAME

if TYPE_CHECKING:
    from collections.abc import Mapping

    from napari.layers import Image, Labels
    from numpy.typing import NDArray

    from napari_medssl.io.label_table import Colour

#: how the difference is drawn; told apart with the common colour blindnesses too
DIFFERENCE_COLOURS: Mapping[int, Colour] = {
    SAME: (150, 160, 175),
    ADDED: (0, 200, 140),
    REMOVED: (235, 90, 40),
    KEPT: (240, 220, 60),
}
_PROPOSAL, _UNCERTAINTY = "Proposal (not accepted yet)", "Uncertainty, percent"
_OPACITY, _FROM_PERCENT = 0.8, 5


class ProposalLayers:
    """Makes the layers when there is something to show, and takes them away with their image."""

    def __init__(self, viewer: Any) -> None:
        self._viewer = viewer
        self._image: Image | None = None
        self._layers: dict[str, Labels] = {}

    def lay_over(self, image: Image | None) -> None:
        """Move to another image: what lay over the one before is taken away."""
        for name in list(self._layers):
            self._hide(name)
        self._image = image

    def show_labels(self, labels: NDArray[Any], colours: Mapping[int, Colour]) -> None:
        """Draw a label map."""
        self._show(_PROPOSAL, labels, {value: _rgba(rgb) for value, rgb in colours.items()})

    def show_difference(self, codes: NDArray[np.uint8]) -> None:
        """Draw what would change."""
        self._show(_PROPOSAL, codes, {c: _rgba(rgb) for c, rgb in DIFFERENCE_COLOURS.items()})

    def hide(self) -> None:
        """Take label map or difference away."""
        self._hide(_PROPOSAL)

    def show_uncertainty(self, percent: NDArray[np.uint8] | None) -> None:
        """Draw a heat map, as labels of 0 to 100: an image would be taken for a scan."""
        if percent is None:
            self._hide(_UNCERTAINTY)
            return
        heat = ensure_colormap("inferno").map(np.linspace(0.2, 1, 101))
        heat[:, 3] = np.linspace(0.3, 1, 101)
        colours = {value: heat[value] for value in range(_FROM_PERCENT, 101)}
        self._show(_UNCERTAINTY, percent, colours)

    def _show(self, name: str, data: NDArray[Any], colours: Mapping[int, Any]) -> None:
        if self._image is None:
            return
        drawn: dict[int | None, Any] = {0: "transparent", None: "transparent"}
        drawn.update(colours.items())
        table = DirectLabelColormap(color_dict=drawn)
        layer = self._layers.get(name)
        if layer is None or layer not in self._viewer.layers:
            layer = self._layers[name] = add_under_prompts(
                self._viewer,
                data,
                name=name,
                opacity=_OPACITY,
                colormap=table,
                **grid_of(self._image),
            )
            layer.editable = False
        elif layer.data is not data:
            layer.data = data
        layer.colormap = table
        layer.visible = True

    def _hide(self, name: str) -> None:
        layer = self._layers.pop(name, None)
        if layer is not None and layer in self._viewer.layers:
            self._viewer.layers.remove(layer)


def _rgba(colour: Colour) -> NDArray[np.float64]:
    return np.asarray((*colour, 255)) / 255
