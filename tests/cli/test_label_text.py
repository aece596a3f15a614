from __future__ import annotations

import pytest

from napari_medssl.cli.label_text import hex_colour, label_facts, parse_label
from napari_medssl.errors import UsageError
from napari_medssl.io.label_table import unnamed_label


@pytest.mark.parametrize(
    ("text", "value", "name", "colour"),
    [
        ("1,liver,#e65a28", 1, "liver", (0xE6, 0x5A, 0x28)),
        (" 300 , left, upper lobe , #FFFFFF ", 300, "left, upper lobe", (255, 255, 255)),
        ("7,7", 7, "7", unnamed_label(7).colour),
        ("2,Zyste (groß)", 2, "Zyste (groß)", unnamed_label(2).colour),
    ],
)
def test_labels_are_read_as_they_are_typed(text, value, name, colour) -> None:
    label = parse_label(text)
    assert (label.value, label.name, label.colour) == (value, name, colour)


@pytest.mark.parametrize(
    "text", ["", "liver", "1", "1,", "-1,liver", "1,liver,#12", "1,liver,#gggggg", "1,#112233"]
)
def test_anything_else_is_refused(text) -> None:
    with pytest.raises(UsageError, match="expected VALUE,NAME"):
        parse_label(text)


def test_what_is_printed_can_be_typed_again() -> None:
    label = parse_label("4,spleen,#0a0b0c")
    facts = label_facts(label)
    assert facts == {"value": 4, "name": "spleen", "colour": "#0a0b0c"}
    assert parse_label(f"{facts['value']},{facts['name']},{hex_colour(label)}") == label
