from __future__ import annotations

import pytest
import torch
from torch import nn

from napari_medssl.errors import UsageError
from napari_medssl.models.networks.levels import Levels, Rise
from napari_medssl.models.networks.network import build_network


def test_levels_take_the_brightest_of_each_square_and_keep_what_they_saw():
    image = torch.arange(16.0).reshape(1, 1, 4, 4)
    features = Levels(2, [nn.Identity(), nn.Identity(), nn.Identity()])(image)
    assert [skip.shape[2] for skip in features.skips] == [4, 2]
    assert features.skips[1].flatten().tolist() == [5, 7, 13, 15]
    assert features.deepest.item() == 15


def test_a_rise_sees_the_skip_before_what_came_from_below():
    rise = Rise(nn.Upsample(scale_factor=2), nn.Identity())
    out = rise(torch.ones(1, 1, 1, 1, 1), torch.zeros(1, 2, 2, 2, 2))
    assert out.shape == (1, 3, 2, 2, 2)
    assert out.mean(dim=(0, 2, 3, 4)).tolist() == [0, 0, 1]


def test_the_decoder_stops_where_it_is_told():
    network = build_network("unet_literal", dimensions=3, widths=(2, 4, 6)).eval()
    features = network.encode(torch.randn(1, 1, 16, 16, 16))
    shapes = [tuple(network.decode_upto(features, level).shape[1:3]) for level in range(3)]
    assert shapes == [(6, 4), (4, 8), (2, 16)]
    assert network.decode_upto(features, 0) is features.deepest
    for level in (-1, 3):
        with pytest.raises(UsageError, match="0 to 2"):
            network.decode_upto(features, level)
