from __future__ import annotations

from copy import deepcopy

import pytest
import torch
from torch import nn

from napari_medssl.pretrain import heads
from napari_medssl.pretrain.ema import follow, teacher_of


@pytest.mark.parametrize(
    ("head", "widths", "norms"),
    [
        (heads.simsiam_projection(12, 16), [12, 16, 16, 16], 3),
        (heads.simsiam_prediction(16), [16, 4, 16], 1),
        (heads.byol_projection(12, 20, 8), [12, 20, 8], 1),
        (heads.barlow_projection(12, 16), [12, 16, 16, 16], 2),
        (heads.contrast_projection(12, 16, 8), [12, 16, 8], 0),
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


def test_the_last_layer_can_be_held():
    head = heads.DistillationHead(6, 10, hidden=8, bottleneck=4)
    before = head.last.weight.detach().clone()
    optimiser = torch.optim.AdamW([p for p in head.parameters() if p.requires_grad], 0.1)
    head(torch.randn(3, 6)).square().sum().backward()
    head.hold_last()
    optimiser.step()
    assert torch.equal(head.last.weight, before)
    assert all(p.grad is not None for p in head.layers.parameters())
