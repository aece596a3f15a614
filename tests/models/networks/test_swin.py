"""SMIT's Swin transformer against MONAI's, name by name and number by number."""

from __future__ import annotations

import pytest
import torch
from monai.networks.nets import swin_unetr as monai_swin
from torch.nn import functional

from napari_medssl.errors import UsageError
from napari_medssl.models.networks.network import build_network
from napari_medssl.models.networks.swin import SmitSwin, SwinMaps, unwindowed, windows_of

WIDTH, HEADS = 12, (4, 4, 4, 4)


def ours(*, shaken: float = 0.05, **options) -> SmitSwin:
    """Ours, in double precision, its norms no longer ones and zeros: those would hide a swap."""
    torch.manual_seed(0)
    swin = SmitSwin(
        in_channels=1, width=WIDTH, depths=(2, 2, 4, 2), heads=HEADS, qkv_bias=False, **options
    )
    for parameter in swin.parameters():
        parameter.data += shaken * torch.randn_like(parameter)
    return swin.double().eval()


def monais(swin: SmitSwin) -> monai_swin.SwinTransformer:
    """MONAI's transformer with our tensors under its names; methods.md, section 5.3."""
    reference = monai_swin.SwinTransformer(
        in_chans=1,
        embed_dim=WIDTH,
        window_size=(4, 4, 4),
        patch_size=(2, 2, 2),
        depths=(2, 2, 4, 2),
        num_heads=HEADS,
        qkv_bias=False,
        patch_norm=True,
    )
    tensors = {}
    for name, tensor in swin.state_dict().items():
        if name.startswith("norm"):
            continue
        if name.startswith("layers."):
            _, stage, rest = name.split(".", 2)
            name = f"layers{int(stage) + 1}.0.{rest}"
        if ".downsample." in name:
            blocks = list(tensor.chunk(8, dim=-1))
            blocks[5], blocks[6] = blocks[6], blocks[5]
            tensor = torch.cat(blocks, dim=-1)
        tensors[name.replace("fc1", "linear1").replace("fc2", "linear2")] = tensor
    reference.load_state_dict(tensors)
    return reference.to(swin.norm0.weight.dtype).eval()


def as_monai_sees_it(swin: SmitSwin, image: torch.Tensor) -> SwinMaps:
    """The same maps out of MONAI's transformer: what its mergings are given is caught."""
    reference, caught = monais(swin), []
    for stage in range(4):
        merging = getattr(reference, f"layers{stage + 1}")[0].downsample
        merging.register_forward_pre_hook(lambda _, given: caught.append(given[0]))
    with torch.no_grad():
        merged = reference(image, normalize=False)[1:]
    stages = []
    for stage, whole in enumerate(caught):
        norm = swin.get_submodule(f"norm{stage}")
        normed = functional.layer_norm(whole, whole.shape[-1:], norm.weight, norm.bias)
        stages.append(normed.permute(0, 4, 1, 2, 3))
    return SwinMaps(tuple(stages), tuple(merged))


def furthest(found: SwinMaps, wanted: SwinMaps) -> float:
    """The largest difference of any map, as a share of the largest number in that map."""
    pairs = zip(found.stages + found.merged, wanted.stages + wanted.merged, strict=True)
    return max(float(((a - b).abs().max() / b.abs().max()).detach()) for a, b in pairs)


def scrambled_reverse(windows: torch.Tensor, window_size: tuple, dims: list) -> torch.Tensor:
    """The published code's way back, written out for MONAI's names."""
    batch, *sides = dims
    counts = [side // size for side, size in zip(sides, window_size, strict=True)]
    cut = windows.view(batch, *counts, *window_size, -1)
    return cut.permute(0, 1, 3, 5, 2, 4, 6, 7).contiguous().view(batch, *sides, -1)


@pytest.mark.slow
def test_it_equals_monais() -> None:
    """At the size and the precision of the published weights."""
    swin, image = ours(shaken=0).float(), torch.randn(1, 1, 96, 96, 96)
    with torch.no_grad():
        found = swin(image)
    assert furthest(found, as_monai_sees_it(swin, image)) < 2e-6


@pytest.mark.slow
@pytest.mark.parametrize(("sides", "scrambled"), [((32, 64, 96), False), ((32, 64, 96), True)])
def test_in_either_order_it_equals_monais_in_that_order(monkeypatch, sides, scrambled) -> None:
    """In double precision, with MONAI's windows kept from shrinking on small maps."""
    image = torch.randn(2, 1, *sides).double()
    swin, other = ours(legacy_unpartition=scrambled), ours(legacy_unpartition=not scrambled)
    if scrambled:
        monkeypatch.setattr(monai_swin, "window_reverse", scrambled_reverse)
    monkeypatch.setattr(
        monai_swin, "get_window_size", lambda _, window, shift: (tuple(window), tuple(shift))
    )
    wanted = as_monai_sees_it(swin, image)
    with torch.no_grad():
        assert furthest(swin(image), wanted) < 1e-12
        assert furthest(other(image), wanted) > 0.02, "the switch makes a difference"


def test_windows_are_laid_back_where_they_were() -> None:
    tokens = torch.randn(2, 8, 12, 4, 3)
    windows = windows_of(tokens)
    assert torch.equal(windows[1].view(4, 4, 4, 3), tokens[0, :4, 4:8, :4])
    assert torch.equal(unwindowed(windows, (8, 12, 4), scrambled=False), tokens)
    assert not torch.equal(unwindowed(windows, (8, 12, 4), scrambled=True), tokens)


def test_replaced_tokens_are_seen() -> None:
    swin, image = ours(), torch.randn(1, 1, 32, 32, 32).double()
    with torch.no_grad():
        tokens = swin.embed(image)
        assert tokens.shape == (1, 16, 16, 16, WIDTH)
        whole = swin(image)
        assert furthest(whole, swin.forward_from(tokens)) == 0
        tokens[:, :8] = 0
        assert furthest(whole, swin.forward_from(tokens)) > 0.1
    assert [m.shape[1:3] for m in whole.stages] == [(12, 16), (24, 8), (48, 4), (96, 2)]
    assert [m.shape[1:3] for m in whole.merged] == [(24, 8), (48, 4), (96, 2), (192, 1)]


def test_branches_are_dropped_in_training_only() -> None:
    swin, image = ours(drop_path=0.5), torch.randn(1, 1, 32, 32, 32).double()
    with torch.no_grad():
        assert furthest(swin(image), swin(image)) == 0
        swin.train()
        assert furthest(swin(image), swin(image)) > 0
    rates = [block.drop_path for stage in swin.layers for block in stage.blocks]
    assert rates == pytest.approx(torch.linspace(0, 0.5, 10).tolist())


def test_names_and_sizes_are_those_of_the_published_files() -> None:
    network = build_network("smit", classes=14)
    state = network.state_dict()
    transformer = network.encoder_state()
    assert len(transformer) == 154
    assert round(sum(p.numel() for _, p in network.encoder_parameters()) / 1e6, 2) == 8.76
    assert round(sum(p.numel() for p in network.parameters()) / 1e6, 1) == 62.9
    for name in (
        "transformer.patch_embed.norm.weight",
        "transformer.layers.2.blocks.3.attn.relative_position_index",
        "transformer.layers.3.downsample.reduction.weight",
        "transformer.norm3.bias",
        "encoder10.layer.conv1.conv.weight",
        "decoder5.transp_conv.conv.weight",
        "decoder1.conv_block.conv3.conv.weight",
        "out.conv.conv.bias",
    ):
        assert name in state
    newer = build_network("smit_12", classes=14)
    assert round(sum(p.numel() for _, p in newer.encoder_parameters()) / 1e6, 2) == 12.36
    assert round(sum(p.numel() for p in newer.parameters()) / 1e6, 1) == 66.5


@pytest.mark.parametrize(
    ("arguments", "said"),
    [({"heads": (5, 4, 4, 4)}, "share equally"), ({"depths": (2, 2)}, "four")],
)
def test_impossible_transformers_are_refused(arguments, said) -> None:
    with pytest.raises(UsageError, match=said):
        build_network("smit", feature_size=12, **arguments)
