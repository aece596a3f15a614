from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from napari_medssl.cli.label_text import parse_label
from napari_medssl.cli.project import project_app
from napari_medssl.errors import ProjectError, ReadOnlyError, UsageError
from napari_medssl.io import read_labels, read_volume, write_labels, write_volume
from napari_medssl.project import open_project
from napari_medssl.volume import Geometry, Volume

SHAPE = (6, 8, 10)


def medssl_project(*arguments: object, typed: str | None = None) -> Result:
    done = CliRunner().invoke(project_app, [str(a) for a in arguments], input=typed)
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done


@pytest.fixture
def study(tmp_path: Path) -> Path:
    """A project of two images that are stored from the left and from the front."""
    turned = Geometry(SHAPE, (1.0, 1.0, 2.0), direction=((1.0, 0, 0), (0, -1.0, 0), (0, 0, -1.0)))
    for n in (1, 2):
        array = np.full(SHAPE, n, np.int16)
        volume = Volume.from_source_array(array, turned, name="a.nii", format="made")
        (tmp_path / "images").mkdir(exist_ok=True)
        write_volume(volume, tmp_path / "images" / f"scan{n}.nii.gz")
    folder = tmp_path / "study"
    medssl_project("new", folder, "--name", "Livers", "--label", "1,liver,#0a0B0c")
    said = medssl_project("add", folder, tmp_path / "images")
    assert said.stdout.startswith("2 added, 0 there already.")
    return folder


def status(folder: Path) -> list[dict]:
    return json.loads(medssl_project("status", folder, "--json").stdout)["cases"]


def mask_for(study: Path) -> Path:
    """Write a mask of the first image with a label that the project does not know."""
    scan = read_volume(study.parent / "images" / "scan1.nii.gz")
    mask = np.zeros(scan.geometry.shape, np.uint8)
    mask[0], mask[1, 0] = 1, 5
    return write_labels(mask, scan, study.parent / "mask.nii.gz")


def test_images_are_added_once_and_what_is_refused_is_told(study: Path) -> None:
    (study.parent / "images" / "bad.nii").write_bytes(b"no image")
    told = json.loads(medssl_project("add", study, study.parent / "images", "--json").stdout)
    assert (told["added"], told["already"]) == ([], ["case-001", "case-002"])
    assert [refused["name"] for refused in told["refused"]] == ["bad.nii"]
    only_bad = medssl_project("add", study, study.parent / "images" / "bad.nii")
    assert only_bad.exit_code == 1
    assert "! " in only_bad.stdout
    assert "bad.nii" in only_bad.stdout


def test_status_is_a_table_and_json(study: Path) -> None:
    medssl_project("mask", study, "case-001", "--from", mask_for(study))
    table = medssl_project("status", study).stdout
    for words in ("case-002", "scan1", "in work", "liver"):
        assert words in table
    first, second = status(study)
    assert first["labels_ml"] == pytest.approx({"1": 0.096, "5": 0.012})
    assert (first["steps"], second["steps"], second["status"]) == (1, 0, "new")


def test_a_mask_goes_in_and_out(study: Path) -> None:
    source, out = mask_for(study), study.parent / "out.nii.gz"
    scan = read_volume(study.parent / "images" / "scan1.nii.gz")
    medssl_project("mask", study, "case-001", "--from", source)
    assert medssl_project("mask", study, "case-001", "--out", out).stdout == "Wrote 'out.nii.gz'.\n"
    assert np.array_equal(read_labels(out, scan), read_labels(source, scan))
    table = json.loads(medssl_project("labels", study, "--json").stdout)["labels"]
    assert [(row["value"], row["name"]) for row in table] == [(1, "liver"), (5, "Label 5")]
    with pytest.raises(UsageError, match="--force"):
        medssl_project("mask", study, "case-001", "--out", out)
    for wrong in ((), ("--out", out, "--from", source)):
        with pytest.raises(UsageError, match="--out and --from"):
            medssl_project("mask", study, "case-001", *wrong)


def test_labels_are_set_and_shown(study: Path) -> None:
    said = medssl_project("labels", study, "--set", "1,Leber", "--set", "3, a cyst ,#ff0000").stdout
    assert said.splitlines()[1].endswith("#ff0000 a cyst")
    with open_project(study) as project:
        assert [state.info.name for state in project.labels()] == ["Leber", "a cyst"]
    assert medssl_project("labels", study).stdout == said


@pytest.mark.parametrize("text", ["liver", "1", "1,", ",liver", "x,liver", "1,liver,#12", "-1,x"])
def test_a_label_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="VALUE,NAME"):
        parse_label(text)


def test_cases_and_slices_are_marked_as_the_file_counts(study: Path) -> None:
    medssl_project("mark", study, "case-001", "--slice", "axial:0", "--note", "thin")
    medssl_project("mark", study, "case-001", "--slice", "coronal:2")
    medssl_project("mark", study, "case-001", "--slice", "coronal:2", "--not-done")
    medssl_project("mark", study, "case-002", "--status", "done")
    first, second = status(study)
    assert (first["slices_done"], first["note"], first["status"]) == (1, "thin", "new")
    assert second["status"] == "done"
    scan = read_volume(study.parent / "images" / "scan1.nii.gz")
    (z, _, _) = scan.index_from_source((0, 0, 0))
    with open_project(study) as project:
        assert project.load("case-001").done == {(0, z)}
        assert z == scan.geometry.shape[0] - 1
    for wrong in ((), ("--not-done",), ("--slice", "axial"), ("--slice", "x:1")):
        with pytest.raises(UsageError):
            medssl_project("mark", study, "case-001", *wrong)


def test_an_image_that_moved_is_found_again(study: Path) -> None:
    assert medssl_project("check", study).stdout == "All is well.\n"
    image = study.parent / "images" / "scan2.nii.gz"
    image.rename(study.parent / "moved.nii.gz")
    checked = medssl_project("check", study, "--json")
    assert checked.exit_code == 1
    assert "'scan2.nii.gz'" in json.loads(checked.stdout)["problems"][0]
    medssl_project("relocate", study, "case-002", study.parent / "moved.nii.gz")
    assert medssl_project("check", study).exit_code == 0


def test_a_copy_without_its_log_is_taken_on_when_told(study: Path) -> None:
    (study.parent / "copy").mkdir()
    with open_project(study):
        shutil.copy(study / "project.sqlite", study.parent / "copy")
    with pytest.raises(ReadOnlyError, match="--accept"):
        medssl_project("mark", study.parent / "copy", "case-001", "--status", "done")
    assert medssl_project("check", study.parent / "copy", "--accept").stdout == "All is well.\n"
    medssl_project("mark", study.parent / "copy", "case-001", "--status", "done")


def test_while_a_window_is_open_one_may_look_only(study: Path) -> None:
    with open_project(study):
        assert len(status(study)) == 2
        with pytest.raises(ReadOnlyError, match="open in another window"):
            medssl_project("labels", study, "--set", "2,x")


def test_purging_asks_first(study: Path) -> None:
    asked = medssl_project("purge", study, "case-001", typed="n\n")
    assert asked.exit_code == 1
    assert "case-001 (scan1)" in asked.stdout
    assert len(status(study)) == 2
    medssl_project("purge", study, "case-001", "--yes")
    assert [case["id"] for case in status(study)] == ["case-002"]


def test_no_project_is_a_sentence(tmp_path: Path) -> None:
    for command in ("status", "check"):
        with pytest.raises(ProjectError, match="does not exist"):
            medssl_project(command, tmp_path / "nowhere")
    with closing(sqlite3.connect(tmp_path / "project.sqlite")) as db:
        db.execute("CREATE TABLE other (id)")
    with pytest.raises(ProjectError, match="not a project of ours"):
        medssl_project("status", tmp_path)


def test_every_change_is_told_to_a_machine_in_one_object(study: Path) -> None:
    def told(*arguments: object) -> dict:
        return json.loads(medssl_project(*arguments, "--json").stdout)

    other, out = study.parent / "other", study.parent / "out.nii.gz"
    assert told("new", other, "--name", "O") == {"folder": str(other), "name": "O"}
    marked = told("mark", study, "case-001", "--status", "flagged", "--note", "thin")
    assert (marked["id"], marked["status"], marked["note"]) == ("case-001", "flagged", "thin")
    taken = told("mask", study, "case-001", "--from", mask_for(study))
    assert (taken["case"], taken["notices"]) == ("case-001", [])
    assert told("mask", study, "case-001", "--out", out) == {"case": "case-001", "out": str(out)}
    moved = study.parent / "moved.nii.gz"
    (study.parent / "images" / "scan2.nii.gz").rename(moved)
    found = told("relocate", study, "case-002", moved)
    assert found == {"case": "case-002", "image": str(moved)}
    asked = medssl_project("purge", study, "case-002", "--json", typed="n\n")
    assert "Remove case-002" in asked.stderr
    assert "Remove" not in asked.stdout
    assert told("purge", study, "case-002", "--yes") == {"purged": "case-002"}


def test_a_mask_is_written_without_opening_the_case(study: Path) -> None:
    medssl_project("mask", study, "case-001", "--from", mask_for(study))
    medssl_project("mask", study, "case-001", "--out", study.parent / "out.nii.gz")
    assert [case["opened"] for case in status(study)] == [None, None]
