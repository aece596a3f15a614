from __future__ import annotations

from dataclasses import replace

import pytest
from made_scans import plan_for

from napari_medssl.errors import UsageError
from napari_medssl.pretrain.cards import method_cards
from napari_medssl.pretrain.planning.enough import batch_of_others, require_images


def test_too_few_are_said_with_what_would_do():
    require_images("simsiam", 4, 2)
    with pytest.raises(UsageError, match=r"with 1 image, as 5 were left out; expected 4 or more"):
        require_images("simsiam", 1, 5)
    with pytest.raises(UsageError, match=r"with 3 images; expected 4 or more\. Add images"):
        require_images("barlow", 3)


def test_a_batch_that_compares_holds_no_image_twice():
    plan = plan_for("barlow", batch=16)
    fewer = batch_of_others(plan, 5)
    assert fewer == replace(plan, batch=5, reasons=fewer.reasons)
    assert fewer.reasons[-1].endswith("there are 5: 5 at a time, not 16.")
    assert batch_of_others(plan, 16) is plan
    assert batch_of_others(plan_for("simmim", batch=16), 5).batch == 16
    assert {card.name for card in method_cards().values() if card.compares} == {
        "barlow",
        "contrastive",
        "swin-unetr",
    }


def test_parts_of_a_batch_are_compared_alone_and_processes_take_as_many():
    parts = batch_of_others(plan_for("barlow", batch=16, accumulate=2), 5)
    assert (parts.batch, parts.accumulate) == (10, 2)
    assert batch_of_others(plan_for("barlow", batch=16), 5, processes=2).batch == 4
    with pytest.raises(UsageError, match=r"5 images for 8 processes; expected 8 images or more"):
        batch_of_others(plan_for("barlow", batch=16), 5, processes=8)
