"""Bringing values to the scale a network was trained on; the grid stays as it is.

Whatever the image's type was, the result is float32, or uint8 from `ToBytes`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_medssl.errors import UsageError
from napari_medssl.volume.finite import fill_not_finite
from napari_medssl.volume.operation import Inverse, SameGrid
from napari_medssl.volume.window import Window, percentile_window

if TYPE_CHECKING:
    from napari_medssl.volume.volume import Volume


@dataclass(frozen=True)
class _Between:
    """Two values in order.

    Parameters
    ----------
    low, high : float
        In the image's own units.

    Raises
    ------
    UsageError
        If the two are not finite and in order.
    """

    low: float
    high: float

    def __post_init__(self) -> None:
        Window(self.low, self.high)


class Clip(_Between):
    """Cut values to ``low`` .. ``high``; the units are kept."""

    def __call__(self, volume: Volume) -> tuple[Volume, Inverse]:
        """Return the clipped volume."""
        volume = fill_not_finite(volume)
        clipped = np.clip(volume.array.astype(np.float32), self.low, self.high)
        return volume.with_values(clipped, units=volume.units), SameGrid(volume.geometry.shape)


class ToUnit(_Between):
    """Map the window ``low`` .. ``high`` to 0 .. 1; what lies outside is cut."""

    def __call__(self, volume: Volume) -> tuple[Volume, Inverse]:
        """Return the windowed volume; what is not a number becomes 0."""
        unit = Window(self.low, self.high).to_unit(volume.array)
        return volume.with_values(unit), SameGrid(volume.geometry.shape)


@dataclass(frozen=True)
class Divide:
    """Divide every value: Hounsfield units by 3071 come to about -1/3 .. 1.

    Parameters
    ----------
    divisor : float
        Above zero.

    Raises
    ------
    UsageError
        If it is not finite and above zero.
    """

    divisor: float

    def __post_init__(self) -> None:
        if not (np.isfinite(self.divisor) and self.divisor > 0):
            raise UsageError(f"a divisor of {self.divisor}", expected="a value above 0")

    def __call__(self, volume: Volume) -> tuple[Volume, Inverse]:
        """Return the divided volume."""
        volume = fill_not_finite(volume)
        divided = volume.array.astype(np.float32) / np.float32(self.divisor)
        return volume.with_values(divided), SameGrid(volume.geometry.shape)


@dataclass(frozen=True)
class Percentiles:
    """Map the range between two percentiles of the image to 0 .. 1.

    Parameters
    ----------
    low, high : float
        From 0 to 100; 0 and 100 are the darkest and the brightest voxel.
    of_non_zero : bool
        Whether voxels of value zero (the air of an MR or ultrasound) are left out of the count.

    Raises
    ------
    UsageError
        If the two are not percentages in order.
    """

    low: float
    high: float
    of_non_zero: bool = False

    def __post_init__(self) -> None:
        if not 0 <= self.low < self.high <= 100:
            raise UsageError(
                f"the percentiles {self.low:g} and {self.high:g}",
                expected="two values from 0 to 100, the lower first",
            )

    def __call__(self, volume: Volume) -> tuple[Volume, Inverse]:
        """Return the scaled volume; a constant image becomes 0.5."""
        window = percentile_window(
            volume.array, self.low, self.high, of_non_zero=self.of_non_zero, every_voxel=True
        )
        return volume.with_values(window.to_unit(volume.array)), SameGrid(volume.geometry.shape)


@dataclass(frozen=True)
class ZScore:
    """Subtract the mean and divide by the standard deviation; a constant image becomes zeros.

    Parameters
    ----------
    of_foreground : bool
        Whether the two are taken over voxels above the image's lowest value only; they are
        applied to every voxel all the same.
    """

    of_foreground: bool = False

    def __call__(self, volume: Volume) -> tuple[Volume, Inverse]:
        """Return the standardised volume."""
        volume = fill_not_finite(volume)
        array = volume.array
        counted = array[array > array.min()] if self.of_foreground else array
        mean, deviation = 0.0, 0.0
        if counted.size:
            mean, deviation = float(counted.mean(dtype=float)), float(counted.std(dtype=float))
        centred = array.astype(np.float32) - np.float32(mean)
        scaled = centred / np.float32(deviation) if deviation > 0 else np.zeros_like(centred)
        return volume.with_values(scaled), SameGrid(volume.geometry.shape)


@dataclass(frozen=True)
class Standardise:
    """Subtract a mean and divide by a standard deviation that are known from many images.

    Parameters
    ----------
    mean, deviation : float
        In the image's own units; the deviation above zero.

    Raises
    ------
    UsageError
        If one is not finite, or the deviation not above zero.
    """

    mean: float
    deviation: float

    def __post_init__(self) -> None:
        if not (np.isfinite([self.mean, self.deviation]).all() and self.deviation > 0):
            raise UsageError(
                f"a mean of {self.mean} and a deviation of {self.deviation}",
                expected="two numbers, the deviation above 0",
            )

    def __call__(self, volume: Volume) -> tuple[Volume, Inverse]:
        """Return the standardised volume."""
        volume = fill_not_finite(volume)
        centred = volume.array.astype(np.float32) - np.float32(self.mean)
        scaled = centred / np.float32(self.deviation)
        return volume.with_values(scaled), SameGrid(volume.geometry.shape)


@dataclass(frozen=True)
class ToBytes:
    """Map 0 .. 1 to uint8 0 .. 255, rounded; what lies outside is cut."""

    def __call__(self, volume: Volume) -> tuple[Volume, Inverse]:
        """Return the 8-bit volume."""
        eight_bit = Window(0, 1).to_uint8(volume.array)
        return volume.with_values(eight_bit), SameGrid(volume.geometry.shape)
