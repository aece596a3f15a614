from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from tiny_sam import bright_pictures, tiny_engine

from napari_medssl.finetune import SamPlan
from napari_medssl.finetune.batch_loss import batch_loss
from napari_medssl.finetune.batches import Batch, Batches
from napari_medssl.finetune.loss import least_of_allowed, mask_losses, score_losses
from napari_medssl.models.decoder import decode
from napari_medssl.models.torch_engine import TorchEngine

ENGINE = tiny_engine()
FEATURES = torch.randn(4, 16, 4, 4, generator=torch.Generator().manual_seed(0))


def batch(points: float, clicks: int, engine: TorchEngine = ENGINE) -> Batch:
    """Four objects; at the first step all clicks that are allowed."""
    plan = SamPlan(batch=4, points=points, clicks=clicks)
    return replace(Batches(engine, bright_pictures(4), plan).at(0), clicks=clicks)


def test_one_click_is_the_loss_of_the_first_answer() -> None:
    given, network = batch(1.0, 1), ENGINE.network
    inside = torch.ones(4, 1, dtype=torch.int64)
    sparse, dense = network.prompt_encoder((given.points, inside), None, None)
    logits, scores = decode(network, FEATURES, sparse, dense[:1])
    masks = mask_losses(logits, given.truth)
    expected = least_of_allowed(masks, score_losses(scores, logits, given.truth), given.lone)
    torch.testing.assert_close(batch_loss(network, given, FEATURES), expected)


def test_boxes_and_points_are_learned_together() -> None:
    given = batch(0.5, 2)
    assert 0 < len(given.boxes) < 4
    assert batch_loss(ENGINE.network, given, FEATURES).isfinite()
    boxes = batch(0.0, 3)
    once = batch_loss(ENGINE.network, replace(boxes, clicks=1), FEATURES)
    torch.testing.assert_close(batch_loss(ENGINE.network, boxes, FEATURES), once)


def test_each_click_lies_where_the_mask_before_was_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    """A decoder that finds nothing is clicked inside again, one that finds all of it outside."""
    given = batch(1.0, 3)
    asked: list[tuple[torch.Tensor, torch.Tensor]] = []
    encode = type(ENGINE.network.prompt_encoder).forward

    def listening(self, points, boxes, masks):
        asked.append(points)
        return encode(self, points, boxes, masks)

    everywhere = torch.full((4, 4, 16, 16), -3.0, requires_grad=True)

    def blind(network, features, sparse, dense):
        found = everywhere if len(asked) == 1 else -everywhere
        return found, torch.rand(4, 4)

    monkeypatch.setattr(type(ENGINE.network.prompt_encoder), "forward", listening)
    monkeypatch.setattr("napari_medssl.finetune.batch_loss.decode", blind)
    batch_loss(ENGINE.network, given, FEATURES).backward()
    assert [len(signs[0]) for _, signs in asked] == [1, 2, 3]
    places, signs = asked[-1]
    assert signs.tolist() == [[1, 1, 0]] * 4
    for truth, clicks in zip(given.truth, places, strict=True):
        columns, rows = (clicks / 4).long().T
        assert truth[rows, columns].tolist() == [1, 1, 0]


def test_later_clicks_are_shown_what_they_correct(monkeypatch: pytest.MonkeyPatch) -> None:
    given = replace(batch(1.0, 3), shown=torch.tensor([0, 1, 2, 1]))
    prompts: list[torch.Tensor | None] = []
    encode = type(ENGINE.network.prompt_encoder).forward

    def listening(self, points, boxes, masks):
        prompts.append(masks)
        return encode(self, points, boxes, masks)

    answers = torch.stack([torch.full((16, 16), level) for level in (-4.0, 3.0, -2.0, 1.0)])
    answers = answers.repeat(4, 1, 1, 1).requires_grad_()
    monkeypatch.setattr(type(ENGINE.network.prompt_encoder), "forward", listening)
    monkeypatch.setattr(
        "napari_medssl.finetune.batch_loss.decode", lambda *_: (answers, torch.rand(4, 4))
    )
    batch_loss(ENGINE.network, given, FEATURES).backward()
    first, second, third = prompts
    assert first is None
    assert second is not None
    assert third is not None
    assert second.shape == (4, 1, 16, 16)
    assert second[:, 0, 0, 0].tolist() == [1, -1, 1, -1], "the proposal that is corrected"
    assert (third == -1).all(), "and then the answer to two clicks"


def test_gradients_reach_what_is_said_of_points() -> None:
    engine = tiny_engine(3)
    engine.network.requires_grad_(True)
    batch_loss(engine.network, batch(1.0, 3, engine), FEATURES).backward()
    for embedding in engine.network.prompt_encoder.point_embeddings[:2]:
        assert embedding.weight.grad is not None
        assert embedding.weight.grad.abs().sum() > 0
