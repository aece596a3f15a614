"""Random masks to correct, and slow, plain versions of what the tools do."""

from __future__ import annotations

from collections import deque
from itertools import product

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]


def blobs(seed: int, shape: tuple[int, int, int] = (9, 12, 14), share: float = 0.45) -> Mask:
    """Lumps of every size, with holes, that touch the edges."""
    noise = np.random.default_rng(seed).random(shape)
    for axis in range(3):
        if shape[axis] > 2:
            noise = noise + np.roll(noise, 1, axis) + np.roll(noise, -1, axis)
    return np.asarray(noise < np.quantile(noise, share))


def flood(mask: Mask, start: tuple[int, ...], axes: tuple[int, ...] = (0, 1, 2)) -> Mask:
    """Everything that a path through faces, along some axes, joins to a voxel."""
    found = np.zeros_like(mask)
    found[start] = True
    queue = deque([start])
    while queue:
        at = queue.popleft()
        for axis, step in product(axes, (-1, 1)):
            there = tuple(v + step * (a == axis) for a, v in enumerate(at))
            if not 0 <= there[axis] < mask.shape[axis] or not mask[there] or found[there]:
                continue
            found[there] = True
            queue.append(there)
    return found


def parts(mask: Mask, axes: tuple[int, ...] = (0, 1, 2)) -> list[Mask]:
    """The islands of a mask in (z, y, x) order of their first voxels."""
    left, found = mask.copy(), []
    while left.any():
        start = tuple(int(v) for v in np.argwhere(left)[0])
        found.append(flood(left, start, axes))
        left &= ~found[-1]
    return found


def near(mask: Mask, spacing_mm: tuple[float, float, float], mm: float) -> Mask:
    """Every voxel no farther than ``mm`` from one of the mask, by measuring all pairs."""
    if not mask.any():
        return np.zeros_like(mask)
    everywhere = np.argwhere(np.ones_like(mask)) * spacing_mm
    inside = np.argwhere(mask) * spacing_mm
    away = np.linalg.norm(everywhere[:, None] - inside[None], axis=2).min(axis=1)
    return np.asarray(away <= mm + 1e-6).reshape(mask.shape)
