from __future__ import annotations

import pytest
import torch
from bright_cases import PLAN, plan_with, prepared_cases
from test_recipe import network_of

from napari_medssl.finetune.volumes.crops import Crops
from napari_medssl.finetune.volumes.learner import Learner
from napari_medssl.models.inference import prepare_for_inference


@pytest.fixture(scope="module")
def batches():
    crops = Crops(prepared_cases(2), PLAN)
    return [crops.at(step) for step in range(4)]


def learned(batches, **changes) -> Learner:
    plan = plan_with(**changes)
    learner = Learner(network_of(plan), plan)
    for step, batch in enumerate(batches):
        learner.step(batch, step)
    return learner


def test_the_average_is_the_one_written_out(batches):
    plan = PLAN
    learner = Learner(network_of(plan), plan)
    name = "head.weight"
    average = learner.network.state_dict()[name].clone()
    for step, batch in enumerate(batches):
        learner.step(batch, step)
        keep = min(plan.average, (1 + step) / (10 + step))
        average = keep * average + (1 - keep) * learner.network.state_dict()[name]
    torch.testing.assert_close(learner.average()[name], average)


def test_the_average_is_worn_for_a_while_only(batches):
    learner = learned(batches)
    own = {name: t.clone() for name, t in learner.network.state_dict().items()}
    with learner.averaged() as worn:
        assert not worn.training
        assert all(torch.equal(t, learner.average()[n]) for n, t in worn.state_dict().items())
    assert all(torch.equal(t, own[n]) for n, t in learner.network.state_dict().items())


def test_looking_leaves_the_weights_as_they_lie(batches):
    """Else sums come out in another order: not as in a run that was resumed, or in another rank."""
    learner = learned(batches)
    before = {name: t.stride() for name, t in learner.network.state_dict().items()}
    with learner.averaged() as worn:
        prepare_for_inference(worn)
    assert {name: t.stride() for name, t in learner.network.state_dict().items()} == before


def test_computing_activations_twice_gives_the_same_weights(batches):
    kept = learned(batches).network.state_dict()
    again = learned(batches, checkpointing=True).network.state_dict()
    for name, tensor in kept.items():
        torch.testing.assert_close(tensor, again[name])


def test_an_encoder_may_stay_as_it_is(batches):
    learner = learned(batches, encoder_rate=0.0, decay=0.0)
    before = network_of(PLAN).state_dict()
    for name, tensor in learner.network.state_dict().items():
        assert torch.equal(tensor, before[name]) == name.startswith("levels.")


def test_half_precision_learns_too(batches):
    assert torch.isfinite(learned(batches, precision="bfloat16").average()["head.bias"]).all()


def test_where_channels_lie_in_memory_changes_the_order_of_sums_only(batches):
    plain = learned(batches).network.state_dict()
    learner = learned(batches, channels_last=True)
    assert learner.network.state_dict()["head.weight"].stride()[1] == 1
    for name, tensor in learner.network.state_dict().items():
        torch.testing.assert_close(tensor, plain[name], atol=2e-3, rtol=1e-2)


@pytest.mark.parametrize("checkpointing", [True, False])
def test_under_the_protocol_of_the_decoder_the_encoder_stays_with_all_it_counted(
    batches, checkpointing
):
    changes = {"network": "unet_literal", "arguments": {"widths": (4, 8)}}
    learner = learned(batches, protocol="decoder", checkpointing=checkpointing, **changes)
    encoder = learner.network.encoder_state()
    assert any(name.endswith("running_mean") for name in encoder)
    for name, tensor in network_of(plan_with(**changes)).state_dict().items():
        assert torch.equal(tensor, learner.network.state_dict()[name]) == (name in encoder), name


def test_under_the_protocol_of_the_decoder_what_knows_nothing_learns_too(batches):
    changes = {"network": "unet", "arguments": {"widths": (4, 8)}, "known_parts": ("down",)}
    learner = learned(batches, protocol="decoder", **changes)
    before, after = network_of(plan_with(**changes)), learner.network
    stays = {n for n, p in before.named_parameters() if torch.equal(p, after.get_parameter(n))}
    assert stays == {name for name, _ in after.named_parameters() if name.startswith("down.")}
    assert not learner.network.down.training
    assert learner.network.bottom.training


@pytest.mark.parametrize("checkpointing", [True, False])
def test_under_the_protocol_of_the_kidney_the_image_is_drawn_again(batches, checkpointing):
    changes = {"network": "kidney_dense", "arguments": {}, "checkpointing": checkpointing}
    before = network_of(plan_with(**changes)).state_dict()
    for protocol, learns in (("ours", False), ("kidney", True)):
        after = learned(batches, protocol=protocol, **changes).network.state_dict()
        drawing = [name for name in after if name.startswith("reconstruction.")]
        assert drawing
        assert any(not torch.equal(after[name], before[name]) for name in drawing) == learns
