"""Half precision: every method learns in it, and what must not be rounded is not."""

from __future__ import annotations

import pytest
import torch
from every_method import plan_of
from made_scans import method_of, prepared

from napari_medssl.pretrain.cards import method_cards
from napari_medssl.pretrain.heads.projections import DistillationHead
from napari_medssl.pretrain.learning.learner import Learner
from napari_medssl.pretrain.learning.precision import arithmetic, in_float32
from napari_medssl.pretrain.losses.barlow import barlow_twins
from napari_medssl.pretrain.losses.nt_xent import nt_xent

CPU = torch.device("cpu")


def first_step(method: str, precision: str) -> tuple[dict[str, float], Learner]:
    with Learner(method_of(plan_of(method, precision=precision)), prepared()) as learner:
        return learner.step(0), learner


@pytest.mark.parametrize("name", method_cards())
def test_every_method_learns_nearly_the_same(name: str):
    half, learner = first_step(name, "bfloat16")
    whole, _ = first_step(name, "float32")
    assert half.keys() == whole.keys()
    assert half != whole, "nothing was computed in half precision"
    for part, value in whole.items():
        assert half[part] == pytest.approx(value, rel=0.1, abs=0.02), part
    for weight, tensor in learner.method.named_parameters():
        assert tensor.dtype == torch.float32, weight
        assert torch.isfinite(tensor).all(), weight


@pytest.mark.parametrize("loss", [barlow_twins, nt_xent])
def test_losses_of_whole_batches_are_not_rounded(loss):
    views = torch.randn(2, 8, 16)
    with arithmetic("bfloat16", CPU):
        within = loss(*views)
        half = loss(*views.bfloat16())
    assert within.dtype == half.dtype == torch.float32
    assert torch.equal(within, loss(*views))


def test_answers_are_not_rounded_before_their_temperature():
    head = DistillationHead(8, 16, hidden=8)
    with arithmetic("bfloat16", CPU):
        assert head(torch.randn(4, 8)).dtype == torch.float32


def test_what_is_given_by_name_is_taken_whole_too():
    @in_float32
    def product(one: torch.Tensor, *, other: torch.Tensor, times: int) -> torch.Tensor:
        return one @ other * times

    one = torch.randn(3, 3)
    with arithmetic("bfloat16", CPU):
        assert (one @ one).dtype == torch.bfloat16
        found = product(one, other=one, times=2)
        assert product(one.bfloat16(), other=one, times=2).dtype == torch.float32
    assert torch.equal(found, one @ one * 2)
