from __future__ import annotations

from pathlib import Path

import pytest
import torch
from made_scans import TINY_VIT, learned, loss_of, method_of, plan_for, prepared, resumed_alike

from napari_medssl.errors import UsageError
from napari_medssl.pretrain.images.samples import Samples

PLAN = plan_for("simmim", settings={"cell": 4})


@pytest.mark.parametrize("killed_at", [1, 4])
def test_killed_it_goes_on_to_the_same_weights(tmp_path: Path, killed_at: int):
    assert resumed_alike(PLAN, tmp_path, killed_at)


def test_it_learns_to_tell_what_is_hidden(tmp_path: Path):
    plan = plan_for("simmim", settings=PLAN.settings, steps=40, rate=1e-2)
    shown = {}
    method, _ = learned(plan, tmp_path, show=lambda step, those: shown.update({step: those}))
    assert loss_of(method) < 0.8 * loss_of(method_of(plan))
    assert set(shown[40]) == {"image", "shown", "told"}


@pytest.mark.parametrize("blocks", [False, True])
def test_whole_cells_are_hidden_and_the_network_sees_nothing_of_them(blocks: bool):
    method = method_of(plan_for("simmim", settings={"cell": 4, "blocks": blocks}))
    batch = Samples(prepared(), method).at(0)
    hidden = batch["hidden"]
    cells = hidden.unfold(1, 4, 4).unfold(2, 4, 4).unfold(3, 4, 4).flatten(4)
    assert torch.equal(cells.any(-1), cells.all(-1))
    assert torch.equal(cells.any(-1).flatten(1).sum(1), torch.full((4,), 5))  # 60 % of 8
    method.eval()
    other = {**batch, "image": torch.where(hidden[:, None], 7.0, batch["image"])}
    torch.testing.assert_close(method.told(batch), method.told(other))


VIT = plan_for("simmim", **TINY_VIT, settings={"cell": 16, "hidden": 0.5})


def test_of_a_vision_transformer_tokens_are_hidden_and_told_by_one_layer_on_them():
    """Written out: one token for hidden patches, then a linear layer from each to its pixels."""
    method = method_of(VIT).eval()
    vit, batch = method.network.vit, Samples(prepared(), method).at(0)
    with torch.no_grad():
        method.nothing.uniform_(-1, 1)
        tokens = vit.patch_embed(batch["image"])
        cells = batch["hidden"][:, ::16, ::16]
        for n, row, column in cells.nonzero().tolist():
            tokens[n, 2 * row : 2 * row + 2, 2 * column : 2 * column + 2] = method.nothing
        seen = vit.norm(vit.blocks(vit._pos_embed(tokens)))[:, 1:]
        layer = method.tell.tell
        pixels = seen @ layer.weight.flatten(1).T + layer.bias
        told = method.told(batch)
    assert torch.equal(cells.flatten(1).sum(1), torch.full((4,), 2))
    for patch in range(16):
        row, column = 8 * (patch // 4), 8 * (patch % 4)
        wanted = pixels[:, patch].reshape(4, 8, 8)
        torch.testing.assert_close(told[:, 0, row : row + 8, column : column + 8], wanted)


def test_of_a_vision_transformer_it_alone_learns(tmp_path: Path):
    before = method_of(VIT).network.state_dict()
    method, _ = learned(VIT, tmp_path)
    after = method.network.state_dict()
    changed = {name for name, t in after.items() if not torch.equal(t, before[name])}
    assert {"vit.pos_embed", "vit.blocks.1.mlp.fc1.weight"} <= changed
    assert all(name.startswith("vit.") for name in changed)
    assert not torch.equal(method.nothing, torch.zeros(24))
    assert method.handed_on == ("vit",)
    assert method.watch()["token_spread"] > 0


def test_cells_over_patches_are_whole_patches():
    with pytest.raises(UsageError, match="a multiple of 8"):
        method_of(plan_for("simmim", **TINY_VIT, settings={"cell": 4}))


@pytest.mark.parametrize("settings", [{"cell": 3}, {"cell": 8}, {"hidden": 1.0}, {"hidden": 0.0}])
def test_what_cannot_be_hidden_is_refused(settings: dict):
    with pytest.raises(UsageError):
        method_of(plan_for("simmim", settings=settings))
