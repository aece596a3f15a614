"""What goes into a training set, decided before anything is written."""

from __future__ import annotations

from pathlib import Path

import pytest
from training_sets import LIVER, TUMOUR, outline, project_of_scans, write_picture

from napari_medssl.errors import UsageError
from napari_medssl.io import LabelInfo
from napari_medssl.project import create_project
from napari_medssl.project.dataset_plan import plan_dataset
from napari_medssl.project.msd import MsdLayout
from napari_medssl.project.nnunet import NnunetLayout


def test_cases_labels_files_and_room(tmp_path: Path) -> None:
    with project_of_scans(tmp_path) as project:
        project.set_labels([LIVER, TUMOUR, LabelInfo(9, "never drawn", (1, 2, 3))])
        outline(project, "case-002")
        outline(project, "case-003", done=False)
        plan = plan_dataset(project, NnunetLayout(), "Livers", everything=False)
        assert plan.content.training == ("case-002",)
        assert plan.content.test == ("case-001", "case-003")
        assert [(label.value, label.name) for label in plan.content.labels] == [
            (1, "Liver"),
            (2, "Tumour"),
        ]
        assert plan.values == {3: 1, 300: 2}
        assert plan.content.channels == ("CT",)
        assert plan.files == (
            "dataset.json",
            "imagesTr/case-002_0000.nii.gz",
            "imagesTs/case-001_0000.nii.gz",
            "imagesTs/case-003_0000.nii.gz",
            "labelsTr/case-002.nii.gz",
        )
        assert plan.bytes == 3 * 7 * 5 * 6
        everything = plan_dataset(project, MsdLayout(), "Livers", everything=True)
        assert everything.content.training == ("case-002", "case-003")
        assert everything.values == {3: 3, 300: 300}


def test_nothing_to_train_with(tmp_path: Path) -> None:
    with project_of_scans(tmp_path, 1) as project:
        with pytest.raises(UsageError, match="no case is done"):
            plan_dataset(project, MsdLayout(), "x", everything=False)
        with pytest.raises(UsageError, match="no case is outlined"):
            plan_dataset(project, MsdLayout(), "x", everything=True)
        project.set_status("case-001", "done")
        with pytest.raises(UsageError, match="nothing is outlined"):
            plan_dataset(project, MsdLayout(), "x", everything=False)


def test_pictures_and_volumes_do_not_mix(tmp_path: Path) -> None:
    with project_of_scans(tmp_path, 1) as project:
        outline(project, "case-001")
        project.add(write_picture(tmp_path / "a.png", 0, colour=False))
        with pytest.raises(UsageError, match="only pictures, or only volumes"):
            plan_dataset(project, NnunetLayout(), "x", everything=False)


def test_pictures_are_not_for_msd_and_grey_ones_have_one_channel(tmp_path: Path) -> None:
    with create_project(tmp_path / "project") as project:
        case = project.add(write_picture(tmp_path / "a.png", 0, colour=False)).added[0]
        outline(project, case)
        with pytest.raises(UsageError, match="no place for pictures"):
            plan_dataset(project, MsdLayout(), "x", everything=False)
        plan = plan_dataset(project, NnunetLayout(), "x", everything=False)
    assert plan.content.suffix == ".png"
    assert plan.content.channels == ("image",)
