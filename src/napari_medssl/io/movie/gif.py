"""GIF: plays everywhere, even in a message; 256 colours."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from napari_medssl.errors import UnreadableFileError
from napari_medssl.io.atomic import atomic_write
from napari_medssl.io.overlay import FILL, MARK

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from napari_medssl.io.movie.film import Film

_COLOURS, _GREYS, _LEAST_SHADES = 256, 72, 8
_PALETTE_FRAMES = 12
_SHORTEST_MS = 20  # players slow down what is shorter


def write_gif(film: Film, path: Path, rate: float, progress: Callable[[int, int], None]) -> None:
    """Write ``rate`` frames a second, one by one; Pillow's own way keeps them all in memory.

    Raises
    ------
    SaveError
        If the file could not be written, or does not play to its end.
    """
    from PIL.GifImagePlugin import getdata, getheader

    palette = _palette(film)
    duration = max(_SHORTEST_MS, round(100 / rate) * 10)

    def write(part: Path) -> None:
        with part.open("wb") as file:
            for index in range(len(film)):
                frame = film.frame(index).quantize(palette=palette, dither=Image.Dither.NONE)
                if index == 0:
                    file.writelines(getheader(frame, info={"duration": duration, "loop": 0})[0])
                file.writelines(getdata(frame, duration=duration))
                progress(index + 1, len(film))
            file.write(b";")

    atomic_write(path, write, lambda part: _verify(part, path.name, len(film)))


def _verify(part: Path, name: str, frames: int) -> None:
    from PIL.GifImagePlugin import GifImageFile

    try:
        with part.open("rb") as file, GifImageFile(file) as film:
            for number in range(frames):
                film.seek(number)
                film.load()
            whole = film.n_frames == frames
    except (OSError, EOFError, SyntaxError, ValueError) as error:
        raise UnreadableFileError(f"'{name}' does not play") from error
    if not whole:
        raise UnreadableFileError(f"'{name}' is not whole")


def _palette(film: Film) -> Image.Image:
    """Choose colours for all frames: greys, and greys under each label's colour."""
    labels = sorted({label.colour for label in film.named})
    shades = (_COLOURS - _GREYS - len(labels) - 1) // max(1, len(labels))
    if film.overlay.volume.is_rgb or shades < _LEAST_SHADES:
        return _palette_of_frames(film)
    rows = [_greys(_GREYS), np.array([MARK])]
    for colour in labels:
        rows += [np.array([colour]), (1 - FILL) * _greys(shades) + FILL * np.array(colour)]
    chosen = np.concatenate(rows).astype(np.uint8)
    palette = Image.new("P", (1, 1))
    palette.putpalette(chosen.tobytes())
    return palette


def _greys(count: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    return np.repeat(np.linspace(0, 255, count)[:, None], 3, axis=1)


def _palette_of_frames(film: Film) -> Image.Image:
    """Choose the colours that some of the frames, and the labels, need most."""
    places = np.unique(np.linspace(0, len(film) - 1, _PALETTE_FRAMES).astype(int))
    strips = [np.asarray(film.frame(int(n)).reduce(2)) for n in places]
    wide = strips[0].shape[1]
    patches = [np.full((64, wide, 3), label.colour, np.uint8) for label in film.named]
    return Image.fromarray(np.concatenate([*strips, *patches])).quantize(
        _COLOURS, Image.Quantize.MEDIANCUT
    )
