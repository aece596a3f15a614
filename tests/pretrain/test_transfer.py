from __future__ import annotations

import pytest

from napari_medssl.models.networks import network_card
from napari_medssl.pretrain.cards import method_cards
from napari_medssl.pretrain.transfer import Transfer


def test_a_gain_is_the_mean_of_each_draw_s():
    one = Transfer(700, "unet_small", (0.84, 0.80, 0.83), (0.82, 0.81, 0.83))
    assert one.gain == pytest.approx(0.01 / 3)


@pytest.mark.parametrize(
    ("learned", "verdict"),
    [(0.825, "no difference that three draws tell"), (0.85, "a gain"), (0.80, "a loss")],
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
        assert len(transfer.learned) == len(transfer.random) == 3
        assert all(0 < dice < 1 for dice in (*transfer.learned, *transfer.random))


def test_methods_of_one_network_are_compared_with_the_same_random_weights():
    told = [card.transfer for card in method_cards().values() if card.transfer is not None]
    assert len({transfer.random for transfer in told}) == len({t.network for t in told})
