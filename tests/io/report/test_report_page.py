from __future__ import annotations

from itertools import pairwise

import numpy as np
from PIL import Image

from napari_medssl.io.fonts import font_for
from napari_medssl.io.report.page import ACCENT, MARGIN, SIZE, WIDTH, Page, px, wrapped

WORDS = "The outline was drawn by hand on every third slice and filled in between them"


def drawn(page: Page) -> np.ndarray:
    """Where the page is not white."""
    return (np.asarray(page.image) != 255).any(axis=2)


def test_lines_are_as_full_as_they_may_be_and_lose_no_word() -> None:
    width = 400
    lines = wrapped([WORDS, "A second sentence."], 9, width)
    assert " ".join(lines).split() == [*WORDS.split(), "A", "second", "sentence."]
    assert lines[-1] == "A second sentence."
    font = font_for(lines[0], px(9))
    assert all(font.getlength(line) <= width for line in lines)
    first = lines[: len(lines) - 1]
    for line, following in pairwise(first):
        assert font.getlength(f"{line} {following.split()[0]}") > width


def test_a_word_wider_than_the_line_stands_alone() -> None:
    assert wrapped(["a " + "w" * 200 + " b"], 9, 100) == ["a", "w" * 200, "b"]


def test_text_never_runs_beyond_its_width() -> None:
    page = Page()
    page.text((MARGIN, 500), "word " * 400, 12)
    rows, columns = np.nonzero(drawn(page))
    assert MARGIN <= columns.min() < columns.max() <= MARGIN + WIDTH
    assert 500 - px(12) < rows.min() < rows.max() < 500 + px(12)


def test_a_band_fills_the_whole_width_and_no_more_rows() -> None:
    page = Page()
    page.band(10, 30, ACCENT)
    marked = drawn(page)
    assert marked[10:30].all()
    assert marked.sum() == 20 * SIZE[0]


def test_a_picture_stands_in_the_middle_of_its_card() -> None:
    page = Page()
    page.picture((200, 300), (100, 80), Image.new("RGB", (40, 20), (200, 30, 10)))
    seen = np.asarray(page.image)
    rows, columns = np.nonzero((seen == (200, 30, 10)).all(axis=2))
    assert (rows.min(), rows.max() + 1) == (330, 350)
    assert (columns.min(), columns.max() + 1) == (230, 270)
    rows, columns = np.nonzero(drawn(page))
    assert (rows.min(), rows.max() + 1, columns.min(), columns.max() + 1) == (300, 380, 200, 300)
    assert tuple(seen[300, 200]) == (255, 255, 255), "the card's corners are round"
