"""A sheet of A4 to put words and pictures on; lengths are in its pixels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PIL import Image, ImageDraw

from napari_medssl.io.fonts import font_for

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_medssl.io.fonts import Font
    from napari_medssl.io.label_table import Colour

DPI = 200
SIZE = (1654, 2339)  # A4
MARGIN = 100
WIDTH = SIZE[0] - 2 * MARGIN
HEADING = 62  # height of one, with the room below

INK: Colour = (28, 34, 46)
PALE: Colour = (104, 112, 126)
BAND: Colour = (23, 32, 50)
LINE: Colour = (214, 218, 226)
STRIPE: Colour = (245, 246, 249)
ACCENT: Colour = (230, 90, 40)

_CORNER = 10


def px(points: float) -> float:
    """Points of type in the page's pixels."""
    return points * DPI / 72


class Page:
    """A white sheet; every method draws on it at once."""

    def __init__(self) -> None:
        self.image = Image.new("RGB", SIZE, "white")
        self._draw = ImageDraw.Draw(self.image)

    def text(
        self,
        at: tuple[float, float],
        text: str,
        points: float,
        *,
        bold: bool = False,
        colour: Colour = INK,
        anchor: str = "ls",
        width: float = WIDTH,
    ) -> None:
        """Write one line, cut short where it is wider than ``width``.

        ``anchor`` is Pillow's: by default ``at`` is the left end of the line the letters stand on.
        """
        font = font_for(text, px(points), bold=bold)
        shown = text
        while shown and font.getlength(shown) > width:
            shown = shown.rstrip("…")[:-1].rstrip() + "…"
            if shown == "…":
                break
        self._draw.text(at, shown, fill=colour, anchor=anchor, font=font)

    def heading(self, top: float, text: str) -> float:
        """Write a heading with a line under it; return where the next thing may begin."""
        self.text((MARGIN, top + 30), text, 10.5, bold=True)
        self.rule(top + 44)
        return top + HEADING

    def rule(self, y: float, colour: Colour = LINE) -> None:
        """Draw a thin line across the page."""
        self._draw.line((MARGIN, y, MARGIN + WIDTH, y), fill=colour, width=2)

    def band(self, top: float, bottom: float, colour: Colour) -> None:
        """Fill the sheet's whole width."""
        self._draw.rectangle((0, top, SIZE[0], bottom - 1), fill=colour)

    def stripe(self, top: float, bottom: float) -> None:
        """Shade a line of a table."""
        self._draw.rectangle((MARGIN, top, MARGIN + WIDTH, bottom - 1), fill=STRIPE)

    def dot(self, x: float, y: float, colour: Colour) -> None:
        """Draw a patch of a label's colour with its middle at (x, y)."""
        box = (x - 11, y - 11, x + 11, y + 11)
        self._draw.rounded_rectangle(box, 5, fill=colour, outline=PALE)

    def picture(self, at: tuple[float, float], cell: tuple[int, int], inner: Image.Image) -> None:
        """Put a picture in the middle of a black card of the size ``cell``."""
        card = Image.new("RGB", cell, "black")
        card.paste(inner, ((cell[0] - inner.width) // 2, (cell[1] - inner.height) // 2))
        cut = Image.new("L", cell, 0)
        ImageDraw.Draw(cut).rounded_rectangle((0, 0, cell[0] - 1, cell[1] - 1), _CORNER, fill=255)
        self.image.paste(card, (round(at[0]), round(at[1])), cut)


def wrapped(texts: Sequence[str], points: float, width: float = WIDTH) -> list[str]:
    """Break sentences into lines of at most ``width`` pixels."""
    lines: list[str] = []
    for text in texts:
        font: Font = font_for(text, px(points))
        line = ""
        for word in text.split():
            longer = f"{line} {word}".strip()
            if line and font.getlength(longer) > width:
                lines.append(line)
                longer = word
            line = longer
        lines.append(line)
    return lines
