from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from bright_cases import bright_case, bright_example

from napari_medssl.errors import UnreadableFileError, UsageError
from napari_medssl.finetune.volumes.examples import Example
from napari_medssl.finetune.volumes.facts import case_facts, survey


def test_a_case_is_told_in_millimetres():
    case = bright_case(0, spacing=(2.0, 1.0, 0.5))
    facts = case_facts("case-000", "p", case)
    assert set(facts.extents_mm) == {3, 7}
    assert facts.extents_mm[3] == (18.0, 9.0, 4.5)
    assert facts.shape == (18, 20, 22)
    assert facts.grey[0] <= facts.grey[1] < -100
    assert 180 < facts.grey[2] < 250


def test_only_what_was_looked_at_is_told():
    case = bright_case(0)
    looked = np.zeros(case.labels.shape, bool)
    looked[0] = True
    facts = case_facts("case-000", "p", replace(case, looked_at=looked))
    assert set(facts.extents_mm) == {7}


def test_cases_that_cannot_be_read_or_are_empty_are_left_out_and_said_why():
    def broken():
        raise UnreadableFileError("the file is cut off")

    def empty():
        case = bright_case(1)
        return replace(case, labels=np.zeros_like(case.labels))

    told: list[int] = []
    examples = [bright_example(0), Example("case-1", "a", broken), Example("case-2", "b", empty)]
    found = survey(examples, told.append)
    assert [case.id for case in found.cases] == ["case-000"]
    assert "cut off" in found.left_out["case-1"]
    assert "Nothing is drawn" in found.left_out["case-2"]
    assert told == [1, 2, 3]
    assert found.labels == (3, 7)


def test_nothing_to_learn_from_is_a_sentence():
    with pytest.raises(UsageError, match="at least one with a finished mask"):
        survey([])
