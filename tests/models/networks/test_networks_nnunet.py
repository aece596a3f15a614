from __future__ import annotations

import importlib.util

import pytest
import torch
from nnunet_plans import nnunets_own, plan

from napari_medssl.errors import MedSSLError, UsageError
from napari_medssl.models.networks import nnunet
from napari_medssl.models.networks.network import SegmentationNetwork, build_network
from napari_medssl.models.networks.planned import NETWORK, planned_network

pytest.importorskip("dynamic_network_architectures")

THIN = ((1, 1, 1), (1, 2, 2), (2, 2, 2))


def ours(given: dict, name: str, classes: int = 3) -> SegmentationNetwork:
    planned = planned_network(given, name)
    return build_network(
        NETWORK,
        dimensions=planned.dimensions,
        in_channels=planned.in_channels,
        classes=classes,
        **planned.arguments,
    )


@pytest.mark.parametrize("residual", [False, True])
@pytest.mark.parametrize("name", ["2d", "3d_fullres"])
def test_the_same_numbers_as_nnunets_own_with_the_same_weights(name: str, residual: bool):
    given = plan(residual=residual, strides=THIN)
    network, own = ours(given, name).eval(), nnunets_own(given, name).eval()
    mine, theirs = network.state_dict(), own.state_dict()
    for key, tensor in mine.items():
        if not key.startswith("decoder.seg_layers."):
            tensor.copy_(theirs[key])  # every name of ours is one of nnU-Net's
    network.decoder.seg_layers[-1].load_state_dict(own.decoder.seg_layers[-1].state_dict())
    image = torch.randn(2, 1, *[16] * network.dimensions)
    with torch.no_grad():
        assert torch.equal(network(image), own(image))


def test_each_tensor_has_one_name_and_all_learn():
    network = ours(plan(residual=True), "3d_fullres")
    state = network.state_dict()
    assert len({tensor.data_ptr() for tensor in state.values()}) == len(state)
    network(torch.randn(1, 1, 8, 8, 8)).square().mean().backward()
    assert all(parameter.grad is not None for parameter in network.parameters())


def test_axes_that_are_halved_less_often_may_be_shorter():
    network = ours(plan(strides=THIN), "3d_fullres")
    assert (network.factors, network.multiple) == ((2, 4, 4), 4)
    assert network.sides_for((5, 9, 3)) == (6, 12, 8)
    features = network.encode(torch.randn(1, 1, 6, 8, 12))
    assert features.deepest.shape == (1, 8, 3, 2, 3)
    assert [skip.shape[1] for skip in features.skips] == [4, 6]
    with pytest.raises(UsageError, match="in order multiples of 2, 4, 4 and at least 4, 8, 8"):
        network(torch.zeros(1, 1, 4, 8, 10))


def test_without_a_plan_it_is_as_for_large_cubes():
    network = build_network(NETWORK, dimensions=2)
    assert network.encode(torch.zeros(1, 1, 32, 32)).deepest.shape == (1, 320, 2, 2)


def test_without_nnunet_it_is_said_how_to_install_it(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(nnunet, "find_spec", lambda _: None)
    assert importlib.util.find_spec("dynamic_network_architectures")
    with pytest.raises(MedSSLError, match=r"pip install napari-medssl\[nnunet\]"):
        build_network(NETWORK, dimensions=2)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"architecture": "Primus"}, "the architecture 'Primus'"),
        ({"nonlin": "os.system"}, "'os.system' in a plan; expected a class of torch.nn"),
        ({"nonlin": "torch.nn.functional"}, "'torch.nn.functional' in a plan"),
        ({"conv_op": "torch.nn.Conv2d"}, "expected one in 3-D"),
        ({"n_stages": 9}, "with .*; expected the arguments"),
    ],
)
def test_what_a_plan_may_not_say_is_refused(wrong: dict, words: str):
    with pytest.raises(UsageError, match=words):
        build_network(NETWORK, dimensions=3, **wrong)
