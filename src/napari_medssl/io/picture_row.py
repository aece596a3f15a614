"""Grey pictures side by side, each with its title: what a network is shown, and what it makes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image, ImageDraw

from napari_medssl.io.atomic import atomic_write
from napari_medssl.io.fonts import font_for

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

_SIDE, _GAP, _LINE = 240, 8, 24
_DARK, _LIGHT = (24, 26, 30), (220, 224, 230)


def write_picture_row(path: Path, pictures: Mapping[str, NDArray[Any]]) -> None:
    """Write pictures in a row.

    Parameters
    ----------
    path : Path
        Ends in ``.png``.
    pictures : mapping of str to (rows, columns) array
        Titles, and values from 0 (black) to 1.
    """
    sheet = Image.new("RGB", (len(pictures) * (_SIDE + _GAP) - _GAP, _SIDE + _LINE), _DARK)
    pen = ImageDraw.Draw(sheet)
    for number, (title, picture) in enumerate(pictures.items()):
        left = number * (_SIDE + _GAP)
        grey = (np.clip(np.nan_to_num(picture), 0, 1) * 255).astype(np.uint8)
        scale = _SIDE / max(grey.shape)
        size = (max(1, round(grey.shape[1] * scale)), max(1, round(grey.shape[0] * scale)))
        shown = Image.fromarray(grey).resize(size, Image.Resampling.NEAREST)
        sheet.paste(shown, (left + (_SIDE - size[0]) // 2, _LINE + (_SIDE - size[1]) // 2))
        pen.text((left + 4, 3), title, fill=_LIGHT, font=font_for(title, 14))
    atomic_write(path, lambda part: sheet.save(part, "PNG"), lambda _: None)
