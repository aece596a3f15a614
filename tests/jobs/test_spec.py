from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from napari_medssl.errors import UnreadableFileError, UsageError
from napari_medssl.jobs.files import put_json
from napari_medssl.jobs.spec import JobSpec, new_spec, read_spec, write_spec


def test_there_and_back(tmp_path: Path) -> None:
    given: dict[str, Any] = {"folds": [0, 1]}
    spec = new_spec("nnunet", given, title="Liver", seed=3, device="cuda")
    given["folds"].append(2)
    assert spec.arguments == {"folds": [0, 1]}  # a copy that nobody else holds
    assert spec.device == "cuda:0"
    assert "python" in spec.versions
    write_spec(spec, tmp_path)
    assert read_spec(tmp_path) == spec
    assert new_spec("nnunet", {}).id != new_spec("nnunet", {}).id


@pytest.mark.parametrize(
    "wrong",
    [
        {"id": "../etc"},
        {"kind": "Not a word"},
        {"device": "cuda:x"},
        {"seed": -1},
        {"seed": True},
        {"arguments": {"x": object()}},
        {"arguments": {"x": float("nan")}},
    ],
)
def test_a_spec_is_valid_from_birth(wrong: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        JobSpec(**{"id": "a", "kind": "b", "arguments": {}, **wrong})


def test_damage_is_told(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFileError, match="the folder of a job"):
        read_spec(tmp_path)
    for facts in ({"format": 99}, {"format": 1, "id": "a"}, {"format": 1, "surprise": 1}):
        put_json(tmp_path / "spec.json", facts)
        with pytest.raises(UnreadableFileError, match="damaged, or of a newer version"):
            read_spec(tmp_path)
    (tmp_path / "spec.json").write_text("{")
    with pytest.raises(UnreadableFileError, match="missing or damaged"):
        read_spec(tmp_path)
