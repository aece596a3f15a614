from __future__ import annotations

import numpy as np
import pytest

from napari_medssl.evaluate import looks_like_an_image


def nuclei(count: int) -> np.ndarray:
    """Numbered squares in a grid, as instances are stored."""
    side = int(np.ceil(np.sqrt(count)))
    grid = np.arange(side**2).reshape(side, side)
    return np.kron(grid, np.ones((6, 6), int))[None].astype(np.uint16)


def test_grey_values_are_an_image():
    rng = np.random.default_rng(0)
    assert looks_like_an_image(rng.integers(0, 256, (3, 40, 40)).astype(np.uint8))


@pytest.mark.parametrize("count", [1, 5, 117, 900])
def test_regions_are_a_mask_however_many(count):
    assert not looks_like_an_image(nuclei(count))


def test_a_dim_image_is_an_image():
    rng = np.random.default_rng(0)
    assert looks_like_an_image(rng.poisson(12, (1, 60, 60)).astype(np.uint8))


def test_few_values_are_a_mask_however_torn():
    rng = np.random.default_rng(0)
    assert not looks_like_an_image(rng.integers(0, 5, (3, 40, 40)).astype(np.uint8))


def test_single_voxels_apart_are_a_mask():
    points = np.zeros((1, 40, 40), np.uint8)
    points[0, ::4, ::4] = np.arange(100).reshape(10, 10) + 1
    assert not looks_like_an_image(points)


@pytest.mark.parametrize(
    ("folder", "are"),
    [("hc18-fetal-head-us/images", True), ("hc18-fetal-head-us/masks", False)],
)
def test_real_pictures(shared_data, folder, are):
    from PIL import Image

    for file in sorted((shared_data / folder).glob("*.png"))[:5]:
        with Image.open(file) as picture:
            values = np.asarray(picture.convert("L"))[None]
        assert looks_like_an_image(values) is are, file.name
