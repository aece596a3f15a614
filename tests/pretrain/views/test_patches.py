from __future__ import annotations

from itertools import product

import numpy as np
import pytest
import torch

from napari_medssl.errors import UsageError
from napari_medssl.pretrain.views.patches import image_of, patches_of


@pytest.mark.parametrize(("sides", "side"), [((4, 6), 2), ((4, 2, 6), 2), ((3, 9), 3)])
@pytest.mark.parametrize("channels", [1, 3])
def test_patches_are_those_that_slicing_gives_and_go_back(sides, side, channels):
    image = torch.randn(2, channels, *sides)
    patches = patches_of(image, side)
    corners = product(*(range(0, length, side) for length in sides))
    for token, corner in enumerate(corners):
        place = tuple(slice(a, a + side) for a in corner)
        cut = image[(slice(None), slice(None), *place)]
        wanted = np.moveaxis(cut.numpy(), 1, -1).reshape(2, -1)
        assert np.array_equal(patches[:, token].numpy(), wanted)
    assert torch.equal(image_of(patches, side, sides), image)


def test_patches_of_unequal_sides_are_laid_out_again():
    image = torch.randn(2, 3, 4, 6)
    cut = [image[:, :, r : r + 2, c : c + 3] for r in (0, 2) for c in (0, 3)]
    patches = torch.stack([one.movedim(1, -1).flatten(1) for one in cut], dim=1)
    assert torch.equal(image_of(patches, (2, 3), (4, 6)), image)


def test_sides_that_do_not_divide_are_refused():
    with pytest.raises(UsageError, match="multiples of 4"):
        patches_of(torch.zeros(1, 1, 8, 6), 4)
