"""Dividing patients for cross-validation."""

from __future__ import annotations

import pytest

from napari_medssl.finetune.folds import folds


@pytest.mark.parametrize("people", range(2, 9))
@pytest.mark.parametrize("each", [1, 2])
def test_each_case_judges_once_and_never_beside_its_patient(people: int, each: int) -> None:
    patients = {f"c{p}{n}": f"p{p}" for p in range(people) for n in range(each)}
    made = folds(patients, seed=3)
    assert len(made) == min(3, people)
    assert sorted(case for fold in made for case in fold.judging) == sorted(patients)
    for fold in made:
        assert sorted(fold.training + fold.judging) == sorted(patients)
        assert fold.training
        assert not {patients[c] for c in fold.training} & {patients[c] for c in fold.judging}


def test_one_patient_cannot_be_divided() -> None:
    assert folds({"a": "p", "b": "p"}) == ()
    assert folds({}) == ()


def test_the_seed_draws_who_judges_together() -> None:
    patients = {f"c{n}": f"p{n}" for n in range(9)}
    assert folds(patients, seed=1) == folds(patients, seed=1)
    assert {folds(patients, seed=n)[0] for n in range(5)} != {folds(patients, seed=1)[0]}
    assert len(folds(patients, most=4)) == 4
