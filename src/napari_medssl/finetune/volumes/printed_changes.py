"""Changing crops by chance as papers say it, in their own numbers.

Every number is drawn from the crop's own random numbers: the same crop comes out again.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch.nn import functional

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from torch import Tensor

    from napari_medssl.finetune.volumes.protocol import Changes

    Random = np.random.Generator

_LEFT_RIGHT = 2
#: a crop is bent by a grid of so many points along each side
_BENDS = 4


def draw_printed_matrix(
    random: Random, axes: Sequence[int], changes: Changes, *, mirrored: bool
) -> NDArray[np.float64]:
    """Draw right angles, mirror images and a stretch, in voxels.

    Parameters
    ----------
    random : numpy Generator
        Of this crop.
    axes : sequence of int
        Of the volume, that the crop has: 0 up, 1 to the back, 2 to the left.
    changes : Changes
        Chances and numbers.
    mirrored : bool
        Whether left and right may be exchanged.

    Returns
    -------
    (n, n) array
        From steps of a crop's voxels to steps of the image's.
    """
    n = len(axes)
    matrix = np.eye(n)
    if random.random() < changes.quarter_turns:
        for _ in range(int(random.integers(1, 4))):
            matrix[:, [n - 2, n - 1]] = matrix[:, [n - 1, n - 2]] * (1, -1)
    for axis, chance in changes.flips:
        if axis in axes and (axis != _LEFT_RIGHT or mirrored) and random.random() < chance:
            matrix[axes.index(axis)] *= -1
    low, high = np.log(changes.sized)
    stretched: NDArray[np.float64] = matrix * math.exp(random.uniform(low, high))
    return stretched


def draw_bend(random: Random, patch: tuple[int, ...], changes: Changes) -> Tensor | None:
    """Draw how far the points of a coarse grid are shifted, in voxels; None where nothing bends.

    Returns
    -------
    (n, 4, 4[, 4]) tensor or None
    """
    if not changes.bent:
        return None
    n = len(patch)
    most = changes.bent * np.array(patch, float).reshape(n, *[1] * n)
    return torch.from_numpy(random.uniform(-most, most, (n, *[_BENDS] * n)))


def change_printed_grey(image: Tensor, random: Random, changes: Changes) -> Tensor:
    """Blur a crop, (channels, *sides), scale and shift its grey values, and add noise."""
    chance, least, most = changes.blurred
    if random.random() < chance:
        for axis in (-2, -1):
            image = _blurred(image, axis, random.uniform(least, most))
    for what, (chance, most) in (("scale", changes.scaled), ("shift", changes.shifted)):
        if random.random() < chance:
            by = random.uniform(-most, most)
            image = image * (1 + by) if what == "scale" else image + by
    chance, width = changes.noisy
    if random.random() < chance:
        noise = random.standard_normal(tuple(image.shape), np.float32)
        image = image + width * torch.from_numpy(noise)
    return image


def _blurred(image: Tensor, axis: int, width: float) -> Tensor:
    """Weigh neighbours along an axis by a Gaussian, as many as matter; the border goes on."""
    reach = max(1, math.ceil(3 * width))
    steps = torch.arange(-reach, reach + 1, dtype=image.dtype)
    weights = torch.exp(-0.5 * (steps / width) ** 2)
    rows = image.movedim(axis, -1)
    padded = functional.pad(rows.reshape(-1, 1, rows.shape[-1]), (reach, reach), mode="replicate")
    found = functional.conv1d(padded, (weights / weights.sum())[None, None])
    return found.reshape(rows.shape).movedim(-1, axis)
