"""Single changes of a crop, each drawn by chance between two numbers: what views are made of.

Every change takes a crop, (channels, rows, columns) or (channels, slices, rows, columns), float;
this crop's random numbers; and the lowest and highest of what it draws. The crop keeps its shape,
and is never changed in place.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch.nn import functional

if TYPE_CHECKING:
    from torch import Tensor

    Random = np.random.Generator

_WIDTHS = 4  # a bell ends so many deviations from its middle


def mirrored(image: Tensor, random: Random, low: float, high: float) -> Tensor:
    """Exchange left and right of each slice. Nothing is drawn."""
    return image.flip(-1)


def turned(image: Tensor, random: Random, low: float, high: float) -> Tensor:
    """Turn each slice by 90, 180 or 270 degrees; by 180 where it is not square."""
    quarters = int(random.integers(1, 4))
    return image.rot90(quarters if image.shape[-1] == image.shape[-2] else 2, (-2, -1))


def zoomed(image: Tensor, random: Random, low: float, high: float) -> Tensor:
    """Enlarge about the middle by a factor; what comes in at the edges repeats them."""
    n = image.dim() - 1
    theta = torch.eye(n, n + 1) / random.uniform(low, high)
    grid = functional.affine_grid(theta[None], [1, 1, *image.shape[1:]], align_corners=False)
    return functional.grid_sample(
        image[None], grid, mode="bilinear", padding_mode="border", align_corners=False
    )[0]


def scaled(image: Tensor, random: Random, low: float, high: float) -> Tensor:
    """Multiply all values by a factor."""
    return image * random.uniform(low, high)


def shifted(image: Tensor, random: Random, low: float, high: float) -> Tensor:
    """Add a number to all values: brightness."""
    return image + random.uniform(low, high)


def contrasted(image: Tensor, random: Random, low: float, high: float) -> Tensor:
    """Multiply the distance of all values from their mean by a factor."""
    middle = image.mean()
    return (image - middle) * random.uniform(low, high) + middle


def blurred(image: Tensor, random: Random, low: float, high: float) -> Tensor:
    """Blur each axis by a bell of its own width, in voxels."""
    for axis in range(1, image.dim()):
        image = _blurred_along(image, axis, random.uniform(low, high))
    return image


def noisy(image: Tensor, random: Random, low: float, high: float) -> Tensor:
    """Add noise of a standard deviation, in the image's own units."""
    noise = random.standard_normal(tuple(image.shape), np.float32)
    return image + float(random.uniform(low, high)) * torch.from_numpy(noise)


def part_of(
    image: Tensor, random: Random, low: float, high: float, sides: tuple[int, ...] | None = None
) -> Tensor:
    """Cut out a part, so much of each side, and bring it to ``sides``, or the image's own."""
    cut = random.uniform(low, high)
    lengths = [max(1, round(cut * length)) for length in image.shape[1:]]
    firsts = [
        int(random.integers(s - n + 1)) for s, n in zip(image.shape[1:], lengths, strict=True)
    ]
    place = (slice(None), *(slice(a, a + n) for a, n in zip(firsts, lengths, strict=True)))
    return resized(image[place], sides or tuple(image.shape[1:]))


def resized(image: Tensor, sides: tuple[int, ...]) -> Tensor:
    """Bring a crop to other sides, linearly."""
    if tuple(image.shape[1:]) == sides:
        return image
    mode = "bilinear" if len(sides) == 2 else "trilinear"
    return functional.interpolate(image[None], size=sides, mode=mode, align_corners=False)[0]


def _blurred_along(image: Tensor, axis: int, sigma: float) -> Tensor:
    reach = int(_WIDTHS * sigma + 0.5)
    bell = torch.exp(-0.5 * (torch.arange(-reach, reach + 1) / sigma) ** 2)
    rows = image.movedim(axis, -1)
    lines = functional.pad(rows.reshape(-1, 1, rows.shape[-1]), (reach, reach), mode="replicate")
    smooth = functional.conv1d(lines, (bell / bell.sum()).to(image.dtype)[None, None])
    return smooth.reshape(rows.shape).movedim(-1, axis)
