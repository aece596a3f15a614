"""The projects opened last."""

from __future__ import annotations

import pytest

from napari_medssl._napari.presenters.project.recent_projects import RecentProjects


@pytest.fixture
def recent(tmp_path):
    return RecentProjects(tmp_path / "settings" / "recent.json")


def folder(tmp_path, name):
    (tmp_path / name).mkdir()
    return tmp_path / name


def test_the_last_one_comes_first_and_once(recent, tmp_path):
    one, two = folder(tmp_path, "one"), folder(tmp_path, "Zwölf Fälle")
    for each in (one, two, one):
        recent.note(each)
    assert recent.folders() == (one, two)
    assert RecentProjects(recent.file).folders() == (one, two)


def test_two_of_one_name_are_told_apart(recent, tmp_path):
    for name in ("a", "b"):
        folder(tmp_path, name)
        recent.note(folder(tmp_path, f"{name}/study"))
    recent.note(folder(tmp_path, "other"))
    assert recent.names() == ("other", "study (in b)", "study (in a)")


def test_folders_that_are_gone_are_not_offered(recent, tmp_path):
    one = folder(tmp_path, "one")
    recent.note(one)
    one.rmdir()
    assert recent.folders() == ()


def test_only_the_last_eight_are_kept(recent, tmp_path):
    for number in range(10):
        recent.note(folder(tmp_path, f"p{number}"))
    assert [f.name for f in recent.folders()] == [f"p{n}" for n in range(9, 1, -1)]


@pytest.mark.parametrize("content", ["", "{", "7", '{"a": 1}', "[1, 2]"])
def test_a_damaged_file_is_no_error(recent, tmp_path, content):
    recent.file.parent.mkdir()
    recent.file.write_text(content)
    assert recent.folders() == ()
    recent.note(folder(tmp_path, "one"))
    assert len(recent.folders()) == 1
