"""Folders being filled: new, interrupted, whole, or of somebody else."""

from __future__ import annotations

import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest

from napari_medssl.errors import SaveError, UsageError
from napari_medssl.project.export_folder import ExportFolder, read_log

PLAN, FILES = {"cases": ["a", "b"]}, ["images/a.nii", "images/b.nii"]


def fill(folder: Path, **settings: object) -> ExportFolder:
    return ExportFolder(folder, settings.pop("plan", PLAN), FILES, overwrite=False, **settings)


def test_an_interrupted_export_goes_on(tmp_path: Path) -> None:
    first = fill(tmp_path / "out")
    first.path("images/a.nii").write_text("whole")
    again = fill(tmp_path / "out")
    assert again.has("images/a.nii")
    assert not again.has("images/b.nii")
    again.finish()
    log = read_log(tmp_path / "out")
    assert log is not None
    assert log["whole"]
    with pytest.raises(UsageError, match="holds an earlier export"):
        fill(tmp_path / "out")


def test_another_plan_does_not_go_on(tmp_path: Path) -> None:
    fill(tmp_path / "out")
    with pytest.raises(UsageError, match="holds an earlier export"):
        fill(tmp_path / "out", plan={"cases": ["a"]})


def test_overwriting_removes_what_was_ours_and_nothing_else(tmp_path: Path) -> None:
    outside = tmp_path / "outside.nii"
    outside.write_text("mine")
    first = ExportFolder(tmp_path / "out", PLAN, [*FILES, "../outside.nii"], overwrite=False)
    first.path("images/a.nii").write_text("old")
    first.path("notes.txt").write_text("mine")
    first.finish()
    again = ExportFolder(tmp_path / "out", PLAN, FILES, overwrite=True)
    assert not again.has("images/a.nii")
    assert again.path("notes.txt").read_text() == "mine"
    assert outside.read_text() == "mine"


@pytest.mark.parametrize("overwrite", [False, True])
def test_a_folder_of_somebody_else_is_left_alone(tmp_path: Path, overwrite: bool) -> None:
    (tmp_path / "thesis.docx").touch()
    with pytest.raises(UsageError, match="holds other files"):
        ExportFolder(tmp_path, PLAN, FILES, overwrite=overwrite)
    (tmp_path / "medssl.json").write_text('{"written_by": "somebody"}')
    with pytest.raises(UsageError, match="holds other files"):
        ExportFolder(tmp_path, PLAN, FILES, overwrite=overwrite)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["medssl.json", "thesis.docx"]


def test_too_little_room_is_told_before_anything_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = fill(tmp_path / "out")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=5_000_000_000))
    folder.require_room(5_000_000_000)
    with pytest.raises(SaveError, match=r"takes about 7\.50 GB, and 5\.00 GB are free"):
        folder.require_room(7_500_000_000)


def test_a_place_where_nothing_can_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SaveError, match="could not be made"):
        fill(tmp_path / "file" / "out")
