from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from napari_medssl.errors import SaveError
from napari_medssl.io.label_table import Code, LabelInfo
from napari_medssl.io.sidecar import (
    Sidecar,
    read_sidecar,
    require_ours,
    sidecar_of,
    stem,
    write_sidecar,
)
from napari_medssl.volume import Geometry, Volume

LABELS = (
    LabelInfo(2, "Milz", (1, 2, 3)),
    LabelInfo(300, "liver", (4, 5, 6), Code("10200004", "SCT", "Liver")),
)
OUTLINE = {"method": "prompt", "engine": "litemedsam", "score": np.float32(0.5)}


def volume(**given: object) -> Volume:
    told = {"name": "scan.nii", "format": "nifti", **given}
    return Volume.from_source_array(np.zeros((2, 3, 4), np.int16), Geometry((2, 3, 4)), **told)


@pytest.mark.parametrize(
    ("name", "bare"),
    [
        ("scan.nii.gz", "scan"),
        ("scan.NII.GZ", "scan"),
        ("a.b.nrrd", "a.b"),
        ("notes.txt", "notes.txt"),
        (".nii", ""),
        ("scan.gz", "scan.gz"),
    ],
)
def test_a_name_without_its_ending(name: str, bare: str) -> None:
    assert stem(name) == bare
    assert sidecar_of(Path("folder") / name) == Path("folder") / f"{bare}.json"


def test_what_is_written_is_read(tmp_path: Path) -> None:
    mask = tmp_path / "mask.nii.gz"
    write_sidecar(mask, volume(), LABELS[::-1], {"outlines": [OUTLINE]})
    found = read_sidecar(mask)
    assert found.labels == LABELS, "sorted by value"
    assert found.outlines == ({**OUTLINE, "score": 0.5},)
    assert [path.name for path in tmp_path.iterdir()] == ["mask.json"]
    require_ours(tmp_path / "mask.json")


@pytest.mark.parametrize(
    ("made_from", "image"),
    [
        ({}, "scan.nii"),
        ({"format": "dicom", "name": "DOE^JANE"}, ""),
        ({"name": "DOE^JANE", "path": Path(__file__).parent}, ""),
    ],
)
def test_a_folder_which_may_be_called_after_a_patient_is_not_named(
    tmp_path: Path, made_from: dict, image: str
) -> None:
    write_sidecar(tmp_path / "m.nii", volume(**made_from), LABELS, {})
    text = (tmp_path / "m.json").read_text("utf-8")
    assert json.loads(text)["image"] == image
    assert "DOE" not in text


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"\xff",
        b'{"labels": 3}',
        b'{"labels": [{"value": 0, "name": "x", "colour": [1, 2, 3]}]}',
        b'{"labels": [{"value": 1, "name": "x", "colour": [1, 2]}]}',
        b'{"labels": [], "provenance": []}',
        b'{"labels": [{"value": 1, "name": "x", "colour": [1, 2, 3], "code": {"value": ""}}]}',
    ],
)
def test_a_file_that_is_none_of_ours_is_as_if_there_were_none(
    tmp_path: Path, content: bytes
) -> None:
    assert read_sidecar(tmp_path / "m.nii") == Sidecar()
    (tmp_path / "m.json").write_bytes(content)
    assert read_sidecar(tmp_path / "m.nii") == Sidecar()


@pytest.mark.parametrize("content", [b'{"EchoTime": 0.03}', b"no json", b"3"])
def test_another_programs_file_is_not_written_over(tmp_path: Path, content: bytes) -> None:
    require_ours(tmp_path / "scan.json")  # nothing is there
    (tmp_path / "scan.json").write_bytes(content)
    with pytest.raises(SaveError, match=r"'scan\.json'.*belongs to another program"):
        require_ours(tmp_path / "scan.json")


def test_that_the_mask_is_saved_is_said_where_its_names_are_not(tmp_path: Path) -> None:
    (tmp_path / "m.json").mkdir()
    with pytest.raises(SaveError, match=r"the mask 'm\.nii' is saved, but not its label names"):
        write_sidecar(tmp_path / "m.nii", volume(), LABELS, {})
