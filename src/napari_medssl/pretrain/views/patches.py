"""An image as a row of patches, and back; 2-D and 3-D."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from napari_medssl.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor


def patches_of(image: Tensor, side: int) -> Tensor:
    """Cut an image into patches that lie side by side.

    Parameters
    ----------
    image : (batch, channels, *sides) tensor
        Every side a multiple of ``side``.
    side : int
        Of a patch.

    Returns
    -------
    (batch, tokens, side ** n * channels) tensor
        Tokens in the order of the axes, the last the fastest; within a patch the same, channels
        the fastest, as in MAE.

    Raises
    ------
    UsageError
        If a side is no multiple.
    """
    batch, channels, *sides = image.shape
    if any(length % side for length in sides):
        raise UsageError(
            f"an image of {' x '.join(map(str, sides))} in patches of side {side}",
            expected=f"sides that are multiples of {side}",
        )
    n = len(sides)
    split = image.reshape(batch, channels, *(part for s in sides for part in (s // side, side)))
    order = (0, *range(2, 2 + 2 * n, 2), *range(3, 3 + 2 * n, 2), 1)
    tokens = prod(s // side for s in sides)
    return split.permute(order).reshape(batch, tokens, side**n * channels)


def image_of(patches: Tensor, side: int | Sequence[int], sides: tuple[int, ...]) -> Tensor:
    """Lay patches out again: the inverse of `patches_of`.

    Parameters
    ----------
    patches : (batch, tokens, side ** n * channels) tensor
        As `patches_of` gives them.
    side : int, or sequence of int
        Of a patch; one an axis where they differ.
    sides : tuple of int
        Of the image.

    Returns
    -------
    (batch, channels, *sides) tensor
    """
    n = len(sides)
    own = (side,) * n if isinstance(side, int) else tuple(side)
    channels = patches.shape[-1] // prod(own)
    grid = tuple(length // part for length, part in zip(sides, own, strict=True))
    split = patches.reshape(len(patches), *grid, *own, channels)
    between = (
        axis for pair in zip(range(1, n + 1), range(n + 1, 2 * n + 1), strict=True) for axis in pair
    )
    return split.permute(0, 2 * n + 1, *between).reshape(len(patches), channels, *sides)
