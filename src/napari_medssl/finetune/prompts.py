"""Prompts as a hurried user would give them, drawn from the masks that are learned."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_medssl.finetune.pictures import Picture, Thing

#: the picture that jitter is measured on, as in SAM and MedSAM
_FRAME = 1024
#: a small object keeps most of itself in its box
_MOST_INWARD = 0.1
#: nobody clicks on the very edge: a click is at least so deep, as a part of the deepest place
_LEAST_DEPTH = 0.25


def jittered_box(
    picture: Picture, thing: Thing, jitter: float, random: np.random.Generator
) -> NDArray[np.float32]:
    """Return the box around an object, each side moved out or in by chance.

    Parameters
    ----------
    picture, thing
        An object on a picture.
    jitter : float
        The farthest, in pixels of a picture whose longer side (in mm) has 1,024.
    random : numpy Generator
        Makes four draws.

    Returns
    -------
    (4,) float32 array
        Left, top, right, bottom in pixels of the picture, within it.
    """
    rows, columns = picture.size
    height, width = picture.pixel_mm
    longer_mm = max(rows * height, columns * width)
    most = jitter / _FRAME * longer_mm / np.array([width, height])
    box = thing.box_xyxy
    extent = box[2:] - box[:2]
    out = random.uniform(-1, 1, (2, 2)) * most  # first low then high corner; x, y
    out = np.maximum(out, -_MOST_INWARD * extent)
    low, high = box[:2] - out[0], box[2:] + out[1]
    limits = np.array([columns, rows])
    return np.concatenate([np.maximum(low, 0), np.minimum(high, limits)]).astype(np.float32)


def point_inside(thing: Thing, random: np.random.Generator) -> NDArray[np.float32]:
    """Return a pixel of an object, (x, y) of its middle, anywhere but on the edge."""
    row, column = _somewhere(_depth(thing.mask), random)
    return np.array([thing.corner[1] + column + 0.5, thing.corner[0] + row + 0.5], np.float32)


def next_point(
    found: NDArray[np.bool_], truth: NDArray[np.bool_], random: np.random.Generator | None = None
) -> tuple[NDArray[np.float32], bool]:
    """Return where a user who sees a mask would click next.

    Parameters
    ----------
    found, truth : (rows, columns) bool arrays
        The mask so far, and the one that is wanted, which is not empty.
    random : numpy Generator, optional
        Chooses a pixel of the piece with the deepest one instead, anywhere but on its edge.

    Returns
    -------
    point : (2,) float32 array
        (x, y) of the middle of the pixel that lies deepest in what is missing or too much; in the
        wanted mask itself where both are the same.
    inside : bool
        Whether it is part of what is wanted.
    """
    missing, extra = truth & ~found, found & ~truth
    if not (missing.any() or extra.any()):
        missing = truth
    depths = [_depth(some) for some in (missing, extra)]
    inside = bool(depths[0].max() >= depths[1].max())
    depth = depths[0] if inside else depths[1]
    row, column = _deepest(depth) if random is None else _somewhere(depth, random)
    return np.array([column + 0.5, row + 0.5], np.float32), inside


def _deepest(depth: NDArray[np.float64]) -> tuple[int, int]:
    """Return row and column of the deepest pixel."""
    row, column = np.unravel_index(int(depth.argmax()), depth.shape)
    return int(row), int(column)


def _somewhere(depth: NDArray[np.float64], random: np.random.Generator) -> tuple[int, int]:
    """Return row and column of a pixel of the piece with the deepest one, not on its edge."""
    pieces, _ = ndimage.label(depth > 0)
    piece = pieces == pieces[_deepest(depth)]
    rows, columns = np.nonzero(piece & (depth >= _LEAST_DEPTH * depth.max()))
    chosen = random.integers(len(rows))
    return int(rows[chosen]), int(columns[chosen])


def _depth(mask: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Distance of every pixel of a mask to the nearest that is not in it, or to the border."""
    depth: NDArray[np.float64] = ndimage.distance_transform_edt(np.pad(mask, 1))[1:-1, 1:-1]
    return depth
