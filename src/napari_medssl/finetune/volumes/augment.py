"""Changing crops by chance, in shape and in grey values, so that a few cases look like many.

Every number is drawn from (seed, purpose, step, item): the same crop comes out again after a kill.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch.nn import functional

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

    Random = np.random.Generator

_OFTEN, _SOMETIMES, _SELDOM = 0.7, 0.3, 0.15
_LEAST_SPAN = 1e-6
_MOST_ANISOTROPY = 2.5
_SIZES = (0.8, 1.25)


@dataclass(frozen=True, eq=False)
class Placement:
    """Where a crop is taken from an image: turned, stretched and perhaps mirrored.

    Parameters
    ----------
    matrix : (n, n) array
        From steps of a crop's voxels to steps of the image's voxels.
    middle : (n,) array
        The place in the image, in voxels, that the crop's middle shows.
    bend : (n, *coarse) tensor, optional
        By how many of its voxels the crop looks beside, at the points of a grid that spans it;
        straight lines in between.
    """

    matrix: NDArray[np.float64]
    middle: NDArray[np.float64]
    bend: Tensor | None = None

    def reach(self, patch: tuple[int, ...]) -> NDArray[np.float64]:
        """Return how far from its middle a crop looks along each axis of the image."""
        half = (np.array(patch) - 1) / 2
        if self.bend is not None:
            half = half + self.bend.abs().flatten(1).amax(1).numpy()
        reach: NDArray[np.float64] = np.abs(self.matrix) @ half
        return reach


def draw_matrix(
    random: Random, spacing: NDArray[np.float64], turned: float, mirror_axis: int | None
) -> NDArray[np.float64]:
    """Draw a turn, a stretch and a mirror image, in voxels of a given spacing.

    Parameters
    ----------
    random : numpy Generator
        Of this crop.
    spacing : (n,) array
        Size of a voxel in mm: turns are turns of the patient, not of voxels.
    turned : float
        Degrees, at most; across thick slices nothing is turned.
    mirror_axis : int or None
        Axis along which half of the crops are mirrored.
    """
    n = len(spacing)
    matrix = np.eye(n)
    for a in range(n):
        for b in range(a + 1, n):
            angle = np.deg2rad(random.uniform(-turned, turned))
            together = max(spacing[a], spacing[b]) / min(spacing[a], spacing[b])
            if random.random() < _OFTEN and together <= _MOST_ANISOTROPY:
                matrix = _rotation(n, a, b, angle) @ matrix
    low, high = np.log(_SIZES)
    common = random.uniform(low, high)
    each = common + random.uniform(-0.1, 0.1, n)
    if random.random() < _OFTEN:
        matrix = matrix * np.exp(each)[None]
    if mirror_axis is not None and random.random() < 0.5:
        matrix[:, mirror_axis] *= -1
    in_voxels: NDArray[np.float64] = matrix * spacing[None] / spacing[:, None]
    return in_voxels


def cut(arrays: Tensor, placement: Placement, patch: tuple[int, ...], *, nearest: bool) -> Tensor:
    """Sample a crop from an image.

    Parameters
    ----------
    arrays : (channels, *sides) float tensor
        The image, or a part of it; beyond it there are zeros.
    placement : Placement
        In voxels of ``arrays``.
    patch : tuple of int
        Sides of the crop.
    nearest : bool
        For classes and weights; else linear.

    Returns
    -------
    (channels, *patch) tensor
    """
    sides = np.array(arrays.shape[1:], float)
    size = np.array(patch, float)
    # torch counts from -1 to 1 over all voxels, and the last axis first
    scale = placement.matrix * size[None] / sides[:, None]
    shift = (2 * placement.middle + 1) / sides - 1
    theta = np.concatenate([scale[::-1, ::-1], shift[::-1, None]], axis=1)
    grid = functional.affine_grid(
        torch.from_numpy(np.ascontiguousarray(theta)).float()[None],
        [1, 1, *patch],
        align_corners=False,
    )
    if placement.bend is not None:
        grid = grid + _bent(placement.bend, placement.matrix / sides[:, None], patch)
    mode = "nearest" if nearest else "bilinear"
    found = functional.grid_sample(
        arrays[None], grid, mode=mode, padding_mode="zeros", align_corners=False
    )
    return found[0]


def _bent(bend: Tensor, in_sides: NDArray[np.float64], patch: tuple[int, ...]) -> Tensor:
    """Return what a bend adds to torch's grid of places, (1, *patch, n).

    Parameters
    ----------
    bend : (n, *coarse) tensor
        Of a `Placement`.
    in_sides : (n, n) array
        From steps of a crop's voxels to parts of the image's sides.
    patch : tuple of int
        Sides of the crop.
    """
    mode = "bilinear" if len(patch) == 2 else "trilinear"
    beside = functional.interpolate(bend[None].float(), patch, mode=mode, align_corners=True)
    return torch.einsum("ij,bj...->b...i", torch.from_numpy(2 * in_sides).float(), beside).flip(-1)


def change_grey(image: Tensor, random: Random) -> Tensor:
    """Change contrast, brightness, gamma, noise and sharpness of a crop, (channels, *sides)."""
    if random.random() < _SOMETIMES:
        image = _blurred(image)
    if random.random() < _OFTEN:
        middle = image.mean()
        image = (image - middle) * random.uniform(0.7, 1.4) + middle
        image = image + float(image.std()) * random.uniform(-0.3, 0.3)
    if random.random() < _SOMETIMES:
        image = _gamma(image, float(np.exp(random.uniform(np.log(0.7), np.log(1.5)))))
    if random.random() < _SELDOM:
        image = -_gamma(-image, float(np.exp(random.uniform(np.log(0.7), np.log(1.5)))))
    if random.random() < _SOMETIMES:
        strength = float(image.std()) * random.uniform(0, 0.25)
        noise = random.standard_normal(tuple(image.shape), np.float32)
        image = image + strength * torch.from_numpy(noise)
    return image


def _rotation(n: int, a: int, b: int, angle: float) -> NDArray[np.float64]:
    matrix = np.eye(n)
    matrix[a, a] = matrix[b, b] = np.cos(angle)
    matrix[a, b], matrix[b, a] = -np.sin(angle), np.sin(angle)
    return matrix


def _gamma(image: Tensor, power: float) -> Tensor:
    low, span = image.min(), image.max() - image.min()
    if float(span) < _LEAST_SPAN:
        return image
    return ((image - low) / span) ** power * span + low


def _blurred(image: Tensor) -> Tensor:
    """Return the mean over 3 voxels along each axis."""
    n = image.dim() - 1
    pool = functional.avg_pool2d if n == 2 else functional.avg_pool3d
    return pool(image[None], 3, 1, 1, count_include_pad=False)[0]
