"""The frames of a film: each slice with its mask, its number and what the colours mean."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from PIL import Image, ImageDraw

from napari_medssl.io.fonts import font_for
from napari_medssl.io.label_table import unnamed_label
from napari_medssl.io.labels import values_in
from napari_medssl.volume.planes import AXIS_NAMES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_medssl.io.label_table import Colour, LabelInfo
    from napari_medssl.io.overlay import Overlay

_LEAST_WIDTH = 480  # for the words below the picture
_TYPE, _SMALL_TYPE, _LINE, _PAD = 15, 12, 26, 12
_MOST_NAMED = 12
_WORDS: Colour = (224, 228, 236)
_QUIET: Colour = (150, 156, 168)
_FOOTNOTE = "Research use only. Not a medical device."


@dataclass(frozen=True, eq=False)
class Film:
    """Pictures of all slices across one axis, made one by one.

    Parameters
    ----------
    overlay : Overlay
        The image with its mask.
    axis : int
        Array axis that the film runs along.
    size : int
        Pixels that the picture of a slice may be wide and high.
    """

    overlay: Overlay
    axis: int
    size: int

    def __len__(self) -> int:
        return self.overlay.volume.geometry.shape[self.axis]

    def frame(self, index: int) -> Image.Image:
        """Draw one frame: the slice, its number, and what the colours mean."""
        frame = self._blank.copy()
        picture = self.overlay.picture(self.axis, index, (self.size, self.size))
        frame.paste(picture, ((frame.width - picture.width) // 2, 0))
        word = "Frame" if self.overlay.volume.frame_axis == self.axis else self._plane
        place = (_PAD, frame.height - _PAD)
        _write(frame, place, f"{word} {index} / {len(self) - 1}", _WORDS)
        return frame

    @property
    def _plane(self) -> str:
        if not self.overlay.volume.orientation_known:
            return "Slice"
        name = AXIS_NAMES[self.axis]
        return f"{name.capitalize()} slice"

    @cached_property
    def _blank(self) -> Image.Image:
        """What all frames share: legend and footnote, on an even number of rows and columns."""
        wide, high = self.overlay.size(self.axis, (self.size, self.size))
        width = max(wide, _LEAST_WIDTH)
        entries = _arranged(self.named[:_MOST_NAMED], width)
        lines = entries[-1][0] + 1 if entries else 0
        below = _PAD + _LINE * (lines + 1)
        size = (width + width % 2, high + below + (high + below) % 2)
        blank = Image.new("RGB", size, "black")
        draw = ImageDraw.Draw(blank)
        for line, x, label in entries:
            y = high + _PAD + _LINE * line
            draw.rounded_rectangle((x, y + 3, x + 13, y + 16), 3, fill=label.colour)
            _write(blank, (x + 20, y + 15), label.name, _WORDS)
        place = (blank.width - _PAD, blank.height - _PAD)
        _write(blank, place, _FOOTNOTE, _QUIET, anchor="rs", pixels=_SMALL_TYPE)
        return blank

    @cached_property
    def named(self) -> Sequence[LabelInfo]:
        """Labels that the mask holds."""
        if self.overlay.mask is None:
            return ()
        known = {label.value: label for label in self.overlay.labels}
        return [known.get(v) or unnamed_label(v) for v in values_in(self.overlay.mask)]


def _arranged(labels: Sequence[LabelInfo], width: int) -> list[tuple[int, int, LabelInfo]]:
    """Place names beside each other: line, column of pixels, label."""
    placed, line, x = [], 0, _PAD
    for label in labels:
        wide = 20 + round(font_for(label.name, _TYPE).getlength(label.name)) + 18
        if x > _PAD and x + wide > width:
            line, x = line + 1, _PAD
        placed.append((line, x, label))
        x += wide
    return placed


def _write(
    frame: Image.Image,
    place: tuple[int, int],
    text: str,
    colour: Colour,
    *,
    anchor: str = "ls",
    pixels: int = _TYPE,
) -> None:
    font = font_for(text, pixels)
    ImageDraw.Draw(frame).text(place, text, fill=colour, anchor=anchor, font=font)
