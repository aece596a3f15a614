from __future__ import annotations

import itertools

import pytest
import torch
from monai.networks.nets import SwinUNETR

from napari_medssl.errors import UsageError
from napari_medssl.models.networks.network import build_network
from napari_medssl.models.networks.swin_unetr import LegacyPatchMerging


@pytest.mark.parametrize("dims", [2, 3])
def test_it_is_monais_cut_in_two(dims: int) -> None:
    torch.manual_seed(0)
    ours = build_network("swin_unetr", dimensions=dims, classes=3, feature_size=12).eval()
    reference = SwinUNETR(1, 3, feature_size=12, spatial_dims=dims).eval()
    reference.load_state_dict(ours.state_dict())
    image = torch.randn(1, 1, 64, *[32] * (dims - 1))
    with torch.no_grad():
        assert torch.equal(ours.decode(image, ours.encode(image)), reference(image))


def test_parameters_are_as_many_as_published() -> None:
    counts = [build_network("swin_unetr", dimensions=d, classes=14) for d in (2, 3)]
    millions = [round(sum(p.numel() for p in n.parameters()) / 1e6, 1) for n in counts]
    assert millions == [25.1, 62.2]
    assert len(counts[1].encoder_state()) == 126


def test_the_legacy_merging_takes_two_neighbours_twice() -> None:
    """Voxel by voxel, as the formula of MONAI 1.4 reads: 010 and 001 twice, 110 and 011 never."""
    torch.manual_seed(0)
    merging = LegacyPatchMerging(3).double()
    for parameter in merging.parameters():
        parameter.data = torch.randn_like(parameter)
    tokens = torch.randn(2, 4, 6, 2, 3, dtype=torch.float64)
    with torch.no_grad():
        found = merging(tokens)
    assert found.shape == (2, 2, 3, 1, 6)
    for b, z, y, x in itertools.product(range(2), range(2), range(3), range(1)):
        beside = []
        for place in ("000", "100", "010", "001", "101", "010", "001", "111"):
            i, j, k = (int(digit) for digit in place)
            beside.extend(tokens[b, 2 * z + i, 2 * y + j, 2 * x + k].tolist())
        mean = sum(beside) / 24
        variance = sum((value - mean) ** 2 for value in beside) / 24
        scale, shift = merging.norm.weight.tolist(), merging.norm.bias.tolist()
        normed = [
            (value - mean) / (variance + 1e-5) ** 0.5 * w + s
            for value, w, s in zip(beside, scale, shift, strict=True)
        ]
        wanted = [
            sum(w * n for w, n in zip(row, normed, strict=True))
            for row in merging.reduction.weight.tolist()
        ]
        assert found[b, z, y, x].tolist() == pytest.approx(wanted)


def test_the_legacy_merging_changes_what_a_network_sees() -> None:
    torch.manual_seed(0)
    old = build_network("swin_unetr", feature_size=12, legacy_merging=True).eval()
    new = build_network("swin_unetr", feature_size=12).eval()
    new.load_state_dict(old.state_dict())
    image = torch.randn(1, 1, 32, 32, 32)
    with torch.no_grad():
        assert not torch.allclose(old.encode(image).skips[1], new.encode(image).skips[1], atol=0.01)


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(UsageError, match="multiple of 12"):
        build_network("swin_unetr", feature_size=20)
    with pytest.raises(UsageError, match="3-D, where alone it differs"):
        build_network("swin_unetr", dimensions=2, legacy_merging=True)
    with pytest.raises(UsageError, match="3-D"):
        LegacyPatchMerging(12, spatial_dims=2)
