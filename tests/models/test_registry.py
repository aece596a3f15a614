from __future__ import annotations

import re
import subprocess
import sys

import pytest

from napari_medssl.errors import UsageError
from napari_medssl.models import model_card, model_cards


def test_cards_are_complete() -> None:
    for name, card in model_cards().items():
        assert card.name == name
        assert re.fullmatch("[0-9a-f]{64}", card.sha256)
        assert card.bytes > 1_000_000
        assert card.licence
        assert card.offline != bool(card.url)
        assert not card.url or card.url.startswith("https://")


def test_the_first_card_works_offline_and_takes_boxes_only() -> None:
    first = next(iter(model_cards().values()))
    assert first.name == "litemedsam"
    assert first.offline
    assert not first.takes_points
    assert model_card("sam_vit_b").takes_points


def test_an_unknown_name_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UsageError, match="sam_vit_h"):
        model_card("sam2")


def test_cards_and_files_need_no_torch() -> None:
    code = (
        "import sys\n"
        "from napari_medssl.models import model_cards\n"
        "from napari_medssl.models.weights import find_weights\n"
        "assert find_weights(model_cards()['litemedsam'])\n"
        "print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
