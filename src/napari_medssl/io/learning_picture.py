"""A picture of how a network learns: what was drawn beside what it finds, on one slice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image, ImageDraw

from napari_medssl.io.atomic import atomic_write
from napari_medssl.io.fonts import font_for
from napari_medssl.io.label_table import unnamed_label

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

_SIDE, _GAP, _LINE = 320, 8, 24
_DARK, _LIGHT = (24, 26, 30), (220, 224, 230)
_FILL = 0.45
_WORDS = ("drawn", "found")


def write_learning_picture(
    path: Path,
    image: NDArray[Any],
    drawn: NDArray[Any],
    found: NDArray[Any],
    spacing_mm: tuple[float, float, float],
) -> None:
    """Write the slice with most drawn on it, as it was drawn and as it was found, side by side.

    Parameters
    ----------
    path : Path
        Ends in ``.png``.
    image, drawn, found : (z, y, x) arrays
        Standardised voxels, and two label maps on their grid.
    spacing_mm : (z, y, x)
        Voxel size.
    """
    axis = int(np.argmax(np.array(spacing_mm) / np.array(image.shape)))  # across the fewest slices
    others = [a for a in range(3) if a != axis]
    index = int(np.argmax((drawn > 0).sum(tuple(others))))
    high, wide = (image.shape[a] * spacing_mm[a] for a in others)
    scale = _SIDE / max(high, wide)
    size = (max(1, round(wide * scale)), max(1, round(high * scale)))
    sheet = Image.new("RGB", (2 * size[0] + _GAP, size[1] + _LINE), _DARK)
    pen = ImageDraw.Draw(sheet)
    grey = _grey(image.take(index, axis))
    for number, (words, labels) in enumerate(zip(_WORDS, (drawn, found), strict=True)):
        left = number * (size[0] + _GAP)
        upright = slice(None, None, 1 if axis == 0 else -1)
        picture = Image.fromarray(_coloured(grey, labels.take(index, axis))[upright])
        sheet.paste(picture.resize(size, Image.Resampling.BICUBIC), (left, _LINE))
        pen.text((left + 4, 3), words, fill=_LIGHT, font=font_for(words, 14))
    atomic_write(path, lambda part: sheet.save(part, "PNG"), lambda _: None)


def _grey(cut: NDArray[Any]) -> NDArray[np.float32]:
    low, high = np.percentile(cut.astype(np.float32), (1, 99))
    unit: NDArray[np.float32] = np.clip((cut - low) / max(float(high - low), 1e-6), 0, 1)
    return unit.astype(np.float32)


def _coloured(grey: NDArray[np.float32], labels: NDArray[Any]) -> NDArray[np.uint8]:
    rgb = np.repeat(grey[..., None] * 255, 3, axis=-1)
    for value in np.unique(labels[labels > 0]).tolist():
        there = labels == value
        colour = np.array(unnamed_label(value).colour, np.float32)
        rgb[there] = (1 - _FILL) * rgb[there] + _FILL * colour
    painted: NDArray[np.uint8] = np.rint(rgb).astype(np.uint8)
    return painted
