from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from napari_medssl.models.networks import network_card
from napari_medssl.pretrain.advice import advised
from napari_medssl.pretrain.cards import method_cards
from napari_medssl.pretrain.transfer import Transfer


def test_a_gain_is_one_of_means():
    one = Transfer(700, "unet_small", (0.84, 0.80), (0.82, 0.81, 0.10))
    assert one.gain == pytest.approx(0.005), "of the draws that both have"


def test_a_gain_that_one_draw_made_is_none():
    one = Transfer(500, "kidney_dense", (0.68, 0.67, 0.36), (0.49, 0.68, 0.36), 400)
    assert one.gain == pytest.approx(0.06)
    assert one.error == pytest.approx(np.std([0.19, -0.01, 0], ddof=1) / np.sqrt(3))
    assert "400 with those of 4 cases" in one.words
    assert "no difference that one could tell" in one.words


@pytest.mark.parametrize(
    ("learned", "verdict"),
    [(0.83, "no difference that one could tell"), (0.86, "a gain"), (0.78, "a loss")],
)
def test_it_is_said_in_figures_and_in_a_word(learned: float, verdict: str):
    words = Transfer(700, "unet_small", (learned,) * 3, (0.83, 0.82, 0.81)).words
    assert f"for 700 steps without masks and 150 with those of 4 cases: Dice {learned:.3f}" in words
    assert f"from random weights 0.820. That is {verdict}" in words


def test_what_is_told_was_measured_on_the_network_that_the_recipe_has():
    told = [card for card in method_cards().values() if card.transfer is not None]
    assert told
    for card in told:
        transfer = card.transfer
        network_card(transfer.network)
        assert transfer.network == card.here.network[3]
        assert 3 <= len(transfer.learned) <= len(transfer.random)
        assert all(0 <= dice < 1 for dice in (*transfer.learned, *transfer.random))


def test_methods_of_one_network_are_compared_with_the_same_random_weights():
    told = [card.transfer for card in method_cards().values() if card.transfer is not None]
    assert len({transfer.random for transfer in told}) == len({t.network for t in told})


def test_the_recommended_one_lost_nothing_and_none_gained_more_than_chance_does():
    told = [card for card in method_cards().values() if card.transfer is not None]
    recommended = method_cards()[advised(100, flat=False).method].transfer
    assert recommended.gain > 0
    for one in told:
        by_chance = max(0.03, 2 * one.transfer.error)
        assert one.transfer.gain - recommended.gain < by_chance, f"recommend {one.name} instead"


def test_the_page_on_pre_training_has_the_same_table():
    page = Path(__file__).parents[2] / "docs" / "how-to" / "pretrain.md"
    text = page.read_text("utf-8")
    for name, card in method_cards().items():
        if card.transfer is not None:
            dice = sum(card.transfer.learned) / len(card.transfer.learned)
            row = f"| `{name}` | {card.transfer.steps} | {dice:.3f} | {card.transfer.gain:+.3f} |"
            assert row in text
