from __future__ import annotations

import pytest

from napari_medssl.models.networks import network_card
from napari_medssl.pretrain.cards import method_cards
from napari_medssl.pretrain.transfer import Transfer


def test_a_gain_is_one_of_means():
    one = Transfer(700, "unet_small", (0.84, 0.80, 0.83), (0.82, 0.81))
    assert one.gain == pytest.approx(1 / 120)


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
        assert min(len(transfer.learned), len(transfer.random)) >= 3
        assert all(0 < dice < 1 for dice in (*transfer.learned, *transfer.random))


def test_methods_of_one_network_are_compared_with_the_same_random_weights():
    told = [card.transfer for card in method_cards().values() if card.transfer is not None]
    assert len({transfer.random for transfer in told}) == len({t.network for t in told})
