from __future__ import annotations

import pytest
import torch

from napari_medssl.pretrain.heads.reconstruction import PatchReconstruction


@pytest.mark.parametrize("sides", [(2, 3), (2, 1, 3)])
@pytest.mark.parametrize("channels", [1, 3])
def test_a_place_tells_its_own_voxels_alone(sides, channels):
    head = PatchReconstruction(len(sides), 5, 4, channels)
    maps = torch.randn(2, 5, *sides)
    image = head(maps)
    assert image.shape == (2, channels, *(4 * side for side in sides))
    changed = maps.clone()
    changed[(..., *(0 for _ in sides))] += 1
    same = (head(changed) == image).all(1)
    assert not same[(slice(None), *(slice(0, 4) for _ in sides))].any()
    assert same.sum() == same.numel() - 2 * 4 ** len(sides)
