from __future__ import annotations

from copy import deepcopy
from math import log

import pytest
import torch
from torch import nn

from napari_medssl.pretrain.heads import projections as heads
from napari_medssl.pretrain.learning.ema import follow, teacher_of
from napari_medssl.pretrain.losses.nt_xent import nt_xent
from napari_medssl.pretrain.watching.collapse import teacher_entropy


@pytest.mark.parametrize(
    ("head", "widths", "norms"),
    [
        (heads.simsiam_projection(12, 16), [12, 16, 16, 16], 3),
        (heads.simsiam_prediction(16), [16, 4, 16], 1),
        (heads.byol_projection(12, 20, 8), [12, 20, 8], 1),
        (heads.barlow_projection(12, 16), [12, 16, 16, 16], 2),
        (heads.contrast_projection(12, 16, 8), [12, 16, 8], 0),
        (heads.byol_projection(12, 20, 8, last_norm=True), [12, 20, 8], 2),
        (heads.contrast_projection(12, 16, 8, norms=True), [12, 16, 8], 2),
    ],
)
def test_perceptrons_are_as_printed(head, widths, norms):
    layers = [m for m in head if isinstance(m, nn.Linear)]
    assert [layers[0].in_features, *(m.out_features for m in layers)] == widths
    assert sum(isinstance(m, nn.BatchNorm1d) for m in head) == norms
    assert head(torch.randn(4, widths[0])).shape == (4, widths[-1])


def test_simsiams_last_norm_has_no_scale_and_its_prediction_ends_without_norm():
    assert not list(heads.simsiam_projection(8, 16)[-1].parameters())
    assert isinstance(heads.simsiam_prediction(16)[-1], nn.Linear)


@pytest.mark.parametrize("sides", [(5, 6), (3, 4, 5)])
def test_pooling_is_the_mean_over_places(sides):
    maps = torch.randn(2, 3, *sides)
    for b in range(2):
        for c in range(3):
            assert heads.pooled(maps)[b, c].item() == pytest.approx(maps[b, c].mean().item())


@pytest.mark.parametrize("dimensions", [2, 3])
def test_a_local_projection_looks_at_one_place_at_a_time(dimensions):
    head = heads.local_projection(dimensions, 4, 6).eval()
    maps = torch.randn(1, 4, *(5,) * dimensions)
    changed = maps.clone()
    changed[..., 2] += 1
    same = (head(maps) == head(changed)).all(1)
    assert head(maps).shape[1] == 6
    assert same[..., [0, 1, 3, 4]].all()
    assert not same[..., 2].all()


def test_logits_are_cosines_with_each_class():
    head = heads.DistillationHead(6, 10, hidden=8, bottleneck=4)
    tokens = torch.randn(2, 3, 6)
    within = head.layers(tokens)
    rows = head.last.weight
    for b in range(2):
        for t in range(3):
            for k in range(10):
                a = within[b, t]
                cosine = (a @ rows[k]) / a.norm() / rows[k].norm()
                assert head(tokens)[b, t, k].item() == pytest.approx(cosine.item(), abs=1e-5)


def test_a_distillation_head_can_have_a_teacher():
    """Under the old weight norm it could not be copied."""
    head = heads.DistillationHead(6, 10, hidden=8, bottleneck=4)
    teacher = teacher_of(head)
    tokens = torch.randn(3, 6)
    assert torch.allclose(deepcopy(head)(tokens), teacher(tokens))
    optimiser = torch.optim.SGD([p for p in head.parameters() if p.requires_grad], 0.5)
    head(tokens).square().sum().backward()
    optimiser.step()
    follow(teacher, head, 0.0)
    assert torch.allclose(head(tokens), teacher(tokens), atol=1e-6)
    assert torch.allclose(head.last.weight.norm(dim=1), torch.ones(10))


@pytest.mark.parametrize("rows", [(6, 3), (2, 5, 3)])
def test_channels_are_normed_by_the_rows_at_hand_and_nothing_is_kept(rows):
    norm = heads.ByBatch(3)
    for one in (norm, norm.eval()):
        normed = one(torch.randn(rows) * 7 + 2).flatten(0, -2)
        torch.testing.assert_close(normed.mean(0), torch.zeros(3), atol=1e-5, rtol=0)
        torch.testing.assert_close(normed.std(0, correction=0), torch.ones(3), atol=1e-4, rtol=0)
    assert not norm.state_dict()


def nearly_alike(rows: int, channels: int) -> torch.Tensor:
    """Vectors as an encoder makes them that norms each image."""
    torch.manual_seed(0)
    return torch.rand(channels) + 0.01 * torch.randn(rows, channels)


def test_images_that_are_nearly_alike_are_told_apart_by_a_contrast_with_norms_alone():
    vectors = nearly_alike(8, 16)

    def loss(*, norms: bool) -> float:
        head = heads.contrast_projection(16, norms=norms)
        return nt_xent(head(vectors), head(vectors)).item()

    assert loss(norms=False) > 0.95 * log(15)  # as good as guessing
    assert loss(norms=True) < 0.5 * log(15)


def test_a_centred_teacher_says_something_of_tokens_that_are_nearly_alike_by_norms_alone():
    tokens = nearly_alike(128, 16)
    head = heads.DistillationHead(16, 64, hidden=32)

    def entropy(rows: torch.Tensor) -> float:
        answers = head(rows)
        return teacher_entropy(answers, answers.mean(0), 0.04)

    assert entropy(tokens) > 0.99
    assert entropy(heads.ByBatch(16)(tokens)) < 0.9


def test_the_last_layer_can_be_held():
    head = heads.DistillationHead(6, 10, hidden=8, bottleneck=4)
    before = head.last.weight.detach().clone()
    optimiser = torch.optim.AdamW([p for p in head.parameters() if p.requires_grad], 0.1)
    head(torch.randn(3, 6)).square().sum().backward()
    head.hold_last()
    optimiser.step()
    assert torch.equal(head.last.weight, before)
    assert all(p.grad is not None for p in head.layers.parameters())
