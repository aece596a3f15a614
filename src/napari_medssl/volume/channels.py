"""Grey to colour and back, for networks that want one or the other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_medssl.errors import UsageError
from napari_medssl.volume.interpolate import as_type_of
from napari_medssl.volume.operation import Inverse, SameGrid

if TYPE_CHECKING:
    from napari_medssl.volume.volume import Volume

#: how bright red, green and blue look (ITU-R BT.601)
_LUMINANCE = np.array([0.299, 0.587, 0.114])


@dataclass(frozen=True)
class Channels:
    """Give a volume one channel or three; the data type is kept.

    Parameters
    ----------
    count : {1, 3}
        3 repeats grey as red, green and blue; 1 weighs the three by how bright they look.

    Raises
    ------
    UsageError
        If the count is another.
    """

    count: int

    def __post_init__(self) -> None:
        if self.count not in (1, 3):
            raise UsageError(f"{self.count} channels", expected="1 or 3")

    def __call__(self, volume: Volume) -> tuple[Volume, Inverse]:
        """Return (z, y, x) or (3, z, y, x); label maps have no channels, so these stay."""
        array = volume.array
        if self.count == 3 and not volume.is_rgb:
            array = np.repeat(array[None], 3, axis=0)
        elif self.count == 1 and volume.is_rgb:
            array = as_type_of(np.tensordot(_LUMINANCE, array, axes=1), array)
        return volume.with_values(array, units=volume.units), SameGrid(volume.geometry.shape)
