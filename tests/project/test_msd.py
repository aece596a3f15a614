"""The Decathlon's layout, field by field."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

from napari_medssl.io import LabelInfo
from napari_medssl.project.layouts import Content
from napari_medssl.project.msd import MsdLayout

CONTENT = Content(
    name="Liver",
    channels=("CT",),
    labels=(LabelInfo(1, "liver", (1, 2, 3)), LabelInfo(7, "tumour", (4, 5, 6))),
    suffix=".nii.gz",
    training=("case-001", "case-002"),
    test=("case-003",),
)


def test_description() -> None:
    told = json.loads(json.dumps(MsdLayout().description(CONTENT)))
    assert told.pop("release") == date.today().isoformat()
    assert told.pop("description")
    assert told == {
        "name": "Liver",
        "reference": "",
        "licence": "",
        "tensorImageSize": "3D",
        "modality": {"0": "CT"},
        "labels": {"0": "background", "1": "liver", "7": "tumour"},
        "numTraining": 2,
        "numTest": 1,
        "training": [
            {"image": f"./imagesTr/{case}.nii.gz", "label": f"./labelsTr/{case}.nii.gz"}
            for case in ("case-001", "case-002")
        ],
        "test": ["./imagesTs/case-003.nii.gz"],
    }


def test_a_folder_is_searched_and_its_list_checked(tmp_path: Path) -> None:
    for name in ("imagesTr/a", "imagesTr/._a", "labelsTr/a", "labelsTr/b", "imagesTs/c"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / f"{name}.nii.gz").touch()
    listed = [{"image": f"./imagesTr/{n}.nii.gz", "label": f"./labelsTr/{n}.nii.gz"} for n in "az"]
    description = {"modality": {"0": "MRI"}, "labels": {"0": "background", "1": "x"}}
    assert MsdLayout().recognises(description)
    found = MsdLayout().find(tmp_path, {**description, "training": [*listed, "rubbish"]})
    assert found.names == {1: "x"}
    assert [(p.image.name, p.mask is not None) for p in found.pairs] == [
        ("a.nii.gz", True),
        ("c.nii.gz", False),
    ]
    assert found.told == ("'b.nii.gz' has no image.", "'z.nii.gz' is listed but not there.")


def test_real_hippocampi_with_one_half_missing(tmp_path: Path, shared_data: Path) -> None:
    real = shared_data / "msd-hippocampus"
    for sub, target in (("images", "imagesTr"), ("labels", "labelsTr")):
        (tmp_path / target).mkdir()
        for file in sorted((real / sub).glob("*.nii.gz")):
            (tmp_path / target / file.name).symlink_to(file)
    whole = MsdLayout().find(tmp_path, {"labels": {"1": "Anterior", "2": "Posterior"}})
    assert sum(pair.mask is not None for pair in whole.pairs) == 80
    assert whole.told == ()
    (tmp_path / "imagesTr/hippocampus_017.nii.gz").unlink()
    (tmp_path / "labelsTr/hippocampus_019.nii.gz").unlink()
    less = MsdLayout().find(tmp_path, {"labels": {"1": "Anterior", "2": "Posterior"}})
    assert sum(pair.mask is not None for pair in less.pairs) == 78
    assert less.told == (
        "'hippocampus_019.nii.gz' has no mask.",
        "'hippocampus_017.nii.gz' has no image.",
    )
