"""Images with parts replaced: single pixels by noise, boxes by noise or by another image."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

import numpy as np
import torch

if TYPE_CHECKING:
    from torch import Tensor

    Random = np.random.Generator

_BOX_SIDES = (1 / 16, 1 / 4)


def replace_pixels(
    image: Tensor, random: Random, *, part: float = 0.1, sigma: float = 0.01
) -> tuple[Tensor, Tensor]:
    """Put noise in the place of pixels; it is not added to them.

    Parameters
    ----------
    image : (channels, *sides) tensor
        Values 0 to 1 in the paper.
    random : numpy Generator
        Of this image; see `models.draws`.
    part : float
        What part of the pixels; at least one.
    sigma : float
        Standard deviation of the noise, whose mean is 0.

    Returns
    -------
    replaced : (channels, *sides) tensor
        A copy.
    where : (*sides) bool tensor
        Which pixels, in all channels.

    References
    ----------
    Umapathy (S4), section II.B.
    """
    places = image[0].numel()
    where = torch.zeros(places, dtype=torch.bool)
    where[torch.from_numpy(random.permutation(places)[: max(1, round(part * places))])] = True
    where = where.reshape(image.shape[1:])
    return torch.where(where, _noise(image, random, sigma), image), where


def cut_out(
    image: Tensor, random: Random, *, other: Tensor | None = None, most: float = 0.3
) -> Tensor:
    """Put noise, or the same place of another image, into boxes.

    Boxes are added until no more than ``most`` of the image is replaced; they may overlap.

    Parameters
    ----------
    image : (channels, *sides) tensor
        Any range; the noise is as bright and as spread as the image.
    random : numpy Generator
        Of this image.
    other : (channels, *sides) tensor, optional
        Where patches come from instead of noise.
    most : float
        What part of the image at most, 0 to 1.

    Returns
    -------
    (channels, *sides) tensor, a copy

    References
    ----------
    Tang 2022 (Swin UNETR), section 3, "Masked volume inpainting", and the code published with it.
    Sizes of boxes are ours.
    """
    changed = image.clone()
    for place in _boxes(tuple(image.shape[1:]), most, random):
        if other is None:
            changed[place] = _noise(image[place], random, float(image.std())) + image.mean()
        else:
            changed[place] = other[place]
    return changed


def _boxes(sides: tuple[int, ...], most: float, random: Random) -> list[tuple[slice, ...]]:
    """Draw boxes, in all channels, until one more would be too many voxels."""
    boxes: list[tuple[slice, ...]] = []
    left = int(most * prod(sides))
    while True:
        parts = random.uniform(*_BOX_SIDES, len(sides))
        size = [max(1, int(part * side)) for part, side in zip(parts, sides, strict=True)]
        left -= prod(size)
        if left < 0:
            return boxes
        first = [int(random.integers(s - n + 1)) for s, n in zip(sides, size, strict=True)]
        boxes.append((slice(None), *(slice(a, a + n) for a, n in zip(first, size, strict=True))))


def _noise(like: Tensor, random: Random, sigma: float) -> Tensor:
    noise = random.standard_normal(tuple(like.shape), np.float32) * np.float32(sigma)
    return torch.from_numpy(noise).to(like.dtype)
