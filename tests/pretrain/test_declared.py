from __future__ import annotations

import pytest

from napari_medssl.errors import UsageError
from napari_medssl.pretrain.declared import taken

KNOWN = {"width": 8, "rate": 0.5, "way": "exact", "still": False, "iou": (0.3, 0.6), "crop": ()}


def test_what_is_not_given_stays_as_it_is():
    assert taken({}, KNOWN, "it") == KNOWN


@pytest.mark.parametrize(
    ("given", "became"),
    [
        ({"width": 0}, 0),
        ({"rate": 1}, 1.0),
        ({"way": "any"}, "any"),
        ({"still": True}, True),
        ({"iou": [0, 1]}, (0.0, 1.0)),
        ({"crop": [8, 8, 8]}, (8, 8, 8)),
    ],
)
def test_what_is_given_is_of_the_kind_it_has(given, became):
    [name] = given
    value = taken(given, KNOWN, "it")[name]
    assert value == became
    assert type(value) is type(KNOWN[name])


@pytest.mark.parametrize(
    "given",
    [
        {"width": 1.5},
        {"width": True},
        {"width": -1},
        {"width": "8"},
        {"rate": "fast"},
        {"rate": float("nan")},
        {"rate": float("inf")},
        {"rate": -0.1},
        {"rate": False},
        {"way": 3},
        {"still": 1},
        {"iou": [0.3]},
        {"iou": 0.3},
        {"iou": "0.3"},
        {"iou": ["a", "b"]},
        {"crop": [8.5]},
        {"crop": {}},
    ],
)
def test_another_kind_is_refused_by_name(given):
    [name] = given
    with pytest.raises(UsageError, match=f"{name}=|{name} of"):
        taken(given, KNOWN, "it")


def test_a_misspelt_one_is_refused_and_all_that_there_are_are_named():
    with pytest.raises(UsageError, match=r"'witdh' of Barlow; expected one of crop, iou, rate"):
        taken({"witdh": 8}, KNOWN, "Barlow")
