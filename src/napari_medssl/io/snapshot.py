"""A picture of a slice with its mask, laid out as a radiologist expects it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image, ImageDraw
from scipy import ndimage

from napari_medssl.io.atomic import atomic_write

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_medssl.volume import Volume, Window

_SIDES = {0: ("R", "L", "A", "P"), 1: ("R", "L", "S", "I"), 2: ("A", "P", "S", "I")}
_SHORT_SIDE_PX, _OUTLINE = 480, (255, 90, 60)


def slice_picture(
    volume: Volume,
    axis: int,
    index: int,
    window: Window,
    mask: NDArray[Any] | None = None,
    *,
    colour: tuple[int, int, int] = _OUTLINE,
) -> Image.Image:
    """Draw one slice with square pixels, head up, the patient's right on the left.

    Parameters
    ----------
    volume : Volume
        The image.
    axis, index : int
        Array axis across which to cut (0 axial, 1 coronal, 2 sagittal), and where.
    window : Window
        Which values are black to white.
    mask : (z, y, x) array, optional
        Voxels other than 0 are filled faintly and outlined.
    colour : (r, g, b)
        Of the mask, in 0..255.
    """
    cut = np.take(volume.array, index, axis=volume.array.ndim - 3 + axis)
    rgb = window.to_uint8(cut)
    rgb = np.moveaxis(rgb, 0, -1) if volume.is_rgb else np.repeat(rgb[..., None], 3, axis=-1)
    spacing = [s for a, s in enumerate(volume.geometry.spacing_mm) if a != axis]
    scale = _SHORT_SIDE_PX / min(n * s for n, s in zip(rgb.shape, spacing, strict=False))
    size = (round(rgb.shape[1] * spacing[1] * scale), round(rgb.shape[0] * spacing[0] * scale))
    upright = slice(None, None, -1 if axis and volume.stack == "space" else 1)
    picture = Image.fromarray(rgb[upright]).resize(size, Image.Resampling.BICUBIC)
    if mask is not None:
        inside = Image.fromarray((np.take(mask, index, axis=axis) != 0)[upright])
        picture = _with_mask(picture, np.asarray(inside.resize(size)), colour)
    if volume.orientation_known:
        _letter(picture, axis)
    return picture


def save_pictures(pictures: list[Image.Image], path: Path) -> Path:
    """Save pictures side by side as one PNG."""
    sheet = Image.new("RGB", (sum(p.width for p in pictures), max(p.height for p in pictures)))
    left = 0
    for picture in pictures:
        sheet.paste(picture, (left, 0))
        left += picture.width
    atomic_write(path, lambda temporary: sheet.save(temporary, format="PNG"))
    return path


def _with_mask(
    picture: Image.Image, inside: NDArray[np.bool_], colour: tuple[int, int, int]
) -> Image.Image:
    pixels = np.asarray(picture).astype(np.float32)
    border = inside & ~ndimage.binary_erosion(inside, iterations=2)
    pixels[inside] = 0.8 * pixels[inside] + 0.2 * np.asarray(colour, np.float32)
    pixels[border] = colour
    return Image.fromarray(pixels.astype(np.uint8))


def _letter(picture: Image.Image, axis: int) -> None:
    left, right, top, bottom = _SIDES[axis]
    draw, (w, h) = ImageDraw.Draw(picture), picture.size
    for text, place, anchor in (
        (left, (6, h // 2), "lm"),
        (right, (w - 6, h // 2), "rm"),
        (top, (w // 2, 6), "mt"),
        (bottom, (w // 2, h - 6), "mb"),
    ):
        draw.text(place, text, fill=(255, 220, 90), anchor=anchor, font_size=20)
