from __future__ import annotations

import numpy as np
from bright_cases import PLAN, prepared_cases
from test_recipe import network_of

from napari_medssl.finetune.volumes.judging import Verdict, dice_of, judge


def test_dice_counts_only_what_somebody_looked_at():
    found, drawn = np.zeros((2, 4), int), np.zeros((2, 4), int)
    found[0, :2], drawn[0, 1:3] = 1, 1
    found[1], drawn[1] = 1, 2
    counted = np.array([[True] * 4, [False] * 4])
    assert dice_of(found, drawn, counted, [1, 2]) == {1: 0.5}
    assert dice_of(found, drawn, np.ones((2, 4), bool), [1, 2]) == {1: 2 / 8, 2: 0.0}


def test_means_are_over_cases_first_and_then_over_classes():
    verdict = Verdict({"a": {1: 0.2, 2: 1.0}, "b": {1: 0.4}})
    assert verdict.by_class == {1: 0.30000000000000004, 2: 1.0}
    assert abs(verdict.mean - 0.65) < 1e-12
    assert verdict.worst == "b"
    assert np.isnan(Verdict({}).mean)
    assert Verdict({}).worst == ""


def test_every_case_is_looked_at_and_a_perfect_look_is_one():
    cases = prepared_cases(2)
    by_image = {id(case.image): case.classes for case in cases}
    verdict, found = judge(network_of(PLAN), cases, lambda _, image: by_image[id(image)])
    assert verdict.mean == 1.0
    assert found.keys() == {"case-000", "case-001"}
