from __future__ import annotations

from pathlib import Path

import pytest
import torch
from made_scans import (
    TINY_VIT,
    Told,
    learned,
    loss_of,
    method_of,
    plan_for,
    prepared,
    resumed_alike,
    source,
)

from napari_medssl.errors import UsageError, WeightsError
from napari_medssl.io import atomic_write
from napari_medssl.models.networks.network import build_network
from napari_medssl.models.trained_weights import load_start, read_trained
from napari_medssl.pretrain.images.samples import Samples
from napari_medssl.pretrain.plan import WEIGHTS
from napari_medssl.pretrain.pretraining import Tools, Wanted, learn_without_labels

TINY = {**TINY_VIT, "settings": {"width": 24, "depth": 1, "heads": 2}}
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
    network = method.network
    vit = network.vit
    vit.blocks = torch.nn.Sequential()  # what comes out is what went in, normed
    _, seen = network.look(network.embed(image), hidden)
    whole = vit.norm(vit._pos_embed(vit.patch_embed(image))[:, vit.num_prefix_tokens :])
    for n, left_out in enumerate((3, 11)):
        kept = [place for place in range(16) if place != left_out]
        torch.testing.assert_close(seen[n], whole[n, kept])


def test_only_the_transformer_learns(tmp_path: Path):
    before = method_of(PLAN).network.state_dict()
    method, _ = learned(PLAN, tmp_path)
    for name, tensor in method.network.state_dict().items():
        if tensor.is_floating_point() and not name.startswith("vit."):
            assert torch.equal(tensor, before[name]), name
    assert 0 < method.watch()["token_spread"] <= 1.1


def test_what_did_not_learn_is_not_handed_on(tmp_path: Path):
    changes = {**TINY["settings"], "crop": [32, 32], "batch": 2}
    wanted = Wanted(
        "mae", [source(n, (20, 32, 32)) for n in range(2)], "made", "cpu", 1, steps=1,
        dimensions=2, changes=changes,
    )  # fmt: skip
    card = learn_without_labels(wanted, tmp_path, Tools(atomic_write, Told()))
    assert card is not None
    assert (card.holds, card.parts) == ("encoder", ("vit",))
    assert "Of the encoder only vit learned" in card.about
    tensors = read_trained(tmp_path / WEIGHTS, card)
    network = build_network(
        card.network, dimensions=2, in_channels=1, classes=3, **dict(card.arguments)
    )
    assert set(tensors) == set(network.encoder_state(("vit",)))
    before = {name: t.clone() for name, t in network.state_dict().items()}
    assert load_start(network, tensors, card.parts) == len(tensors)
    for name, tensor in network.state_dict().items():
        assert torch.equal(tensor, tensors.get(name, before[name]))
    with pytest.raises(WeightsError, match=rf"fit {len(tensors)} of the encoder's \d+ tensors"):
        load_start(network, tensors)
    with pytest.raises(
        WeightsError, match=f"fit {len(tensors) - 1} of the encoder's {len(tensors)}"
    ):
        load_start(network, dict(list(tensors.items())[1:]), card.parts)


def test_other_networks_are_refused_with_the_reason():
    with pytest.raises(UsageError, match="vision transformer"):
        method_of(plan_for("mae", settings={}))
