"""The image in hand as a film: turning its frames, and the key that plays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari_medssl._napari.layers import image_layer, volume_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari.layers import Image

    from napari_medssl.volume import Volume

_KEY = "Space"


class LayerReel:
    """One image layer, as `presenters.viewing.cine.Reel` wants it."""

    def __init__(self, viewer: Any) -> None:
        self._viewer = viewer
        self._image: Image | None = None
        self._answers = False

    def lay_over(self, image: Image | None) -> None:
        """Move to another image."""
        self.answer_space(None)
        self._image = image

    @property
    def frame(self) -> int:
        """The frame of a cine that is on the screen."""
        image, axis = self._image, self._axis
        if image is None or axis is None:
            return 0
        at = round(float(image.world_to_data(self._viewer.dims.point)[-3:][axis]))
        return int(min(max(at, 0), image.data.shape[axis] - 1))

    def turn_to(self, frame: int) -> None:
        """Turn to a frame of a cine."""
        image, axis = self._image, self._axis
        if image is not None and axis is not None:
            world = image.data_to_world([frame] * 3)[axis]
            self._viewer.dims.set_point(self._viewer.dims.ndim - 3 + axis, float(world))

    def show_values(self, volume: Volume) -> None:
        """Show another volume of a 4-D scan for a moment: nobody is told."""
        if self._image is not None:
            self._image.data = image_layer(volume)[0]

    def answer_space(self, pressed: Callable[[], None] | None) -> None:
        """Do this when Space is pressed on the image; None leaves the key to napari.

        On a mask it stays napari's: held down it moves the view with any tool.
        """
        if self._image is None or (pressed is None and not self._answers):
            return
        self._answers = pressed is not None
        act = None if pressed is None else (lambda _: pressed())
        self._image.bind_key(_KEY, act, overwrite=True)

    @property
    def _axis(self) -> int | None:
        volume = volume_of(self._image)
        return volume.frame_axis if volume is not None else None
