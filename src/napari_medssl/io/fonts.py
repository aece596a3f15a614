"""Type for pictures: the same on every machine, from packages that napari brings along."""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from pathlib import Path

from PIL import ImageFont

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont

_LATIN = ("vispy", "util/fonts/data/OpenSans-{}.ttf")
_WIDE = ("napari_resources", "resources/fonts/AlataPlus/AlataPlus-Regular.ttf")
_NO_CHARACTER = "\ufffe"  # drawn as a font draws what it does not have


def font_for(text: str, pixels: float, *, bold: bool = False) -> Font:
    """Return a font that has every character of ``text``, as nearly as there is one.

    Parameters
    ----------
    text : str
        What will be written; one in Chinese or Japanese needs another font than one in Latin,
        Greek or Cyrillic letters.
    pixels : float
        Size of the type.
    bold : bool
        Whether a heavier cut is wanted, where there is one.
    """
    latin = _font(*_LATIN, "Bold" if bold else "Regular", pixels)
    if latin is None:
        return ImageFont.load_default(pixels)
    if not (missing := _missing(latin, text)):
        return latin
    wide = _font(*_WIDE, "", pixels)
    return wide if wide is not None and _missing(wide, text) < missing else latin


@cache
def _font(package: str, file: str, cut: str, pixels: float) -> ImageFont.FreeTypeFont | None:
    spec = find_spec(package)  # finds the package without importing it
    path = Path(spec.origin).parent / file.format(cut) if spec and spec.origin else None
    return ImageFont.truetype(path, pixels) if path and path.is_file() else None


def _missing(font: ImageFont.FreeTypeFont, text: str) -> int:
    """Count the characters that a font does not have."""
    box = bytes(font.getmask(_NO_CHARACTER))
    return sum(not c.isascii() and bytes(font.getmask(c)) == box for c in set(text))
