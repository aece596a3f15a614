from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import numpy as np
import pytest
from case_studies import CASE, in_a_child, paint, project_of

from napari_medssl.errors import MedSSLError, ProjectError, ReadOnlyError, SaveError, UsageError
from napari_medssl.io.label_table import LabelInfo, unnamed_label
from napari_medssl.project import create_project, open_project

NAME = "project.sqlite"


@pytest.fixture
def left_open(tmp_path: Path) -> Path:
    """A project whose window was killed after three strokes."""

    def work() -> str:
        paint(project_of(tmp_path), 1, 2, 3)
        return "painted"  # the process ends without closing anything

    assert in_a_child(work) == "painted"
    return tmp_path / "project"


def test_a_project_is_made_opened_and_named(tmp_path: Path) -> None:
    with create_project(tmp_path / "a" / "b", labels=[unnamed_label(2)]) as project:
        assert project.name == "b"
        assert project.folder == tmp_path / "a" / "b"
        assert not project.read_only
        assert project.why_read_only == ""
        assert project.cases() == ()
    assert [path.name for path in (tmp_path / "a" / "b").iterdir()] == [NAME]
    for path in (tmp_path / "a" / "b", tmp_path / "a" / "b" / NAME):
        with open_project(path) as project:
            assert [state.info.value for state in project.labels()] == [2]
    with pytest.raises(ProjectError, match="there is a project in 'b' already"):
        create_project(tmp_path / "a" / "b")


def test_no_folder_can_be_made_below_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SaveError, match="Choose another place"):
        create_project(tmp_path / "file" / "project")


def test_what_is_no_project_is_told_in_a_sentence_and_left_alone(tmp_path: Path) -> None:
    with project_of(tmp_path) as project:
        paint(project, 1)
    whole = (tmp_path / "project" / NAME).read_bytes()
    with closing(sqlite3.connect(tmp_path / "other.sqlite")) as db:
        db.execute("CREATE TABLE other (id)")
    foreign = (tmp_path / "other.sqlite").read_bytes()
    newer = whole[:60] + (99).to_bytes(4, "big") + whole[64:]
    for number, (content, words) in enumerate(
        [
            (b"", "is empty"),
            (whole[:15], "cut off"),
            (whole[:99], "cut off"),
            (b"PK\x03\x04" + bytes(200), "not a project of ours"),
            (foreign, "not a project of ours"),
            (newer, "newer napari-medssl .layout 99."),
            (whole[: len(whole) // 2], "damaged or only a part"),
            (whole[: len(whole) - 4096], "damaged or only a part"),
        ]
    ):
        folder = tmp_path / f"bad{number}"
        folder.mkdir()
        (folder / NAME).write_bytes(content)
        with pytest.raises(ProjectError, match=words) as caught:
            open_project(folder)
        assert str(tmp_path) not in str(caught.value)
        assert ". " in str(caught.value)  # and what to do
        assert (folder / NAME).read_bytes() == content


def test_missing_files_and_folders(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "folder" / NAME).mkdir(parents=True)
    (tmp_path / "file").touch()
    for name, words in (
        ("nowhere", "'nowhere' does not exist"),
        ("file", "'file' is not a folder"),
        ("empty", "is not in the folder.*medssl project new"),
        ("folder", "is a folder"),
    ):
        with pytest.raises(ProjectError, match=words):
            open_project(tmp_path / name)


def test_every_flipped_page_is_refused_or_told_never_a_traceback(tmp_path: Path) -> None:
    with project_of(tmp_path) as project:
        paint(project, *range(1, 20))
        expected = project.load(CASE).labels
    file = tmp_path / "project" / NAME
    whole, told = file.read_bytes(), 0
    for page in range(0, len(whole), 4096):
        file.write_bytes(
            whole[:page] + bytes(b ^ 0xA5 for b in whole[page : page + 4096]) + whole[page + 4096 :]
        )
        try:
            with open_project(tmp_path / "project") as project:
                problems = project.find_problems()
                same = np.array_equal(project.load(CASE).labels, expected)
                assert problems or same
                told += bool(problems)
        except MedSSLError:
            told += 1
    assert told >= len(whole) // 4096 - 3  # a page may be free


def test_moved_and_renamed_with_its_images(tmp_path: Path) -> None:
    (tmp_path / "here").mkdir()
    with project_of(tmp_path / "here") as project:
        paint(project, 1)
    (tmp_path / "here").rename(tmp_path / "there")
    (tmp_path / "there" / "project").rename(tmp_path / "there" / "renamed")
    with open_project(tmp_path / "there" / "renamed") as project:
        assert not project.read_only
        assert project.find_problems() == ()
        assert project.read_image(CASE).array.shape == project.load(CASE).labels.shape


def test_a_copy_without_its_log_says_so_and_goes_on_when_told(
    left_open: Path, tmp_path: Path
) -> None:
    (tmp_path / "copy").mkdir()
    shutil.copy(left_open / NAME, tmp_path / "copy")
    for _ in range(2):  # looking at it does not make it forget
        with open_project(tmp_path / "copy") as project:
            assert project.read_only
            assert "'project.sqlite-wal' was not copied" in project.why_read_only
            assert "--accept" in project.why_read_only
    with open_project(tmp_path / "copy", accept_incomplete=True) as project:
        assert not project.read_only
    with open_project(tmp_path / "copy") as project:
        assert not project.read_only


def test_a_whole_copy_of_an_open_project_is_a_project_of_its_own(tmp_path: Path) -> None:
    with project_of(tmp_path) as project:
        paint(project, 1, 2)
        shutil.copytree(tmp_path / "project", tmp_path / "copy")
        with open_project(tmp_path / "copy") as copy:
            assert not copy.read_only
            assert copy.case(CASE).steps == 2
            assert copy.unfinished is not None
        paint(project, 3)
        assert project.case(CASE).steps == 3


def test_a_log_that_was_cut_off_loses_only_its_end(left_open: Path) -> None:
    log = left_open / f"{NAME}-wal"
    whole, steps = log.read_bytes(), []
    database = (left_open / NAME).read_bytes()
    for keep in range(1, 8):
        (left_open / NAME).write_bytes(database)
        log.write_bytes(whole[: len(whole) * keep // 7])
        (left_open / f"{NAME}-shm").unlink(missing_ok=True)
        with suppress(ReadOnlyError), open_project(left_open, accept_incomplete=True) as project:
            assert project.find_problems() == ()
            steps.append(project.case(CASE).steps if project.cases() else 0)
    assert steps == sorted(steps)
    assert steps[-1] == 3


def test_for_looking_only_nothing_is_changed_or_left_behind(tmp_path: Path) -> None:
    with project_of(tmp_path) as project:
        (step,) = paint(project, 1)
    before = (tmp_path / "project" / NAME).read_bytes()
    with open_project(tmp_path / "project", read_only=True) as project:
        assert project.read_only
        assert project.load(CASE).labels.max() == 1
        for change in (
            lambda: project.record(CASE, "undo", step),
            lambda: project.set_status(CASE, "done"),
            lambda: project.set_labels([]),
            lambda: project.mark_done(CASE, 0, 0, True),
            lambda: project.save_view(CASE, {}),
            lambda: project.add(tmp_path / "images"),
            lambda: project.rewind(CASE),
            lambda: project.purge(CASE),
        ):
            with pytest.raises(ReadOnlyError, match="only to be looked at"):
                change()
    assert [path.name for path in (tmp_path / "project").iterdir()] == [NAME]
    assert (tmp_path / "project" / NAME).read_bytes() == before


@pytest.fixture
def open_to_all() -> Iterator[Path]:
    """A folder that other users may look into; pytest's own they may not."""
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)  # noqa: S103
        yield Path(folder)


@pytest.mark.parametrize("closed", [True, False])
def test_a_folder_in_which_one_may_not_write_is_opened_for_looking(
    open_to_all: Path, closed: bool
) -> None:
    def work() -> str:
        project = project_of(open_to_all)
        paint(project, 1)
        if closed:
            project.close()
        return "painted"

    def look() -> str:
        with open_project(open_to_all / "project") as found:
            return f"{found.read_only} {found.case(CASE).steps} {found.why_read_only}"

    assert in_a_child(work) == "painted"
    os.chmod(open_to_all / "project", 0o555)  # noqa: S103
    told = in_a_child(look, without_rights=True)
    os.chmod(open_to_all / "project", 0o755)  # noqa: S103
    assert told.startswith("True 1 'project.sqlite' may not be written"), told
    assert "Copy the project's folder to a place where you may write." in told


def test_a_project_that_was_closed_says_so(tmp_path: Path) -> None:
    project = project_of(tmp_path)
    project.close()
    project.close()
    with pytest.raises(ProjectError, match="is closed"):
        project.cases()


def test_refused_labels_leave_no_project(tmp_path: Path) -> None:
    twice = [LabelInfo(1, "liver", (1, 2, 3)), LabelInfo(1, "spleen", (1, 2, 3))]
    with pytest.raises(UsageError):
        create_project(tmp_path / "new", labels=twice)
    assert not (tmp_path / "new").exists()


def test_a_name_too_long_for_the_disk_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(SaveError, match="shorter name"):
        create_project(tmp_path / ("n" * 300))
