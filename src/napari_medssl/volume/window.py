"""Windows: which range of values is shown as black to white. A view; voxels never change."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_medssl.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from napari_medssl.volume.volume import Volume

_MOST_SAMPLES = 2_000_000


@dataclass(frozen=True)
class Window:
    """Values at or below ``low`` are black, at or above ``high`` white, in the image's own units.

    Raises
    ------
    UsageError
        If the two are not finite or ``high`` is not above ``low``.
    """

    low: float
    high: float

    def __post_init__(self) -> None:
        if not (np.isfinite(self.low) and np.isfinite(self.high) and self.low < self.high):
            raise UsageError(
                f"a window from {self.low:g} to {self.high:g}",
                expected="two finite values, the lower first",
            )

    @property
    def level(self) -> float:
        """The middle of the window (radiology's WL)."""
        return (self.low + self.high) / 2

    @property
    def width(self) -> float:
        """The span of the window (radiology's WW)."""
        return self.high - self.low

    def to_unit(self, array: NDArray[Any]) -> NDArray[np.float32]:
        """Values of any shape -> float32 in 0..1; what is not a number becomes 0."""
        unit = (array.astype(np.float32) - np.float32(self.low)) / np.float32(self.width)
        clipped: NDArray[np.float32] = np.nan_to_num(np.clip(unit, 0, 1), nan=0.0)
        return clipped

    def to_uint8(self, array: NDArray[Any]) -> NDArray[np.uint8]:
        """Values of any shape -> uint8 in 0..255, rounded; what is not a number becomes 0."""
        return np.rint(self.to_unit(array) * 255).astype(np.uint8)


@dataclass(frozen=True)
class WindowPreset:
    """A named window: fixed values, or percentiles of the image.

    Parameters
    ----------
    name, title : str
        Key on the command line, and words in the window.
    modalities : tuple of str
        For which modalities the preset is offered first.
    values, percentiles : (float, float) or None
        Exactly one of the two is given.
    of_non_zero : bool
        Whether percentiles leave out voxels of value zero (the air of an MR or ultrasound).
    """

    name: str
    title: str
    modalities: tuple[str, ...]
    values: tuple[float, float] | None = None
    percentiles: tuple[float, float] | None = None
    of_non_zero: bool = False

    def window(self, array: NDArray[Any]) -> Window:
        """Return the window that this preset gives for an image's voxels."""
        if self.values is not None:
            return Window(*self.values)
        low, high = self.percentiles or (0.0, 100.0)
        return percentile_window(array, low, high, of_non_zero=self.of_non_zero)


def percentile_window(
    array: NDArray[Any],
    low: float,
    high: float,
    *,
    of_non_zero: bool = False,
    every_voxel: bool = False,
) -> Window:
    """Window between two percentiles (0..100) of the finite voxels.

    Unless ``every_voxel`` counts, at most two million evenly spread ones are looked at. A constant
    image gets a window of width 1 around its value.
    """
    flat = array.reshape(-1)
    if not every_voxel:
        flat = flat[:: max(1, flat.size // _MOST_SAMPLES)]
    flat = flat[np.isfinite(flat)]
    if of_non_zero and (flat != 0).any():
        flat = flat[flat != 0]
    if flat.size == 0:
        return Window(0.0, 1.0)
    a, b = (float(v) for v in np.percentile(flat, (low, high)))
    return Window(a, b) if a < b else Window(a - 0.5, a + 0.5)


@cache
def window_presets() -> Mapping[str, WindowPreset]:
    """Return the presets of ``resources/windows.json`` by name, in the order to show them."""
    text = files("napari_medssl").joinpath("resources", "windows.json").read_text("utf-8")
    presets = [
        WindowPreset(
            name=row["name"],
            title=row["title"],
            modalities=tuple(row["modalities"]),
            values=tuple(row["values"]) if "values" in row else None,
            percentiles=tuple(row["percentiles"]) if "percentiles" in row else None,
            of_non_zero=row.get("of_non_zero", False),
        )
        for row in json.loads(text)
    ]
    return {preset.name: preset for preset in presets}


def default_preset(volume: Volume) -> WindowPreset:
    """Return the first preset listed for the volume's modality."""
    presets = window_presets()
    if volume.array.dtype == np.uint8:
        return presets["full"]
    return next(p for p in presets.values() if volume.modality in p.modalities)


def default_window(volume: Volume) -> Window:
    """Return the window an image is first shown and prompted with."""
    return default_preset(volume).window(volume.array)


def parse_window(text: str, volume: Volume) -> Window:
    """Read a window from the command line: a preset's name, or ``LOW,HIGH``.

    Raises
    ------
    UsageError
        If the text is neither.
    """
    preset = window_presets().get(text)
    if preset is not None:
        return preset.window(volume.array)
    try:
        low, high = (float(part) for part in text.split(","))
    except ValueError:
        raise UsageError(
            f"the window '{text}'",
            expected=f"LOW,HIGH or one of {', '.join(window_presets())}",
        ) from None
    return Window(low, high)
