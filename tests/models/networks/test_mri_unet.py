from __future__ import annotations

import torch

from napari_medssl.models.networks.network import build_network


def test_its_maps_as_specified_and_what_local_contrast_compares():
    with torch.device("meta"):
        network = build_network("mri_unet")
        features = network.encode(torch.empty(1, 1, 256, 256))
        third = network.decode_upto(features, 3)
    maps = (*features.skips, features.deepest)
    assert [tuple(m.shape[1:3]) for m in maps] == [
        (16, 256),
        (32, 128),
        (64, 64),
        (128, 32),
        (128, 16),
        (128, 8),
    ]
    assert third.shape == (1, 64, 64, 64), "three blocks up: a quarter of the image's sides"


def test_a_doubling_repeats_pixels_before_its_convolution():
    network = build_network("mri_unet", widths=(1, 1))
    nearest = network.rises[0].upsample[0]
    out = nearest(torch.tensor([[[[1.0, 2.0]]]]))
    assert out.tolist() == [[[[1, 1, 2, 2], [1, 1, 2, 2]]]]


def test_the_first_levels_of_the_decoder_do_not_touch_the_later_ones():
    torch.manual_seed(0)
    network = build_network("mri_unet", widths=(2, 3, 4, 5, 6, 6))
    features = network.encode(torch.randn(2, 1, 64, 64))
    network.decode_upto(features, 3).square().sum().backward()
    learning = [n for n, p in network.rises.named_parameters() if p.grad is not None]
    assert {name.split(".")[0] for name in learning} == {"0", "1", "2"}
