from __future__ import annotations

from pathlib import Path

import pytest
import torch
from made_scans import learned, loss_of, method_of, plan_for, prepared, resumed_alike

from napari_medssl.errors import UsageError
from napari_medssl.pretrain.patches import patches_of
from napari_medssl.pretrain.samples import Samples

TINY = {
    "network": "medsass_vit_s",
    "dimensions": 2,
    "crop": (32, 32),
    "arguments": {"dim": 24, "depth": 2, "heads": 2, "widths": (4, 4, 4, 4)},
    "settings": {"width": 24, "depth": 1, "heads": 2},
}
PLAN = plan_for("mae", **TINY)


@pytest.mark.parametrize("killed_at", [1, 4])
def test_killed_it_goes_on_to_the_same_weights(tmp_path: Path, killed_at: int):
    assert resumed_alike(PLAN, tmp_path, killed_at)


def test_it_learns_to_tell_what_is_hidden(tmp_path: Path):
    plan = plan_for("mae", **TINY, steps=60, rate=3e-3)
    shown = {}
    method, _ = learned(plan, tmp_path, show=lambda step, those: shown.update({step: those}))
    assert loss_of(method) < loss_of(method_of(plan))
    assert set(shown[60]) == {"image", "shown", "told"}
    assert shown[60]["told"].shape == (32, 32)


def test_the_encoder_sees_nothing_of_what_is_hidden():
    method = method_of(PLAN).eval()
    batch = Samples(prepared(), method).at(0)
    assert torch.equal(batch["hidden"].sum(1), torch.full((4,), 12))  # of 16 patches
    hidden = batch["hidden"].reshape(-1, 1, 4, 4).repeat_interleave(8, 2).repeat_interleave(8, 3)
    other = {**batch, "image": torch.where(hidden, 7.0, batch["image"])}
    torch.testing.assert_close(method.told(batch), method.told(other))


def test_seen_patches_keep_their_places():
    method = method_of(PLAN).eval()
    image = torch.rand(2, 1, 32, 32)
    hidden = torch.zeros(2, 16, dtype=torch.bool)
    hidden[0, 3] = hidden[1, 11] = True
    seen = method._seen(image, hidden)
    vit = method.network.vit
    places = vit._pos_embed(vit.patch_embed(image))[:, vit.num_prefix_tokens :]
    assert seen.shape == (2, 15, 24)
    assert places.shape == (2, 16, 24)
    assert patches_of(image, 8).shape == (2, 16, 64)


def test_only_the_transformer_learns(tmp_path: Path):
    before = method_of(PLAN).network.state_dict()
    method, _ = learned(PLAN, tmp_path)
    for name, tensor in method.network.state_dict().items():
        if tensor.is_floating_point() and not name.startswith("vit."):
            assert torch.equal(tensor, before[name]), name


def test_other_networks_are_refused_with_the_reason():
    with pytest.raises(UsageError, match="vision transformer"):
        method_of(plan_for("mae", settings={}))
