from __future__ import annotations

import pytest

from napari_medssl.errors import WeightsError
from napari_medssl.io import atomic_write
from napari_medssl.models.saved_plan import read_plan_row, write_plan_row


def test_a_plan_comes_back_and_none_is_none(tmp_path):
    assert read_plan_row(tmp_path) is None
    row = {"steps": 3, "crop": [8, 8], "reasons": ["because ä"]}
    write_plan_row(tmp_path, row, atomic_write)
    assert read_plan_row(tmp_path) == row


@pytest.mark.parametrize("text", ["", "{", "3", '"plan"'])
def test_a_damaged_plan_is_a_sentence(tmp_path, text):
    (tmp_path / "plan.json").write_text(text)
    with pytest.raises(WeightsError, match="is damaged"):
        read_plan_row(tmp_path)
