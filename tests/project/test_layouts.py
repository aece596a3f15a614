"""Which files make a training set, and what is passed over."""

from __future__ import annotations

from pathlib import Path

import pytest

from napari_medssl.errors import UnreadableFileError
from napari_medssl.project.layouts import files_in, matched, read_description, whole_numbers


def test_hidden_twins_and_other_files_are_passed_over(tmp_path: Path) -> None:
    for name in ("a.nii.gz", "._a.nii.gz", ".b.nii.gz", "a.json", "b.nii", "c.nii.gz"):
        (tmp_path / name).touch()
    (tmp_path / "d.nii.gz").mkdir()
    assert list(files_in(tmp_path, ".nii.gz")) == ["a", "c"]
    assert files_in(tmp_path / "gone", ".nii.gz") == {}


def test_missing_halves_are_told() -> None:
    images = {name: Path(f"images/{name}.nii.gz") for name in ("a", "b")}
    masks = {name: Path(f"masks/{name}.nii.gz") for name in ("b", "c")}
    pairs, told = matched(images, masks)
    assert [(pair.image.name, pair.mask and pair.mask.name) for pair in pairs] == [
        ("a.nii.gz", None),
        ("b.nii.gz", "b.nii.gz"),
    ]
    assert told == ["'a.nii.gz' has no mask.", "'c.nii.gz' has no image."]


def test_values_that_stand_for_nothing_are_no_labels() -> None:
    rows = [("0", "background"), ("1", "liver"), (2, "tumour"), ([1, 2], "both"), ("x", "y")]
    assert whole_numbers(rows) == {1: "liver", 2: "tumour"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "there is no 'dataset.json'"),
        ("{", "is damaged"),
        ("[]", "does not tell"),
        ('{"labels": 3}', "does not tell the labels"),
    ],
)
def test_a_folder_that_is_no_training_set(tmp_path: Path, text: str | None, said: str) -> None:
    if text is not None:
        (tmp_path / "dataset.json").write_text(text)
    with pytest.raises(UnreadableFileError, match=said):
        read_description(tmp_path)
