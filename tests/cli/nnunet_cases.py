"""A tiny training set for nnU-Net: balls with a core, on an oblique grid, values 3 and 7."""

from __future__ import annotations

from pathlib import Path

import nibabel as nib
import numpy as np

AFFINE = np.array([[-1.2, 0.1, 0, 5], [0.1, 1.2, 0, 7], [0, 0, 2, 9], [0, 0, 0, 1.0]])
SHAPE = (20, 18, 16)


def make_cases(folder: Path, images: int = 6, labels: int = 5) -> tuple[Path, Path]:
    """Write CT-like images, and label maps for the first of them."""
    places = (folder / "images", folder / "labels")
    for place in places:
        place.mkdir(parents=True)
    grid = np.stack(np.meshgrid(*map(np.arange, SHAPE), indexing="ij"), -1)
    for n in range(images):
        draw = np.random.default_rng(n)
        middle = np.array(SHAPE) / 2 + draw.uniform(-1, 1, 3)
        away = np.linalg.norm(grid - middle, axis=-1)
        mask = np.where(away < 2.5, 7, np.where(away < 5, 3, 0)).astype(np.uint8)
        values = draw.normal(0, 10, SHAPE) + 40 * (mask == 3) + 90 * (mask == 7) - 400 * (away > 9)
        name = f"patient_{n}.nii.gz"
        nib.save(nib.Nifti1Image(values.astype(np.int16), AFFINE), places[0] / name)
        if n < labels:
            nib.save(nib.Nifti1Image(mask, AFFINE), places[1] / name)
    return places
