from __future__ import annotations

import numpy as np
import pytest
import torch

from napari_medssl.pretrain.heads.swin_unetr import SwinUnetrHeads, turn_each


@pytest.mark.parametrize("dimensions", [2, 3])
def test_turn_and_vector_are_told_from_two_places_and_the_image_from_all(dimensions):
    heads = SwinUnetrHeads(dimensions, 32, doublings=3)
    maps = torch.randn(2, 32, *(2,) * dimensions)
    told = heads(maps)
    assert told.turned.shape == (2, 4)
    assert told.vectors.shape == (2, 512)
    assert told.image.shape == (2, 1, *(16,) * dimensions)
    changed = maps.clone()
    changed[..., 1, 1] += 1
    other = heads(changed)
    assert torch.equal(other.turned, told.turned)
    assert torch.equal(other.vectors, told.vectors)
    assert not torch.equal(other.image, told.image)


@pytest.mark.parametrize(("sides", "plane"), [((3, 4, 4), (1, 2)), ((4, 4, 3), (1, 0))])
def test_images_are_turned_in_a_plane_as_said(sides, plane):
    images = torch.rand(40, 1, *sides)
    turned, turns = turn_each(images, np.random.default_rng(0), plane)
    assert set(turns.tolist()) == {0, 1, 2, 3}
    for before, after, quarters in zip(images, turned, turns.tolist(), strict=True):
        assert torch.equal(after, before.rot90(quarters, [1 + axis for axis in plane]))
