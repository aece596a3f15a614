from __future__ import annotations

import math

import pytest

from napari_medssl.correct import Parameter, Tool
from napari_medssl.errors import UsageError

MARGIN = Parameter("mm", "Margin", "mm", 2, 0.5, 20, "How far.")
RANGE = Parameter("low", "From", "", None, -9, 9, "Lowest.")
TOOL = Tool("t", "T", "Does.", "G", lambda target, mm, low: None, (MARGIN, RANGE))


def test_defaults_stand_for_what_is_not_given() -> None:
    assert TOOL.settings({"low": 1}) == {"mm": 2.0, "low": 1.0}
    assert TOOL.settings({"low": -9, "mm": 0.5}) == {"mm": 0.5, "low": -9.0}


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({}, "without low"),
        ({"low": 1, "mm": 0.4}, r"mm=0\.4; expected 0\.5 to 20 mm"),
        ({"low": 1, "mm": 21}, "mm=21"),
        ({"low": math.nan}, "low=nan; expected -9 to 9"),
        ({"low": math.inf}, "low=inf"),
        ({"low": 1, "millimetres": 1}, "'millimetres' of 't'; expected mm, low"),
    ],
)
def test_a_setting_that_does_not_fit_is_told_in_a_sentence(
    given: dict[str, float], words: str
) -> None:
    with pytest.raises(UsageError, match=words):
        TOOL.settings(given)


def test_a_tool_without_settings_says_so() -> None:
    with pytest.raises(UsageError, match="it has no settings"):
        Tool("t", "T", "Does.", "G", lambda target: None).settings({"mm": 1})
