"""A project, or two folders, as what nnU-Net is trained on; nothing of nnunetv2 is needed."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from nnunet_cases import make_cases

from napari_medssl.cli.nnunet_masks import with_source_values
from napari_medssl.cli.nnunet_source import (
    arguments_of,
    cases_without_mask,
    export_source,
    open_source,
)
from napari_medssl.errors import UnreadableFileError
from napari_medssl.finetune.nnunet.model import NnunetCard, OutputLabel
from napari_medssl.finetune.nnunet.recipe import TrainingSet
from napari_medssl.io import LabelInfo
from napari_medssl.project import create_project


def exported(given: dict[str, object], work: Path, left_out: list[str]) -> TrainingSet:
    with open_source(given, work) as project:
        return export_source(project, given, work, lambda *_: None, left_out.append)


def test_folders_are_paired_by_name_and_renamed_to_ids(tmp_path: Path) -> None:
    images, labels = make_cases(tmp_path, images=3, labels=2)
    (images / ".DS_Store").write_bytes(b"x")
    (labels / "patient_0.json").write_text("{}")
    given, work, told = arguments_of(None, images, labels, everything=False), tmp_path / "w", []
    work.mkdir()
    training = exported(given, work, told)
    assert told == []
    assert training.folders.dataset == "Dataset501_Cases"
    assert sorted(path.name for path in (training.folders.raw / "labelsTr").iterdir()) == [
        "case-001.nii.gz",
        "case-002.nii.gz",
    ]
    assert cases_without_mask(work) == ["case-003"]
    assert [(one.written, one.value) for one in training.labels] == [(1, 3), (2, 7)]
    first = nib.load(training.folders.raw / "labelsTr" / "case-001.nii.gz")
    before = nib.load(labels / "patient_0.nii.gz")
    assert np.array_equal(first.get_fdata() == 2, before.get_fdata() == 7)
    assert np.allclose(first.affine, before.affine)
    names = json.loads((training.folders.raw / "dataset.json").read_text())["channel_names"]
    assert names == {"0": "CT"}
    again = exported(given, work, told)  # as a resumed job does
    assert again == training


def test_a_project_keeps_its_names_and_values(tmp_path: Path) -> None:
    images, labels = make_cases(tmp_path, images=2, labels=2)
    with create_project(tmp_path / "p", labels=[LabelInfo(7, "Core", (9, 9, 9))]) as project:
        project.add(images)
        for case, name in zip(project.cases(), ("patient_0", "patient_1"), strict=True):
            stored = np.asarray(nib.load(labels / f"{name}.nii.gz").dataobj)
            on_grid = case.grid.axes.apply(np.where(stored == 7, 7, 0).astype(np.uint8))
            project.replace_mask(case.id, on_grid, "Drawn")
        project.set_status("case-001", "done")
    for everything, without in ((False, ["case-002"]), (True, [])):
        work = tmp_path / f"work-{everything}"
        work.mkdir()
        given = arguments_of(tmp_path / "p", None, None, everything=everything)
        training = exported(given, work, [])
        assert training.labels == (OutputLabel(1, 7, "Core", (9, 9, 9)),)
        assert cases_without_mask(work) == without
        assert all(len(digest) == 64 for digest in training.cases.values())


def test_a_damaged_image_is_told(tmp_path: Path) -> None:
    images, labels = make_cases(tmp_path, images=1, labels=1)
    (images / "cut.nii.gz").write_bytes((images / "patient_0.nii.gz").read_bytes()[:300])
    with pytest.raises(UnreadableFileError, match=r"cut\.nii\.gz"):
        open_source(arguments_of(None, images, labels, everything=False), tmp_path)


def test_values_go_back_to_those_of_the_source() -> None:
    card = NnunetCard(("CT",), ".png", (OutputLabel(1, 300, "A"), OutputLabel(2, 4, "B")), ())
    found = with_source_values(np.array([[[0, 1, 2]]], np.uint8), card)
    assert found.tolist() == [[[0, 300, 4]]]
    assert found.dtype == np.uint16
    with pytest.raises(UnreadableFileError, match="a mask with the value 3"):
        with_source_values(np.array([[[3]]], np.uint8), replace(card))
