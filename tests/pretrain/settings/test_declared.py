from __future__ import annotations

import pytest

from napari_medssl.errors import UsageError
from napari_medssl.pretrain.settings.declared import taken
from napari_medssl.pretrain.settings.setting import Setting

KNOWN = (Setting("width", 8, "How wide"), Setting("iou", (0.3, 0.6), "How alike"))


def test_what_is_not_given_stays_as_it_is():
    assert taken({}, KNOWN, "it") == {"width": 8, "iou": (0.3, 0.6)}
    assert taken({"iou": [0, 1]}, KNOWN, "it") == {"width": 8, "iou": (0.0, 1.0)}


def test_what_is_given_is_read():
    with pytest.raises(UsageError, match="width=wide; expected a whole number"):
        taken({"width": "wide"}, KNOWN, "it")


def test_a_misspelt_one_is_refused_and_all_that_there_are_are_named():
    with pytest.raises(UsageError, match=r"'witdh' of Barlow; expected one of iou, width"):
        taken({"witdh": 8}, KNOWN, "Barlow")
