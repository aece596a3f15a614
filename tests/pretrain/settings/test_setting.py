from __future__ import annotations

import pytest

from napari_medssl.errors import UsageError
from napari_medssl.pretrain.settings.setting import Setting


@pytest.mark.parametrize(
    ("default", "given", "became"),
    [
        (8, 0, 0),
        (0.5, 1, 1.0),
        ("exact", "any", "any"),
        (False, True, True),
        ((0.3, 0.6), [0, 1], (0.0, 1.0)),
        ((), [8, 8, 8], (8, 8, 8)),
    ],
)
def test_what_is_given_is_of_the_kind_it_has(default, given, became):
    value = Setting("it", default, "What it does", ("exact", "any")).read(given)
    assert value == became
    assert type(value) is type(default)


@pytest.mark.parametrize(
    ("default", "given"),
    [
        (8, 1.5),
        (8, True),
        (8, -1),
        (8, "8"),
        (0.5, "fast"),
        (0.5, float("nan")),
        (0.5, float("inf")),
        (0.5, -0.1),
        (0.5, False),
        ("exact", 3),
        (False, 1),
        ((0.3, 0.6), [0.3]),
        ((0.3, 0.6), 0.3),
        ((0.3, 0.6), "0.3"),
        ((0.3, 0.6), ["a", "b"]),
        ((), [8.5]),
        ((), {}),
    ],
)
def test_another_kind_is_refused_by_name(default, given):
    with pytest.raises(UsageError, match="it="):
        Setting("it", default, "What it does").read(given)


def test_no_other_word_and_nothing_beyond_the_limits():
    way = Setting("way", "exact", "Which", ("exact", "any"))
    with pytest.raises(UsageError, match=r"way=some; expected one of exact, any\."):
        way.read("some")
    with pytest.raises(UsageError, match=r"part=1\.5; expected 0 to 1\."):
        Setting("part", 0.1, "How much", high=1).read(1.5)
    with pytest.raises(UsageError, match=r"iou=2; expected 0 to 1\."):
        Setting("iou", (0.3, 0.6), "How much", high=1).read([0.1, 2])
    with pytest.raises(UsageError, match=r"width=0; expected 1 or more\."):
        Setting("width", 8, "How wide", low=1).read(0)


@pytest.mark.parametrize(
    ("default", "kind"),
    [
        (True, "yes or no"),
        ("a", "choice"),
        (3, "whole number"),
        (3.0, "number"),
        ((1.0, 2.0), "numbers"),
    ],
)
def test_a_form_knows_what_to_make_of_it(default, kind):
    assert Setting("it", default, "What it does").kind == kind
