"""The page put together: head, pictures, table, words, foot."""

from __future__ import annotations

from datetime import date
from importlib.metadata import version
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_medssl.errors import SaveError, UnreadableFileError
from napari_medssl.io.atomic import atomic_write
from napari_medssl.io.label_figures import measure_labels
from napari_medssl.io.overlay import Overlay
from napari_medssl.io.report.gallery import Gallery
from napari_medssl.io.report.page import (
    ACCENT,
    BAND,
    DPI,
    HEADING,
    MARGIN,
    PALE,
    SIZE,
    WIDTH,
    Page,
    wrapped,
)
from napari_medssl.io.report.words import columns, facts, limits, origin_of_outlines

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray
    from PIL.Image import Image

    from napari_medssl.io.label_figures import LabelFigures
    from napari_medssl.io.label_table import Colour, LabelInfo
    from napari_medssl.volume import Volume, Window

_FORMATS = {".pdf": "PDF", ".png": "PNG"}
_WHITE: Colour = (255, 255, 255)
_ON_BAND: Colour = (206, 212, 224)
_HEAD, _FOOT = 312, 86
_TITLES, _ROW, _LINE = 42, 48, 36
_GAP = 26
_FEWEST_ROWS = 6  # of the table, that pictures leave room for
_MOST_LINES = 8
#: where columns end, by how many there are
_COLUMN_ENDS = {2: (0.62, 1.0), 3: (0.5, 0.66, 1.0), 4: (0.45, 0.55, 0.8, 1.0)}


def write_report(
    volume: Volume,
    mask: NDArray[Any],
    path: str | Path,
    labels: Sequence[LabelInfo] = (),
    *,
    outlines: Sequence[Mapping[str, Any]] = (),
    edits: Mapping[str, int] | None = None,
    window: Window | None = None,
    anonymous: bool = False,
) -> Path:
    """Save one page of A4 that shows what was outlined on an image, in pictures and numbers.

    Parameters
    ----------
    volume : Volume
        The image.
    mask : (z, y, x) unsigned array
        Labels on its grid.
    path : str or Path
        Target, .pdf or .png.
    labels : sequence of LabelInfo
        Names and colours.
    outlines : sequence of mapping
        How each outline came about, as the file beside a mask tells it.
    edits : mapping of str to int, optional
        How many steps were made by hand, by their names.
    window : Window, optional
        Which values are black to white; the one the image is first shown with unless given.
    anonymous : bool
        Whether the image's name is left out.

    Raises
    ------
    SaveError
        If the name says no format that a report has, or the page could not be written.
    GeometryError
        If the mask is not of the image's shape.
    """
    path = Path(path)
    kind = _FORMATS.get(path.suffix.lower())
    if kind is None:
        raise SaveError(
            f"the name '{path.name}' says no format of a report",
            expected="a name that ends in .pdf or .png",
        )
    page = Page()
    overlay = Overlay(volume, mask, labels, window)
    figures = measure_labels(volume, mask, labels)
    story = wrapped([*origin_of_outlines(outlines, edits or {}), *limits(volume)], 9)[:_MOST_LINES]
    story_room = SIZE[1] - _FOOT - HEADING - _LINE * len(story) - _GAP
    fewest = HEADING + _TITLES + _ROW * min(max(1, len(figures)), _FEWEST_ROWS) + _GAP
    _head(page, overlay, "De-identified image" if anonymous else volume.source.name)
    top = Gallery(page, overlay, figures).hang(_HEAD, story_room - fewest)
    top = _table(page, volume, figures, top, story_room - _GAP)
    _story(page, story, top + _GAP)
    _foot(page)
    _save(page.image, path, kind)
    return path


def _head(page: Page, overlay: Overlay, name: str) -> None:
    page.band(0, 128, BAND)
    page.band(128, 134, ACCENT)
    page.text((MARGIN, 82), "Segmentation report", 20, bold=True, colour=_WHITE)
    today = date.today().isoformat()
    page.text((MARGIN + WIDTH, 82), today, 11, colour=_ON_BAND, anchor="rs")
    page.text((MARGIN, 204), name, 14, bold=True)
    for number, words in enumerate(facts(overlay)):
        page.text((MARGIN, 250 + _LINE * number), words, 9.5, colour=PALE)


def _table(
    page: Page, volume: Volume, figures: Sequence[LabelFigures], top: float, bottom: float
) -> float:
    """List the labels, as many as fit, largest first if not all do; return where it ends."""
    top = page.heading(top, "Labels")
    if not figures:
        page.text((MARGIN, top + 34), "The mask is empty: nothing is outlined.", 10)
        return top + _ROW
    chosen = columns(volume)
    ends = [MARGIN + WIDTH * end - 12 for end in _COLUMN_ENDS[len(chosen)]]
    for end, column in zip(ends, chosen, strict=True):
        page.text((end, top + 28), column.title, 8.5, colour=PALE, anchor="rs")
    top, name_width = top + _TITLES, ends[0] - MARGIN - 54 - 170
    room = max(1, int((bottom - top) // _ROW))
    shown = list(figures)
    if len(figures) > room:
        shown = sorted(figures, key=lambda label: -label.voxels)[: room - 1]
    for number, label in enumerate(shown):
        if number % 2 == 0:
            page.stripe(top, top + _ROW)
        page.dot(MARGIN + 26, top + 24, label.label.colour)
        page.text((MARGIN + 54, top + 34), label.label.name, 10, bold=True, width=name_width)
        for end, column in zip(ends, chosen, strict=True):
            page.text((end, top + 34), column.cell(label), 10, anchor="rs")
        top += _ROW
    if left := len(figures) - len(shown):
        page.text((MARGIN + 54, top + 34), f"and {left:,} smaller ones", 10, colour=PALE)
        top += _ROW
    return top


def _story(page: Page, lines: Sequence[str], top: float) -> None:
    top = page.heading(top, "Origin and limits")
    for number, line in enumerate(lines):
        page.text((MARGIN, top + 26 + number * _LINE), line, 9)


def _foot(page: Page) -> None:
    top = SIZE[1] - _FOOT
    page.band(top, SIZE[1], BAND)
    words = "Research use only. Not a medical device."
    page.text((MARGIN, top + 52), words, 9.5, bold=True, colour=_WHITE)
    made = f"napari-medssl {version('napari-medssl')}"
    page.text((MARGIN + WIDTH, top + 52), made, 9, colour=_ON_BAND, anchor="rs")


def _save(page: Image, path: Path, kind: str) -> None:
    packed = BytesIO()
    dots = {"resolution": DPI} if kind == "PDF" else {"dpi": (DPI, DPI)}
    page.save(packed, kind, title="Segmentation report", quality=92, **dots)
    content = packed.getvalue()

    def write(part: Path) -> None:
        with part.open("wb") as file:
            file.write(content)

    def verify(part: Path) -> None:
        if part.read_bytes() != content:
            raise UnreadableFileError(f"'{path.name}' does not hold what it was given")

    atomic_write(path, write, verify)
