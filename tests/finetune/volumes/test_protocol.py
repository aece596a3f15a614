from __future__ import annotations

import pytest

from napari_medssl.finetune.volumes.protocol import Protocol


def test_the_loss_goes_from_its_first_weights_to_its_last():
    made = Protocol("made", "Made", "Made up.", first=(0.6, 0.4), last=(0.2, 0.8))
    assert made.parts_at(0, 5) == (0.6, 0.4)
    assert made.parts_at(2, 5) == pytest.approx((0.4, 0.6))
    assert made.parts_at(4, 5) == pytest.approx((0.2, 0.8))
    assert made.parts_at(5, 5) == pytest.approx((0.2, 0.8))  # after the last step
    assert made.parts_at(0, 1) == (0.6, 0.4)


def test_one_that_names_networks_is_for_those_alone():
    made = Protocol("made", "Made", "Made up.", networks=("smit",))
    assert made.suits("smit")
    assert not made.suits("unet")
    assert not made.suits(None)
    assert Protocol("made", "Made", "Made up.").suits(None)
