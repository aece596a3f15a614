from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from napari_medssl.errors import UnreadableFileError, UsageError, WeightsError
from napari_medssl.finetune.nnunet.model import (
    CARD,
    CHECKPOINT,
    Member,
    NnunetCard,
    OutputLabel,
    member_at,
    read_model,
)
from napari_medssl.finetune.nnunet.planning import read_plan, require_cases

CARD_OF_ONE = NnunetCard(
    channels=("CT",),
    suffix=".nii.gz",
    labels=(OutputLabel(1, 4, "Liver", (1, 2, 3)), OutputLabel(2, 9, "Vessel")),
    members=(Member("3d_cascade_fullres", "3d_cascade_fullres", ("fold_0",)),),
    before=Member("3d_lowres", "3d_lowres", ("fold_0", "fold_1")),
    postprocessing=((1, 2), (1,)),
    dice={"chosen": None, "3d_cascade_fullres": 0.8},
    facts={"epochs": 3},
)


def test_a_card_comes_back_from_a_model_and_from_its_job(tmp_path: Path) -> None:
    place = tmp_path / "artifacts" / "model"
    place.mkdir(parents=True)
    (place / CARD).write_text(CARD_OF_ONE.text())
    for folder in (place, tmp_path, tmp_path / "artifacts"):
        assert read_model(folder) == (place, CARD_OF_ONE)
    assert "Not a medical device" in (place / CARD).read_text()


@pytest.mark.parametrize(
    "change",
    [
        {"format": 9},
        {"members": [{"configuration": "2d", "folder": "../../elsewhere", "folds": ["fold_0"]}]},
        {"members": [{"configuration": "2d", "folder": "/etc", "folds": ["fold_0"]}]},
        {"members": [{"configuration": "2d", "folder": "2d", "folds": ["../fold_0"]}]},
        {"labels": [{"written": 1}]},
        {"surprise": 1},
    ],
)
def test_a_card_that_is_damaged_or_points_elsewhere_is_refused(
    tmp_path: Path, change: dict[str, Any]
) -> None:
    (tmp_path / CARD).write_text(json.dumps({**json.loads(CARD_OF_ONE.text()), **change}))
    with pytest.raises(UnreadableFileError, match="damaged"):
        read_model(tmp_path)


def test_what_is_no_model_is_told(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="no nnU-Net model"):
        read_model(tmp_path)
    (tmp_path / "plans.json").write_text("{}")
    (tmp_path / "dataset.json").write_text('{"labels": {"whole": [1, 2]}}')
    with pytest.raises(UnreadableFileError, match="labels are made of others"):
        read_model(tmp_path)
    with pytest.raises(WeightsError, match="no fold"):
        member_at(tmp_path, tmp_path, "2d")
    for fold in ("fold_1", "fold_0"):
        (tmp_path / fold).mkdir()
        (tmp_path / fold / CHECKPOINT).touch()
    assert member_at(tmp_path, tmp_path, "2d").folds == ("fold_0", "fold_1")


def test_too_few_cases_and_damaged_plans_are_told(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFileError, match=r"dataset\.json"):
        require_cases(tmp_path)
    (tmp_path / "dataset.json").write_text('{"numTraining": 4}')
    with pytest.raises(UsageError, match="4 cases with a mask; expected 5 or more"):
        require_cases(tmp_path)
    (tmp_path / "dataset.json").write_text('{"numTraining": 5}')
    require_cases(tmp_path)
    with pytest.raises(UnreadableFileError, match="missing or damaged"):
        read_plan(tmp_path / "none.json")
    with pytest.raises(UnreadableFileError, match="no plan of nnU-Net 2"):
        read_plan(tmp_path / "dataset.json")
