"""The masks of a finished run, and the hash of the networks that made them."""

from __future__ import annotations

from pathlib import Path

import pytest

from napari_medssl.errors import UsageError, WeightsError
from napari_medssl.finetune.nnunet.found import found_masks
from napari_medssl.finetune.nnunet.model import CARD, CHECKPOINT, Member, NnunetCard, OutputLabel


def make_run(artifacts: Path, *cases: str, weights: bytes = b"weights") -> Path:
    """Write what a run leaves: a card, a checkpoint, and a file for each mask."""
    member = Member("2d", "2d", ("fold_0", "fold_1"))
    card = NnunetCard(("CT",), ".nii.gz", (OutputLabel(1, 3, "Liver"),), (member,))
    for fold in member.folds:
        (artifacts / "model" / "2d" / fold).mkdir(parents=True, exist_ok=True)
        (artifacts / "model" / "2d" / fold / CHECKPOINT).write_bytes(weights + fold.encode())
    (artifacts / "model" / CARD).write_text(card.text())
    (artifacts / "masks").mkdir(exist_ok=True)
    for case in cases:
        (artifacts / "masks" / f"{case}.nii.gz").touch()
        (artifacts / "masks" / f"{case}.json").touch()
    return artifacts


def test_masks_are_known_by_their_cases(tmp_path: Path) -> None:
    found = found_masks(make_run(tmp_path, "case-006", "case-007"))
    assert list(found.masks) == ["case-006", "case-007"]
    assert found.masks["case-006"].name == "case-006.nii.gz"
    assert found.settings == {"configurations": ["2d"]}
    assert (found.model, found.title) == ("nnunet", "nnU-Net")


def test_other_weights_have_another_hash(tmp_path: Path) -> None:
    hashes = [
        found_masks(make_run(tmp_path, "case-001", weights=weights)).weights_sha256
        for weights in (b"one", b"one", b"other")
    ]
    assert hashes[0] == hashes[1] != hashes[2]
    assert len(hashes[0]) == 64


def test_a_run_without_masks_or_model_is_said(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="no nnU-Net model"):
        found_masks(tmp_path)
    with pytest.raises(UsageError, match="every case was trained on"):
        found_masks(make_run(tmp_path))
