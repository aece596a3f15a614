"""The gate: noise does not pass, what is better does."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from napari_medssl.errors import UsageError
from napari_medssl.finetune.gate import interval, not_measured, weigh
from napari_medssl.models.draws import draws


@dataclass(frozen=True)
class Row:
    case: str
    label: int
    dice: float
    hd95: float = 2.0
    difference_ml: float = 1.0
    name: str = "liver"


def rows(dices, label: int = 1) -> list[Row]:
    return [Row(f"case-{n:03d}", label, float(dice)) for n, dice in enumerate(dices)]


def people(count: int) -> dict[str, str]:
    return {f"case-{n:03d}": f"p{n}" for n in range(count)}


def test_the_interval_is_that_of_a_slow_bootstrap() -> None:
    differences = np.random.default_rng(0).normal(0.02, 0.05, 7)
    drawn = draws(5, "gate").integers(7, size=(2_000, 7))
    means = sorted(sum(differences[i] for i in row) / 7 for row in drawn)
    student = 1.9431803 / 1.6448536  # of 6 degrees of freedom, of infinitely many
    mean = sum(differences) / 7
    wider = [mean + (m - mean) * (7 / 6) ** 0.5 * student for m in means]
    low, high = interval(differences, 5)
    assert low == pytest.approx(np.percentile(wider, 5), abs=1e-7)
    assert high == pytest.approx(np.percentile(wider, 95), abs=1e-7)


@pytest.mark.parametrize("patients", [3, 5, 10])
def test_a_model_that_is_equal_within_noise_is_refused(patients: int) -> None:
    kinds = []
    for seed in range(50):
        random = np.random.default_rng(seed)
        old = random.uniform(0.6, 0.9, patients)
        new = old + random.normal(0, 0.03, patients)
        kinds.append(weigh(rows(old), rows(new), people(patients), seed=seed).kind)
    assert kinds.count("better") <= 5
    assert "not better" in kinds


@pytest.mark.parametrize("patients", [4, 10])
def test_one_that_is_truly_better_passes(patients: int) -> None:
    passed = 0
    for seed in range(50):
        random = np.random.default_rng(seed)
        old = random.uniform(0.6, 0.8, patients)
        new = old + random.normal(0.06, 0.02, patients)
        passed += weigh(rows(old), rows(new), people(patients), seed=seed).kind == "better"
    assert passed >= 45


def test_the_same_model_is_not_better() -> None:
    gate = weigh(rows([0.7, 0.8, 0.9]), rows([0.7, 0.8, 0.9]), people(3))
    assert gate.kind == "not better"
    assert "+0.000" in gate.words


def test_two_patients_cannot_tell_however_large_the_gain() -> None:
    gate = weigh(rows([0.1, 0.1]), rows([0.9, 0.9]), people(2))
    assert gate.kind == "cannot tell"
    assert "fewer than 3 patients" in gate.words
    one = weigh(rows([0.1] * 6), rows([0.9] * 6), dict.fromkeys(people(6), "same"))
    assert one.kind == "cannot tell", "six cases of one patient are one patient"
    row = one.as_row()
    assert row["difference"]["low"] is None
    assert row["verdict"]["kind"] == "cannot tell"


def test_the_table_and_the_worst_case() -> None:
    old = [Row("a", 1, 0.8, 4.0, -2.0), Row("b", 1, 0.6, 6.0, 2.0), Row("a", 2, float("nan"))]
    new = [Row("a", 1, 0.7, float("inf"), 1.0), Row("b", 1, 0.9, 2.0, -3.0), Row("a", 2, 0.0)]
    gate = weigh(old, new, {"a": "p", "b": "q"})
    liver, spleen = gate.labels
    assert (liver.cases, liver.old_dice, liver.new_dice) == (2, 0.7, 0.8)
    assert (liver.old_hd95_mm, liver.new_hd95_mm) == (5.0, 2.0), "where it was found"
    assert (liver.old_off_ml, liver.new_off_ml) == (2.0, 2.0)
    assert (spleen.old_dice, spleen.new_dice) == (1.0, 0.0), "rightly not found counts"
    assert gate.by_case == pytest.approx({"a": -0.55, "b": 0.3})
    assert list(gate.by_case or ()) == ["a", "b"]


def test_what_cannot_be_compared() -> None:
    with pytest.raises(UsageError, match="other cases or labels"):
        weigh(rows([0.5]), rows([0.5, 0.6]), people(2))
    nothing = weigh(rows([np.nan]), rows([np.nan]), people(1))
    assert nothing.kind == "not measured"
    assert not_measured("nobody is there").words == "Not measured: nobody is there."


def test_who_judged_by_cross_validation_is_told() -> None:
    told = [
        weigh(rows([0.2] * 4), rows([0.8] * 4), people(4), crossed=count).words
        for count in (0, 1, 3)
    ]
    assert "cross-validation" not in told[0]
    assert "1 of them judged networks that learned without them" in told[1]
    assert told[2] == f"{told[0]} {told[2][len(told[0]) + 1 :]}"
    assert "3 of them" in told[2]
