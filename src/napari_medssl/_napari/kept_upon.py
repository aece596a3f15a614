"""What is drawn over an image stays on its voxels, wherever the user moves the image."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Image

from napari_medssl._napari.layers import place_of, volume_of

if TYPE_CHECKING:
    from napari.layers import Layer


class KeptUpon:
    """Moves masks, marks and previews along with the image in hand.

    Scans laid over it stay: to move one scan alone is how they are brought together by hand.
    """

    def __init__(self, viewer: Any) -> None:
        self._viewer = viewer
        self._image: Image | None = None

    def lay_over(self, image: Image | None) -> None:
        """Follow another image."""
        before, self._image = self._image, image
        for layer, change in ((before, "disconnect"), (image, "connect")):
            if layer is not None:
                for name in place_of(layer):
                    getattr(getattr(layer.events, name), change)(self._follow)

    def _follow(self) -> None:
        image = self._image
        if image is None:
            return
        for layer in self._viewer.layers:
            if not isinstance(layer, Image) and volume_of(layer) is volume_of(image):
                lay_on(layer, image)


def lay_on(layer: Layer, image: Image) -> None:
    """Put a layer where an image is."""
    here = place_of(layer)
    for name, value in place_of(image).items():
        if not np.array_equal(here[name], value):  # each draws the layer anew
            setattr(layer, name, value)
