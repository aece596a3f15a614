"""The decoder's contrastive loss: a region is itself in another view, and no other region.

Both views must show the same place: they may differ in intensity, not in geometry.
"""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch.nn import functional

from napari_medssl.errors import UsageError
from napari_medssl.pretrain.learning.precision import in_float32

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

REGIONS, REGION_SIDE, NEGATIVES = 13, 3, 5


@in_float32
def local_contrast(
    first: Tensor,
    second: Tensor,
    corners: NDArray[np.int64],
    *,
    side: int = REGION_SIDE,
    negatives: int = NEGATIVES,
    temperature: float = 0.1,
) -> Tensor:
    """Return the mean of -log(e^p / (e^p + sum of e^n)) over images, regions and directions.

    p is the cosine of a region and the same region in the other view, n that of the region and
    its nearest other regions in both views, each over the temperature.

    Parameters
    ----------
    first, second : (batch, channels, *sides) tensor
        Projected maps of a decoder level for two views.
    corners : (regions, n) array
        See `spread_regions`.
    side : int
        Of a region.
    negatives : int
        To how many others a region is compared, in each view.
    temperature : float
        0.1 in the paper.

    References
    ----------
    Umapathy (S4), section II.C, after Chaitanya 2020, equation 4.
    """
    one, other = (_regions(maps, corners, side) for maps in (first, second))
    near = torch.from_numpy(nearest_regions(corners, negatives)).to(one.device)
    there = _find(one, other, near, temperature)
    return (there + _find(other, one, near, temperature)) / 2


def spread_regions(
    sides: tuple[int, ...], count: int = REGIONS, side: int = REGION_SIDE
) -> NDArray[np.int64]:
    """Spread regions evenly over a map; they do not overlap.

    Parameters
    ----------
    sides : tuple of int
        Of the map, 2 or 3 of them.
    count, side : int
        How many regions, and the side of each.

    Returns
    -------
    (count, n) array
        The first corner of each, in the order of the axes.

    Raises
    ------
    UsageError
        If so many regions do not fit.
    """
    room = [length // side for length in sides]
    if np.prod(room) < count:
        raise UsageError(
            f"a feature map of {' x '.join(map(str, sides))} for local contrast",
            expected=f"room for {count} regions of side {side}",
            do="Choose larger crops or a finer decoder level",
        )
    parts = [1] * len(sides)
    while np.prod(parts) < count:  # one part more along the axis whose parts are longest
        lengths = [s / n if n < r else 0 for s, n, r in zip(sides, parts, room, strict=True)]
        parts[int(np.argmax(lengths))] += 1
    firsts = [_firsts(length, n, side) for length, n in zip(sides, parts, strict=True)]
    corners = np.array(list(product(*firsts)), np.int64)
    chosen = np.linspace(0, len(corners) - 1, count).round().astype(int)
    spread: NDArray[np.int64] = corners[chosen]
    return spread


def nearest_regions(corners: NDArray[np.int64], count: int = NEGATIVES) -> NDArray[np.int64]:
    """Return for each region the numbers of the nearest others, (regions, count), nearest first.

    Raises
    ------
    UsageError
        If there are not so many others.
    """
    if count >= len(corners):
        raise UsageError(f"{count} regions to compare with", expected=f"1 to {len(corners) - 1}")
    apart = np.square(corners[:, None] - corners[None]).sum(-1).astype(float)
    np.fill_diagonal(apart, np.inf)
    nearest: NDArray[np.int64] = np.argsort(apart, axis=1, kind="stable")[:, :count]
    return nearest


def _find(one: Tensor, other: Tensor, near: Tensor, temperature: float) -> Tensor:
    """Cross-entropy of finding each region of one view among regions of both."""
    beside, across = one @ one.mT / temperature, one @ other.mT / temperature
    near = near.expand(len(one), -1, -1)
    itself = across.diagonal(dim1=1, dim2=2)[..., None]
    choices = torch.cat([itself, beside.gather(2, near), across.gather(2, near)], dim=2)
    return -choices.log_softmax(2)[..., 0].mean()


def _regions(maps: Tensor, corners: NDArray[np.int64], side: int) -> Tensor:
    """Cut regions out and bring each to length 1: (batch, regions, numbers)."""
    windows = maps
    for axis in range(2, maps.dim()):
        windows = windows.unfold(axis, side, 1)
    places = (slice(None), slice(None), *torch.from_numpy(corners).to(maps.device).T)
    cut = windows[places].movedim(2, 1)
    return functional.normalize(cut.flatten(2), dim=2)


def _firsts(length: int, parts: int, side: int) -> NDArray[np.float64]:
    if parts == 1:
        return np.array([(length - side) // 2])
    return np.linspace(0, length - side, parts).round()
