from __future__ import annotations

import pytest
from bright_cases import PLAN

from napari_medssl.errors import UsageError
from napari_medssl.finetune.volumes.protocols import (
    PROTOCOLS,
    protocol,
    require_protocol,
    under,
)


def test_of_the_kidney_it_goes_from_entropy_to_dice():
    kidney = protocol("kidney")
    assert kidney.parts_at(0, 5) == (0.6, 0.4)
    assert kidney.parts_at(2, 5) == pytest.approx((0.4, 0.6))
    assert kidney.parts_at(4, 5) == pytest.approx((0.2, 0.8))
    assert kidney.parts_at(0, 1) == (0.6, 0.4)
    assert protocol("ours").parts_at(3, 5) == (1.0, 1.0)


@pytest.mark.parametrize(
    ("name", "network", "begins", "words"),
    [
        ("theirs", None, True, "one of ours, decoder, kidney"),
        ("kidney", "unet_small", True, "with the network 'unet_small'; expected the network kid"),
        ("kidney", None, True, "chosen by the images"),
        ("decoder", "unet_small", False, "'decoder' from scratch"),
    ],
)
def test_what_makes_no_sense_is_refused(name, network, begins, words):
    with pytest.raises(UsageError, match=words):
        require_protocol(name, network=network, begins_with_weights=begins)


def test_a_plan_says_what_it_follows():
    require_protocol("kidney", network="kidney_dense", begins_with_weights=False)
    assert under(PLAN, "ours") == PLAN
    for name, one in PROTOCOLS.items():
        if name != "ours":
            plan = under(PLAN, name)
            assert (plan.protocol, plan.reasons[-1]) == (name, one.about)
