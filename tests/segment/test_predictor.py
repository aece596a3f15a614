from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from napari_medssl.models.networks.network import Features, SegmentationNetwork
from napari_medssl.segment.predictor import Predictor


class Leaning(SegmentationNetwork):
    """One convolution whose weights have no symmetry, so that a mirror image is told apart."""

    encoder_parts = ("layer",)

    def __init__(self, dimensions: int) -> None:
        super().__init__(
            dimensions=dimensions, in_channels=1, classes=3, multiple=1, deepest_channels=3
        )
        torch.manual_seed(0)
        self.layer = (nn.Conv2d, nn.Conv3d)[dimensions - 2](1, 3, 3, padding=1)

    def encode(self, image: Tensor) -> Features:
        return Features((), self.layer(image))

    def decode(self, image: Tensor, features: Features) -> Tensor:
        return features.deepest


def asked(network: SegmentationNetwork, windows: Tensor, **how) -> Tensor:
    call = Predictor(network.eval(), "cpu").predict(
        **{"slice_axis": None, "mirror_axis": None, "half": None, **how}
    )
    with torch.inference_mode():
        return call(windows)


def plain(network: SegmentationNetwork, windows: Tensor) -> Tensor:
    with torch.no_grad():
        return network.eval()(windows)


@pytest.fixture
def windows() -> Tensor:
    return torch.randn(2, 1, 5, 6, 7, generator=torch.Generator().manual_seed(1))


def test_a_3d_networks_logits_are_its_own(windows: Tensor) -> None:
    network = Leaning(3)
    torch.testing.assert_close(asked(network, windows), plain(network, windows))


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_a_2d_network_sees_the_slice_across_an_axis(windows: Tensor, axis: int) -> None:
    network = Leaning(2)
    flat = windows.narrow(2 + axis, 2, 1)
    logits = asked(network, flat, slice_axis=axis)
    assert logits.shape == (2, 3, *flat.shape[2:])
    truth = plain(network, windows.select(2 + axis, 2))
    torch.testing.assert_close(logits.select(2 + axis, 0), truth)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_mirrored_logits_are_the_mean_of_both_looks(windows: Tensor, axis: int) -> None:
    network = Leaning(3)
    straight = plain(network, windows)
    turned = plain(network, windows.flip(2 + axis)).flip(2 + axis)
    assert not torch.allclose(straight, turned, atol=1e-2)
    logits = asked(network, windows, mirror_axis=axis)
    torch.testing.assert_close(logits, (straight + turned) / 2)


def test_sixteen_bits_only_where_they_are_asked_for_on_a_processor(windows: Tensor) -> None:
    network = Leaning(3)
    full, half = asked(network, windows, half=False), asked(network, windows, half=True)
    assert asked(network, windows).dtype == full.dtype == torch.float32
    assert half.dtype == torch.bfloat16
    torch.testing.assert_close(half.float(), full, atol=3e-2, rtol=3e-2)
    assert not torch.equal(half.float(), full)


def test_the_quick_form_is_made_once_and_only_when_it_is_used(
    windows: Tensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[SegmentationNetwork] = []

    def prepare(network: SegmentationNetwork) -> SegmentationNetwork:
        made.append(network)
        return network

    monkeypatch.setattr("napari_medssl.models.inference.prepare_for_inference", prepare)
    predictor = Predictor(Leaning(3).eval(), "cpu")
    predictor.predict(slice_axis=None, mirror_axis=None, half=True)
    assert not made
    for _ in range(2):
        predictor.predict(slice_axis=None, mirror_axis=2, half=None)
    assert made == [predictor.network]
    predictor.free()  # nothing is kept on a processor
