"""Slices of an image as pictures, laid out as a radiologist expects, with the mask in colour."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image, ImageDraw
from scipy import ndimage

from napari_medssl.errors import GeometryError
from napari_medssl.io.atomic import atomic_write
from napari_medssl.io.fonts import font_for
from napari_medssl.io.label_table import unnamed_label
from napari_medssl.volume import default_window
from napari_medssl.volume.sides import edge_letters

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_medssl.io.label_table import Colour, LabelInfo
    from napari_medssl.volume import Volume, Window

Box = tuple[slice, slice, slice]
Size = tuple[int, int]

WHOLE: Box = (slice(None), slice(None), slice(None))

FILL = 0.25
MARK: Colour = (255, 224, 120)
_BAR_LENGTHS_MM = (1, 2, 5, 10, 20, 50, 100, 200)
_LONGEST_BAR = 0.3  # of the picture's width
_ROW_AXIS, _COLUMN_AXIS = (1, 0, 0), (2, 2, 1)  # for a cut across axis 0, 1, 2


@dataclass(frozen=True, eq=False)
class Overlay:
    """An image with its mask, ready to be drawn slice by slice.

    Pixels are square in the patient, the head is up, the patient's right is on the left of axial
    and coronal slices, and the front on the left of sagittal ones.

    Parameters
    ----------
    volume : Volume
        The image.
    mask : (z, y, x) array, optional
        Labels on its grid; 0 is not drawn.
    labels : sequence of LabelInfo
        Their colours; a value that is not among them gets one of its own.
    window : Window, optional
        Which values are black to white; the one the image is first shown with unless given.

    Raises
    ------
    GeometryError
        If the mask is not of the image's shape.
    """

    volume: Volume
    mask: NDArray[Any] | None = None
    labels: Sequence[LabelInfo] = ()
    window: Window | None = None

    def __post_init__(self) -> None:
        grid = self.volume.geometry.shape
        if self.mask is not None and self.mask.shape != grid:
            raise GeometryError(f"a mask of {self.mask.shape} voxels", expected=f"{grid}")

    @cached_property
    def shown(self) -> Window:
        """The window that slices are drawn with."""
        return self.window or default_window(self.volume)

    def picture(
        self,
        axis: int,
        index: int,
        fit: Size,
        *,
        box: Box = WHOLE,
        with_mask: bool = True,
        with_marks: bool = True,
    ) -> Image.Image:
        """Draw one slice as large as fits.

        Parameters
        ----------
        axis, index : int
            Array axis across which to cut (0 axial, 1 coronal, 2 sagittal), and where.
        fit : (width, height)
            Pixels that the picture may take.
        box : three slices
            The part of the image to show, along (z, y, x).
        with_mask : bool
            Whether the labels are filled faintly and get a rim.
        with_marks : bool
            Whether letters name the sides of the patient and a bar gives the scale, where the
            image tells them.
        """
        rows, columns = box[_ROW_AXIS[axis]], box[_COLUMN_AXIS[axis]]
        upright = slice(None, None, -1 if self._is_head_up(axis) else 1)
        grey = self._rgb(axis, index)[rows, columns][upright]
        size = self.size(axis, fit, box)
        picture = Image.fromarray(np.ascontiguousarray(grey)).resize(size, Image.Resampling.BICUBIC)
        if with_mask and self.mask is not None:
            labels = self.mask.take(index, axis)[rows, columns][upright]
            picture = _coloured(picture, labels, {known.value: known for known in self.labels})
        if with_marks:
            self._letter(picture, axis)
            self._draw_bar(picture, axis, grey.shape[1])
        return picture

    def size(self, axis: int, fit: Size, box: Box = WHOLE) -> Size:
        """Return the (width, height) of the picture that `picture` would draw."""
        grid, spacing = self.volume.geometry.shape, self.volume.geometry.spacing_mm
        wide_mm, high_mm = (
            len(range(*box[a].indices(grid[a]))) * spacing[a]
            for a in (_COLUMN_AXIS[axis], _ROW_AXIS[axis])
        )
        scale = min(fit[0] / wide_mm, fit[1] / high_mm)
        return max(1, round(wide_mm * scale)), max(1, round(high_mm * scale))

    def _rgb(self, axis: int, index: int) -> NDArray[np.uint8]:
        """One slice as (row, column, 3), not turned over."""
        cut = self.shown.to_uint8(self.volume.array.take(index, axis - 3))
        return np.moveaxis(cut, 0, -1) if self.volume.is_rgb else np.stack([cut] * 3, axis=-1)

    def _is_head_up(self, axis: int) -> bool:
        """Whether rows, which begin at the feet, are drawn from the bottom up."""
        return axis != 0 and self.volume.frame_axis != 0

    def _letter(self, picture: Image.Image, axis: int) -> None:
        if not self.volume.orientation_known or self.volume.frame_axis not in (None, axis):
            return
        ways = np.asarray(self.volume.geometry.direction).T
        up = ways[_ROW_AXIS[axis]] * (1 if self._is_head_up(axis) else -1)
        letters = edge_letters(ways[_COLUMN_AXIS[axis]], up)
        (w, h), pad = picture.size, _mark_size(picture) // 2
        for text, place, anchor in (
            (letters.left, (pad, h // 2), "lm"),
            (letters.right, (w - pad, h // 2), "rm"),
            (letters.top, (w // 2, pad), "mt"),
            (letters.bottom, (w // 2, h - pad), "mb"),
        ):
            _write(picture, place, text, anchor)

    def _draw_bar(self, picture: Image.Image, axis: int, columns: int) -> None:
        if not self.volume.spacing_known or self.volume.frame_axis == _COLUMN_AXIS[axis]:
            return
        wide_mm = columns * self.volume.geometry.spacing_mm[_COLUMN_AXIS[axis]]
        fitting = [mm for mm in _BAR_LENGTHS_MM if mm <= _LONGEST_BAR * wide_mm]
        if not fitting:
            return
        mm, unit = fitting[-1], _mark_size(picture)
        left, bottom = unit // 2, picture.height - unit // 2
        right = left + round(mm / wide_mm * picture.width)
        thick = max(2, unit // 6)
        bar = (left, bottom - thick, right, bottom)
        ImageDraw.Draw(picture).rectangle(bar, fill=MARK, outline=(0, 0, 0))
        text = f"{mm // 10} cm" if mm >= 10 else f"{mm} mm"
        _write(picture, (left, bottom - thick - unit // 4), text, "lb")


def save_pictures(pictures: Sequence[Image.Image], path: Path) -> Path:
    """Save pictures side by side as one PNG.

    Raises
    ------
    SaveError
        If the file could not be written.
    """
    sheet = Image.new("RGB", (sum(p.width for p in pictures), max(p.height for p in pictures)))
    left = 0
    for picture in pictures:
        sheet.paste(picture, (left, 0))
        left += picture.width
    atomic_write(path, lambda part: sheet.save(part, format="PNG"))
    return path


def _coloured(
    picture: Image.Image, labels: NDArray[Any], known: Mapping[int, LabelInfo]
) -> Image.Image:
    """Fill each label faintly and draw its rim inside it."""
    values = [int(value) for value in np.unique(labels) if value]
    if not values:
        return picture
    which = _enlarged(labels, values, picture.size)
    width = 2 * max(1, round(min(picture.size) / 240)) + 1
    inside = which != 0
    edge = ndimage.maximum_filter(which, width) != ndimage.minimum_filter(which, width)
    table = [(known.get(v) or unnamed_label(v)).colour for v in values]
    colours = np.array([(0, 0, 0), *table], np.float32)
    pixels = np.array(picture)
    pixels[inside] = (1 - FILL) * pixels[inside] + FILL * colours[which[inside]]
    pixels[edge & inside] = colours[which[edge & inside]]
    return Image.fromarray(pixels)


def _enlarged(labels: NDArray[Any], values: Sequence[int], size: Size) -> NDArray[np.uint16]:
    """Resize labels smoothly: (row, column) of 1 + the number in ``values``, 0 for none.

    A pixel belongs to the label that covers most of it, if that is half of it; in a picture
    smaller than the slice, less is enough, so that a label of a single voxel still shows.
    """
    scale = min(1.0, size[0] / labels.shape[1]) * min(1.0, size[1] / labels.shape[0])
    most = np.full(size[::-1], 127 if scale == 1 else int(64 * scale), np.uint8)
    which = np.zeros(size[::-1], np.uint16)
    for number, value in enumerate(values, start=1):
        inside = Image.fromarray((labels == value).astype(np.uint8) * np.uint8(255))
        cover = np.asarray(inside.resize(size, Image.Resampling.BILINEAR))
        here = cover > most
        which[here] = number
        most[here] = cover[here]
    return which


def _mark_size(picture: Image.Image) -> int:
    return max(11, sum(picture.size) // 40)


def _write(picture: Image.Image, place: Size, text: str, anchor: str) -> None:
    """Write so that it can be read on black and on white."""
    unit = _mark_size(picture)
    ImageDraw.Draw(picture).text(
        place,
        text,
        fill=MARK,
        anchor=anchor,
        font=font_for(text, unit, bold=True),
        stroke_width=max(1, unit // 10),
        stroke_fill=(0, 0, 0),
    )
