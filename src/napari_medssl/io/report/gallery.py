"""The pictures of a report: how they share the room between its head and its table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_medssl.io.report.page import HEADING, MARGIN, PALE, WIDTH
from napari_medssl.io.report.views import View, each_label, overview, through

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PIL.Image import Image

    from napari_medssl.io.label_figures import LabelFigures
    from napari_medssl.io.overlay import Overlay
    from napari_medssl.io.report.page import Page

Cell = tuple[int, int]

_GAP, _CAPTION = 16, 46
_MANY, _FEW = 6, 4  # pictures in a row
_LARGE = 560  # side of the main plane beside two flat ones
_FLAT = 1.5  # width by height from which a plane is flat
_CINE_HIGH = 700


@dataclass(frozen=True, eq=False)
class Gallery:
    """Draws the pictures of one image and its labels on a page.

    Parameters
    ----------
    page : Page
        Where to draw.
    overlay : Overlay
        The image with its mask.
    figures : sequence of LabelFigures
        What its labels measure.
    """

    page: Page
    overlay: Overlay
    figures: Sequence[LabelFigures]

    def hang(self, top: float, bottom: float) -> float:
        """Fill the page from ``top``, at most to ``bottom``; return where the next thing begins."""
        volume, count = self.overlay.volume, len(self.figures)
        views = overview(volume, self.figures)
        if volume.geometry.shape[views[0].axis] == 1:
            return self._twice(views[0], top, bottom)
        if len(views) == 1:
            top = self._twice(views[0], top, top + _CINE_HIGH)
        else:
            top = self._planes(views, top)
        title = "Through the outlines" if count else "Through the image"
        in_a_row, most = (_FEW, 2 * _FEW) if count < 2 else (_MANY, _MANY)
        top = self._section(title, through(volume, self.figures, most), in_a_row, top)
        return self._each_label(top, bottom) if count > 1 else top

    def _each_label(self, top: float, bottom: float) -> float:
        """Show the largest labels one by one, in the larger of two sizes for which is room."""
        shown = each_label(self.overlay.volume, self.figures, _MANY)
        title = "Each label where it covers most"
        title += f", the {len(shown)} largest" if len(shown) < len(self.figures) else ""
        for in_a_row in (_FEW, _MANY):
            high = HEADING + _side(in_a_row) + _CAPTION + _GAP
            if len(shown) <= in_a_row and top + high <= bottom:
                return self._section(title, shown, in_a_row, top)
        return top

    def _twice(self, view: View, top: float, bottom: float) -> float:
        """Show one slice without and with its outlines, as large as the room allows."""
        wide, high = self.overlay.size(view.axis, (WIDTH, WIDTH))
        half, room = (WIDTH - _GAP) // 2, bottom - top - _CAPTION - _GAP
        beside = min(half / wide, room / high)
        below = min(1.0, (room - _CAPTION - _GAP) / 2 / high)
        cell = (half if beside >= below else WIDTH, int(high * max(beside, below)))
        for number, words in enumerate(("as it is", "with outlines")):
            across, down = (number, 0) if beside >= below else (0, number)
            at = (MARGIN + across * (half + _GAP), top + down * (cell[1] + _CAPTION + _GAP))
            drawn = self._draw(view, cell, with_mask=bool(number), with_marks=True)
            self._hang_one(drawn, at, cell, f"{view.words}, {words}")
        return at[1] + cell[1] + _CAPTION + _GAP

    def _planes(self, views: Sequence[View], top: float) -> float:
        """Show three planes side by side, or two flat ones beside the main one."""
        flat = [view for view in views if self._is_flat(view)]
        if len(flat) != 2:
            side = _side(3)
            places = {n: ((MARGIN + n * (side + _GAP), top), (side, side)) for n in range(3)}
        else:
            side = _LARGE
            left, high = MARGIN + side + _GAP, (side - _CAPTION - _GAP) // 2
            cell = (WIDTH - side - _GAP, high)
            second = (left, top + high + _CAPTION + _GAP)
            places = {0: ((MARGIN, top), (side, side)), 1: ((left, top), cell), 2: (second, cell)}
            views = [*(view for view in views if view not in flat), *flat]
        for view, (at, cell) in zip(views, places.values(), strict=True):
            self._hang_one(self._draw(view, cell, with_marks=True), at, cell, view.words)
        return top + side + _CAPTION + _GAP

    def _section(self, title: str, views: Sequence[View], in_a_row: int, top: float) -> float:
        """Show views in rows under a heading."""
        top = self.page.heading(top, title)
        side = _side(in_a_row)
        for number, view in enumerate(views):
            down, across = divmod(number, in_a_row)
            at = (MARGIN + across * (side + _GAP), top + down * (side + _CAPTION))
            self._hang_one(self._draw(view, (side, side)), at, (side, side), view.words, view.label)
        return top + -(-len(views) // in_a_row) * (side + _CAPTION) + _GAP

    def _is_flat(self, view: View) -> bool:
        wide, high = self.overlay.size(view.axis, (WIDTH, WIDTH))
        return wide > _FLAT * high

    def _draw(
        self, view: View, cell: Cell, *, with_mask: bool = True, with_marks: bool = False
    ) -> Image:
        return self.overlay.picture(
            view.axis, view.index, cell, box=view.box, with_mask=with_mask, with_marks=with_marks
        )

    def _hang_one(
        self,
        picture: Image,
        at: tuple[float, float],
        cell: Cell,
        words: str,
        label: LabelFigures | None = None,
    ) -> None:
        """Put a picture on its card, and what it shows below."""
        self.page.picture(at, cell, picture)
        left, line = at[0], at[1] + cell[1]
        if label is not None:
            self.page.dot(left + 11, line + 24, label.label.colour)
            left += 32
        width = at[0] + cell[0] - left
        self.page.text((left, line + 32), words, 8.5, colour=PALE, width=width)


def _side(in_a_row: int) -> int:
    """Side of a picture, of which so many stand in a row."""
    return (WIDTH - _GAP * (in_a_row - 1)) // in_a_row
