"""One slice through everything that lies over an image, as colours: numbers only, no window."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_medssl._napari.presenters.planes.cut import sample_cut

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from napari_medssl._napari.presenters.planes.cut import Cut
    from napari_medssl.volume import Window


@dataclass(frozen=True, eq=False)
class Sheet:
    """A layer as it is seen: an image through its window, or labels.

    Parameters
    ----------
    array : (z, y, x) or (z, y, x, 3) array
        Voxels; the last axis is red, green, blue in 0..255.
    colours : (n, 4) uint8 array
        Red, green, blue and opacity in 0..255: of black to white for an image; of the values
        0 to n - 1 for labels, of which the last colour is that of all larger values too. Label 0
        is never drawn.
    window : Window or None
        Grey values shown as the first and the last colour; None for labels and colour pictures.
    opacity : float
        Of the whole layer, 0..1.
    adds : bool
        Whether its colours are added to those below, instead of covering them.
    from_base : (4, 4) array or None
        From indices (z, y, x, 1) of the image at the bottom to indices of this one; None where
        both share one grid.
    """

    array: NDArray[Any]
    colours: NDArray[np.uint8]
    window: Window | None = None
    opacity: float = 1.0
    adds: bool = False
    from_base: NDArray[np.float64] | None = None

    @property
    def is_labels(self) -> bool:
        """Whether voxels are labels, and neither grey values nor colours."""
        return self.window is None and self.array.ndim == 3

    def paint(self, picture: NDArray[np.uint8], cut: Cut) -> None:
        """Lay a slice of this over a picture of (rows, columns, 3), in place."""
        values, outside = self._values(cut)
        if self.is_labels:
            self._mark(picture, values, outside)
        elif self.window is not None:
            numbers = self.window.to_uint8(values)
            self._cover(picture, np.take(self.colours[:, :3], numbers, axis=0), outside)
        else:
            self._cover(picture, np.asarray(values, np.uint8), outside)

    def _values(self, cut: Cut) -> tuple[NDArray[Any], NDArray[np.bool_] | None]:
        """Voxels of a slice, and where it lies outside of this grid (None: nowhere)."""
        if self.from_base is None:
            return cut.of(self.array), None
        return sample_cut(self.array, cut, self.from_base, between=self.window is not None)

    def _cover(
        self,
        picture: NDArray[np.uint8],
        colours: NDArray[np.uint8],
        outside: NDArray[np.bool_] | None,
    ) -> None:
        """Lay an image over a picture, everywhere it is."""
        if outside is None and self.opacity == 1 and not self.adds:
            picture[...] = colours
            return
        below = picture.astype(np.float32)
        over = colours if self.adds else colours - below
        part = np.float32(self.opacity)
        alpha = part if outside is None else np.where(outside, np.float32(0), part)[..., None]
        picture[...] = np.minimum(below + alpha * over, 255)

    def _mark(
        self, picture: NDArray[np.uint8], values: NDArray[Any], outside: NDArray[np.bool_] | None
    ) -> None:
        """Lay labels over a picture where there are any.

        In whole numbers, of 256 parts: at each move of a brush this is done three times.
        """
        labels = np.ravel(values if outside is None else np.where(outside, 0, values))
        where = np.flatnonzero(labels)
        numbers = np.minimum(labels[where], len(self.colours) - 1)
        parts = np.rint(self.colours[:, 3:] * (self.opacity * 256 / 255)).astype(np.uint16)
        added = self.colours[:, :3] * parts
        pixels = picture.reshape(-1, 3)
        below = np.take(pixels, where, axis=0) * np.take(256 - parts, numbers, axis=0)
        pixels[where] = (below + np.take(added, numbers, axis=0)) >> 8


def draw_sheets(
    sheets: Sequence[Sheet], cut: Cut, on: NDArray[np.uint8] | None = None
) -> NDArray[np.uint8]:
    """Draw a slice through layers, the bottom one first, on black or on a copy of a picture.

    Returns
    -------
    (rows, columns, 3) uint8 array
        Red, green, blue.
    """
    picture = np.zeros((*cut.size, 3), np.uint8) if on is None else on.copy()
    for sheet in sheets:
        sheet.paint(picture, cut)
    return picture
