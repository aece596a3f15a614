"""nnU-Net's layout, field by field."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from napari_medssl.errors import UnreadableFileError, UsageError
from napari_medssl.io import LabelInfo
from napari_medssl.project.layouts import Content
from napari_medssl.project.nnunet import NnunetLayout

CONTENT = Content(
    name="Liver",
    channels=("CT",),
    labels=(LabelInfo(1, "liver", (1, 2, 3)), LabelInfo(2, "tumour", (4, 5, 6))),
    suffix=".nii.gz",
    training=("case-001", "case-002"),
    test=("case-003",),
)


def test_description() -> None:
    told = json.loads(json.dumps(NnunetLayout().description(CONTENT)))
    assert told.pop("description")
    assert told == {
        "name": "Liver",
        "channel_names": {"0": "CT"},
        "labels": {"background": 0, "liver": 1, "tumour": 2},
        "numTraining": 2,
        "file_ending": ".nii.gz",
    }


def test_labels_of_one_name_stay_apart() -> None:
    labels = tuple(
        LabelInfo(n, name, (1, 2, 3)) for n, name in enumerate(("background", "x", "x"), start=1)
    )
    told = NnunetLayout().description(replace(CONTENT, labels=labels))["labels"]
    assert told == {"background": 0, "background (2)": 1, "x": 2, "x (2)": 3}


def test_files_of_a_case() -> None:
    layout = NnunetLayout()
    assert layout.image_names("c", 1, ".nii.gz") == ("c_0000.nii.gz",)
    assert layout.image_names("c", 3, ".nii.gz")[2] == "c_0002.nii.gz"
    assert layout.image_names("c", 3, ".png") == ("c_0000.png",)


def test_folder(tmp_path: Path) -> None:
    layout = NnunetLayout()
    assert layout.folder(tmp_path, "left liver, 2", 7).name == "Dataset007_LeftLiver2"
    assert layout.folder(tmp_path, "肝臓", 501).name == "Dataset501_Project"
    (tmp_path / "Dataset007_Other").mkdir()
    with pytest.raises(UsageError, match="is that of 'Dataset007_Other'"):
        layout.folder(tmp_path, "liver", 7)
    with pytest.raises(UsageError, match="expected 1 to 999"):
        layout.folder(tmp_path, "liver", 0)


def test_first_channels_are_found(tmp_path: Path) -> None:
    names = (
        "imagesTr/a_0000",
        "imagesTr/a_0001",
        "imagesTr/._a_0000",
        "imagesTr/odd",
        "labelsTr/a",
        "imagesTs/b_0000",
    )
    for name in names:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / f"{name}.nrrd").touch()
    description = {
        "channel_names": {"0": "T1", "1": "T2"},
        "labels": {"background": 0, "all": [1, 2], "core": 2},
        "file_ending": ".nrrd",
    }
    assert NnunetLayout().recognises(description)
    found = NnunetLayout().find(tmp_path, description)
    assert found.names == {2: "core"}
    assert [(p.image.name, p.mask is not None) for p in found.pairs] == [
        ("a_0000.nrrd", True),
        ("b_0000.nrrd", False),
    ]
    assert found.told == (
        "2 images of further channels were passed over.",
        "Labels that are made of others were passed over.",
    )


def test_images_elsewhere_are_told(tmp_path: Path) -> None:
    description = {"labels": {}, "file_ending": ".png", "dataset": {"a": {}}}
    with pytest.raises(UnreadableFileError, match="lie in other folders"):
        NnunetLayout().find(tmp_path, description)
