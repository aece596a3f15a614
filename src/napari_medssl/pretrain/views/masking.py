"""Which patches of an image are hidden: always exactly as many as asked for."""

from __future__ import annotations

from math import ceil, exp, log, prod
from typing import TYPE_CHECKING

import numpy as np

from napari_medssl.errors import UsageError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Random = np.random.Generator
    Mask = NDArray[np.bool_]

_FEWEST_IN_BLOCK = 4
_LONGEST_TO_SHORTEST = 1 / 0.3
_TRIES = 100


def hidden_count(places: int, ratio: float) -> int:
    """Return how many of so many places are hidden: the ratio, rounded up.

    216 cells at 0.7 are 152, 784 patches at 0.75 are 588, 49 cells at 0.6 are 30.

    Raises
    ------
    UsageError
        If nothing or everything would be hidden.
    """
    count = ceil(places * ratio - 1e-9)  # 0.7 * 10 is a little more than 7
    if not 0 < count < places:
        raise UsageError(
            f"{ratio:g} of {places} patches hidden",
            expected="at least one hidden and one seen",
            do="Choose another part, or larger crops",
        )
    return count


def patch_mask(grid: tuple[int, ...], ratio: float, random: Random) -> Mask:
    """Hide patches anywhere, each as likely as the others.

    Parameters
    ----------
    grid : tuple of int
        Patches along each axis, 2-D or 3-D.
    ratio : float
        What part of them is hidden; see `hidden_count`.
    random : numpy Generator
        Of this image; see `models.draws`.

    Returns
    -------
    (*grid) bool array
        True where hidden.

    References
    ----------
    He 2022 (MAE), section 3; Xie 2022 (SimMIM), section 3.2; Jiang 2022 (SMIT).
    """
    places = prod(grid)
    mask = np.zeros(places, bool)
    mask[random.permutation(places)[: hidden_count(places, ratio)]] = True
    return mask.reshape(grid)


def block_mask(grid: tuple[int, ...], ratio: float, random: Random) -> Mask:
    """Hide blocks of patches; the last of them only as far as the count allows.

    Parameters
    ----------
    grid, ratio, random
        As in `patch_mask`.

    Returns
    -------
    (*grid) bool array
        True where hidden.

    References
    ----------
    Bao 2022 (BEiT), algorithm 1, as used by iBOT; in 3-D the three ratios of a block's sides are
    drawn alike. BEiT may hide fewer than asked for; we fill up with single patches.
    """
    wanted = hidden_count(prod(grid), ratio)
    mask = np.zeros(grid, bool)
    for _ in range(_TRIES):
        left = wanted - int(mask.sum())
        if left == 0:
            return mask
        _hide(mask, _block(grid, left, random), left, random)
    _hide(mask, (slice(None),) * len(grid), wanted - int(mask.sum()), random)
    return mask


def enlarged(mask: Mask, factor: int) -> Mask:
    """Return the same mask on a grid ``factor`` times as fine."""
    for axis in range(mask.ndim):
        mask = mask.repeat(factor, axis)
    return mask


def _block(grid: tuple[int, ...], most: int, random: Random) -> tuple[slice, ...]:
    """Draw a block's size, shape and place; it holds about ``most`` patches or fewer."""
    volume = random.uniform(min(_FEWEST_IN_BLOCK, most), most)
    stretch = np.exp(
        random.uniform(-log(_LONGEST_TO_SHORTEST), log(_LONGEST_TO_SHORTEST), len(grid)) / 2
    )
    shape = volume ** (1 / len(grid)) * stretch / exp(float(np.log(stretch).mean()))
    sides = [min(g, max(1, round(float(s)))) for g, s in zip(grid, shape, strict=True)]
    firsts = [int(random.integers(g - s + 1)) for g, s in zip(grid, sides, strict=True)]
    return tuple(slice(first, first + side) for first, side in zip(firsts, sides, strict=True))


def _hide(mask: Mask, block: tuple[slice, ...], most: int, random: Random) -> None:
    """Hide what a block still shows, but no more than ``most`` patches of it."""
    seen = np.argwhere(~mask[block])
    chosen = seen[random.permutation(len(seen))[:most]] if len(seen) > most else seen
    mask[block][tuple(chosen.T)] = True
