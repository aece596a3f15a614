from __future__ import annotations

from pathlib import Path

import pytest

from napari_medssl.errors import UsageError
from napari_medssl.finetune import hold_out, patient_of


@pytest.mark.parametrize(
    ("name", "patient"),
    [
        ("SC-HF-I-01-IM-0001-0048.dcm", "SC-HF-I-01"),
        ("361_2HC", "361"),
        ("361_HC", "361"),
        ("sub-01_ses-02_T1w", "sub-01"),
        ("study_patient7_slice12", "patient7"),
        ("amos_0004_75", "amos_0004"),
        ("s0114_111", "s0114"),
        ("scan42_z017", "scan42"),
        ("hippocampus_001", "hippocampus_001"),
        ("spleen_2", "spleen_2"),
        ("benign (3)", "benign (3)"),
        ("liver", "liver"),
    ],
)
def test_names_tell_patients(name: str, patient: str) -> None:
    assert patient_of(name) == patient


def test_a_pattern_says_it_better() -> None:
    assert patient_of("10019_spleen_8", r"spleen_\d+") == "spleen_8"
    assert patient_of("10019_spleen_8", r"_(\w+)_") == "spleen"
    with pytest.raises(UsageError, match="finds no patient"):
        patient_of("liver_8", r"spleen_\d+")
    with pytest.raises(UsageError, match="regular expression"):
        patient_of("liver_8", "(")


def test_some_are_held_out_and_some_are_not() -> None:
    patients = [f"p{n % 10}" for n in range(50)]
    held = hold_out(patients, 0.2, seed=3)
    assert len(held) == 2
    assert held < set(patients)
    assert held == hold_out(reversed(patients), 0.2, seed=3)
    assert len({frozenset(hold_out(patients, 0.2, seed)) for seed in range(8)}) > 3
    assert len(hold_out(["a", "b"], 0.01, 0)) == 1
    assert len(hold_out(["a", "b"], 0.99, 0)) == 1


def test_one_patient_cannot_be_split() -> None:
    with pytest.raises(UsageError, match="one patient"):
        hold_out(["a", "a"], 0.5, 0)


def test_real_names_are_of_six_patients(shared_data: Path) -> None:
    names = [path.stem for path in (shared_data / "sunnybrook-cardiac-mr" / "images").iterdir()]
    assert len(names) == 103
    assert {patient_of(name) for name in names} == {
        "SC-HF-I-01",
        "SC-HF-NI-03",
        "SC-HYP-01",
        "SC-HYP-08",
        "SC-N-02",
        "SC-N-03",
    }
