from __future__ import annotations

import numpy as np
import pytest
from bright_engine import BrightEngine

from napari_medssl.models.promptable import Embedding, Square
from napari_medssl.segment.decoded_grid import DecodedGrid, overlaps


@pytest.mark.parametrize("side", [256, 1024])
def test_a_mask_is_boxed_in_pixels_of_the_image(side: int) -> None:
    """An image of 60 x 100 pixels, twice as high as wide, is laid into the square."""
    square = Square(side)
    size = (60, 100)
    embedding = Embedding(
        np.zeros((1, 1, 1), np.float32), size, square.inside(size, (2.0, 1.0)), ""
    )
    grid = DecodedGrid(BrightEngine(square=square), embedding)
    logits = np.full((2, 256, 256), -1.0, np.float32)
    laid = grid.masks(logits).shape[1:]
    logits[0, laid[0] // 4 : laid[0] // 2, laid[1] // 10 : laid[1] // 5] = 1
    logits[:, :, laid[1] :] = 1  # in the padding
    masks = grid.masks(logits)
    assert laid in [(256, 213), (256, 214)]  # as it is rounded
    boxes = grid.tight_boxes(masks)
    np.testing.assert_allclose(boxes[0], [10, 15, 20, 30], atol=0.6)
    np.testing.assert_allclose(boxes[1], [0, 0, 100, 60], atol=0.6)


def test_overlaps_equal_a_slow_version() -> None:
    random = np.random.default_rng(0)
    a, b = random.random((3, 5, 6)) > 0.5, random.random((4, 5, 6)) > 0.7
    a[2] = b[3] = False
    found = overlaps(a, b)
    for i, one in enumerate(a):
        for j, other in enumerate(b):
            both, either = (one & other).sum(), (one | other).sum()
            assert found[i, j] == pytest.approx(both / either if either else 0)
