"""The quicker code for a network's sums gives the network's own logits."""

from __future__ import annotations

from copy import deepcopy

import pytest
import torch
from monai.networks.blocks.dynunet_block import UnetResBlock
from monai.networks.nets.swin_unetr import BasicLayer, compute_mask, window_partition
from torch import nn

from napari_medssl.models.inference import (
    QuickInstanceNorm,
    QuickPointwise,
    QuickResidual,
    prepare_for_inference,
)
from napari_medssl.models.networks.network import build_network
from napari_medssl.models.swin_inference import QuickStage, window_order

SMALL = {
    "swin_unetr": {"feature_size": 12},
    "unet": {"widths": (8, 16, 16)},
}


@pytest.mark.parametrize(
    ("name", "sides"),
    [
        ("swin_unetr", (64, 64, 64)),
        ("swin_unetr", (64, 96)),
        ("unet", (16, 24, 8)),
        ("unet", (32, 24)),
        ("unet_literal", (32, 64)),
        ("kidney_dense", (32, 32, 32)),
        ("btunet", (64, 32)),
        ("mri_unet", (64, 64)),
    ],
)
def test_logits_are_those_of_the_network_itself(name: str, sides: tuple[int, ...]) -> None:
    torch.manual_seed(0)
    network = build_network(name, dimensions=len(sides), classes=3, **SMALL.get(name, {})).eval()
    for parameter in network.parameters():  # biases and tables that begin as zeros count too
        parameter.data += 0.02 * torch.randn_like(parameter)
    batch = 1 if len(sides) == 3 else 2
    image = torch.rand(batch, network.in_channels, *sides)
    with torch.inference_mode():
        itself = network(image)
        quick = prepare_for_inference(network)(image)
    assert quick.shape == itself.shape
    torch.testing.assert_close(quick, itself, rtol=1e-5, atol=1e-5)


def test_weights_are_shared_and_not_changed() -> None:
    network = build_network("swin_unetr", dimensions=2, classes=3, feature_size=12).eval()
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    quick = prepare_for_inference(network)
    image = torch.rand(1, 1, 64, 64)
    with torch.inference_mode():
        torch.testing.assert_close(quick(image), network(image), rtol=1e-5, atol=1e-5)
    after = network.state_dict()
    assert after.keys() == before.keys()
    for name, tensor in after.items():
        assert torch.equal(tensor, before[name]), name


@pytest.mark.parametrize("affine", [False, True])
@pytest.mark.parametrize("batch", [1, 3])
def test_an_instance_norm_in_place_is_the_norm(affine: bool, batch: int) -> None:
    torch.manual_seed(0)
    norm = nn.InstanceNorm3d(5, affine=affine)
    if affine:
        nn.init.normal_(norm.weight)
        nn.init.normal_(norm.bias)
    x = 3 + 2 * torch.randn(batch, 5, 6, 7, 8)
    quick, wanted = QuickInstanceNorm(norm), norm(x)
    with torch.no_grad():
        torch.testing.assert_close(quick(x), wanted)
        there = x.contiguous(memory_format=torch.channels_last_3d)
        assert quick.in_place(there).data_ptr() == there.data_ptr()
    torch.testing.assert_close(there, wanted)


def test_an_instance_norm_over_many_voxels_keeps_its_digits() -> None:
    """Summed in one go, a million numbers cost three of their seven digits."""
    torch.manual_seed(0)
    x = 5 + torch.rand(1, 2, 128, 128, 64)
    norm = nn.InstanceNorm3d(2)
    exact = norm(x.double())
    torch.testing.assert_close(QuickInstanceNorm(norm)(x).double(), exact, rtol=0, atol=1e-5)


def test_an_instance_norm_of_voxels_that_are_all_alike_gives_nothing() -> None:
    """A rounding error of the mean would be made 300 times larger by it, in layer after layer."""
    norm = nn.InstanceNorm3d(3)
    x = torch.tensor([0.1, 0.7, -3.3]).view(1, 3, 1, 1, 1).expand(1, 3, 40, 48, 56).contiguous()
    assert QuickInstanceNorm(norm)(x).abs().max() < 1e-9
    torch.manual_seed(0)
    network = build_network("unet", dimensions=3, classes=3, **SMALL["unet"]).eval()
    air = torch.full((1, 1, 48, 48, 48), 0.3)
    with torch.inference_mode():
        quick = prepare_for_inference(network)(air)
        exact = deepcopy(network).double()(air.double())
    torch.testing.assert_close(quick.double(), exact, rtol=0, atol=1e-4)


@pytest.mark.parametrize("norm", ["instance", "batch"])
@pytest.mark.parametrize(("channels", "stride"), [(4, 1), (6, 1), (4, 2)])
def test_a_residual_block_is_the_block(norm: str, channels: int, stride: int) -> None:
    torch.manual_seed(0)
    block = UnetResBlock(3, channels, 4, 3, stride, norm).eval()
    image = torch.randn(2, channels, 8, 8, 8)
    kept = image.clone()
    with torch.no_grad():
        wanted = block(image)
        torch.testing.assert_close(QuickResidual(block)(image), wanted)
    assert torch.equal(image, kept), "what came in is not overwritten"


def test_a_pointwise_convolution_is_a_matrix_product() -> None:
    torch.manual_seed(0)
    convolution = nn.Conv2d(5, 3, 1)
    x = torch.randn(2, 5, 6, 7)
    torch.testing.assert_close(QuickPointwise(convolution)(x), convolution(x))


@pytest.mark.parametrize("sides", [(14, 14, 14), (10, 7, 5), (21, 9), (7, 7), (3, 4)])
def test_a_swin_stage_is_the_stage(sides: tuple[int, ...]) -> None:
    """Windows that are shifted, padded, or made smaller because the image is."""
    torch.manual_seed(0)
    stage = BasicLayer(
        dim=12, depth=2, num_heads=3, window_size=(7,) * len(sides), drop_path=[0.0, 0.0],
        qkv_bias=True,
    ).eval()  # fmt: skip
    for parameter in stage.parameters():
        parameter.data += 0.1 * torch.randn_like(parameter)
    x = torch.randn(2, 12, *sides)
    with torch.no_grad():
        torch.testing.assert_close(QuickStage(stage)(x), stage(x), rtol=1e-5, atol=1e-5)


def test_windows_of_one_mask_lie_side_by_side() -> None:
    sides, window, shift = (14, 9, 7), (7, 7, 7), (3, 3, 0)
    order = window_order(sides, window, shift)
    padded = (14, 14, 7)
    masks = compute_mask(padded, window, shift, "cpu").numpy()
    assert sum(order.sizes) == len(masks) == 4
    grid = torch.arange(14 * 9 * 7).reshape(1, *sides, 1)
    whole = nn.functional.pad(grid, (0, 0, 0, 0, 0, 5), value=14 * 9 * 7)
    theirs = window_partition(torch.roll(whole, (-3, -3), (1, 2)), window)[..., 0]
    ours = order.gather.reshape(4, -1)
    kinds = [kind for kind, size in enumerate(order.sizes) for _ in range(size)]
    for row, kind in zip(ours, kinds, strict=True):
        (place,) = (n for n, other in enumerate(theirs) if torch.equal(row, other))
        assert (order.apart[kind].numpy() == masks[place]).all()
    assert torch.equal(order.gather[order.scatter], torch.arange(14 * 9 * 7))
