"""What every network of the registry promises, one test each."""

from __future__ import annotations

from importlib.util import find_spec

import pytest
import torch

from napari_medssl.errors import UsageError, WeightsError
from napari_medssl.models.networks import network_card, network_cards
from napari_medssl.models.networks.network import SegmentationNetwork, build_network

#: arguments that make a network small enough to test, where it has any
SMALL = {
    "swin_unetr": {"feature_size": 12, "depths": (1, 1, 1, 1)},
    "smit": {"feature_size": 12, "depths": (1, 1, 1, 1)},
    "smit_12": {"feature_size": 12, "depths": (1, 1, 1, 1), "heads": (4, 4, 4, 4)},
    "unet": {"widths": (4, 6, 8, 10, 12)},
    "unet_literal": {"widths": (4, 6, 8)},
    "nnunet": {"features_per_stage": (4, 6, 8)},
    "medsass_vit_s": {"dim": 24, "depth": 2, "heads": 3, "widths": (4, 6, 8, 10, 12)},
}
#: networks whose smallest image in 3-D is a large one
HEAVY = {("swin_unetr", 3), ("smit", 3), ("smit_12", 3)}
#: of an extra
LENT = [] if find_spec("dynamic_network_architectures") else ["nnunet"]
BUILDS = [
    pytest.param(name, dims, marks=[pytest.mark.slow] if (name, dims) in HEAVY else [])
    for name, card in network_cards().items()
    for dims in card.dimensions
    if name not in LENT
]
each_build = pytest.mark.parametrize(("name", "dims"), BUILDS, ids=lambda v: str(v))


def small(name: str, dims: int, **arguments) -> SegmentationNetwork:
    torch.manual_seed(0)
    return build_network(name, dimensions=dims, classes=3, **SMALL.get(name, {}), **arguments)


def image_for(network: SegmentationNetwork) -> torch.Tensor:
    """As small as the network takes, and more than one pixel left at its deepest."""
    side = max(network.smallest, 2 * network.multiple)
    return torch.randn(1, network.in_channels, *[side] * network.dimensions)


@each_build
def test_logits_lie_on_the_images_grid(name, dims):
    network = small(name, dims).eval()
    image = image_for(network)
    with torch.no_grad():
        logits = network(image)
        features = network.encode(image)
        again = network.decode(image, features)
    assert logits.shape == (1, 3, *image.shape[2:])
    assert features.deepest.shape[:2] == (1, network.deepest_channels)
    torch.testing.assert_close(again, logits)
    sides = [skip.shape[2] for skip in features.skips]
    assert sides == sorted(sides, reverse=True), "from fine to coarse"


@each_build
def test_every_parameter_learns(name, dims):
    network = small(name, dims).train()
    network(image_for(network)).square().mean().backward()
    idle = {n.split(".")[0] for n, p in network.named_parameters() if p.grad is None}
    assert idle == set(network.auxiliary_parts)


@each_build
def test_an_encoder_is_handed_on_whole(name, dims):
    given, taken = small(name, dims), small(name, dims)
    for parameter in taken.parameters():
        parameter.data.add_(1)
    taken.load_encoder(given.encoder_state())
    for (key, tensor), other in zip(
        given.encoder_state().items(), taken.encoder_state().values(), strict=True
    ):
        torch.testing.assert_close(tensor, other, msg=key)
    assert 0 < len(given.encoder_state()) < len(given.state_dict())
    named = {n for n, _ in given.encoder_parameters()} | {n for n, _ in given.decoder_parameters()}
    assert named == {n for n, _ in given.named_parameters()}


@each_build
def test_a_strange_encoder_is_refused_with_the_counts(name, dims):
    network = small(name, dims)
    tensors = network.encoder_state()
    missing = next(iter(tensors))
    broken = {key: tensor for key, tensor in tensors.items() if key != missing}
    with pytest.raises(WeightsError, match=f"{len(tensors) - 1} of the encoder's {len(tensors)}"):
        network.load_encoder(broken)


@each_build
def test_a_wrong_side_is_refused_in_words(name, dims):
    network = small(name, dims)
    if network.multiple > 1:
        with pytest.raises(UsageError, match="multiple of"):
            network(torch.zeros(1, network.in_channels, *[network.multiple * 4 + 1] * dims))


def test_dimensions_that_a_network_lacks_are_refused():
    with pytest.raises(UsageError, match="3-D"):
        build_network("smit", dimensions=2)


def test_arguments_that_a_network_lacks_are_refused():
    with pytest.raises(UsageError, match="wings"):
        build_network("unet", wings=2)


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("unet", {"widths": ()}),
        ("unet", {"widths": (8,)}),
        ("btunet", {"dropout": 2.0}),
        ("medsass_vit_s", {"heads": 5}),
        ("medsass_resnet50", {"decoder_widths": (4, 4)}),
        ("unet", {"classes": 0}),
        ("unet", {"in_channels": 0}),
    ],
)
def test_arguments_that_make_no_network_are_refused(name, arguments):
    with pytest.raises(UsageError, match=r"with .*; expected"):
        build_network(name, **arguments)


def test_an_unknown_network_is_refused_with_those_there_are():
    with pytest.raises(UsageError, match="swin_unetr"):
        network_card("dragon")
