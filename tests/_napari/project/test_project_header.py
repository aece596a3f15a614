"""The line of the Project panel that says whether all is on the disk."""

from __future__ import annotations

import pytest

from napari_medssl._napari.panels.project.header import ProjectHeader

pytestmark = pytest.mark.gui


@pytest.fixture
def header(qtbot):
    made = ProjectHeader()
    qtbot.addWidget(made)
    made.show_project("Study", "")
    made.show_saving("All changes saved", problem=False)
    return made


def test_a_stroke_that_is_saved_at_once_changes_nothing_on_the_screen(header, qtbot):
    for _ in range(5):
        header.show_saving("Saving…", problem=False)
        assert header._saving.text() == "All changes saved"
        header.show_saving("All changes saved", problem=False)
    qtbot.wait(400)
    assert header._saving.text() == "All changes saved"


def test_what_takes_longer_is_said(header, qtbot):
    header.show_saving("Saving…", problem=False)
    qtbot.waitUntil(lambda: header._saving.text() == "Saving…")
    header.show_saving("All changes saved", problem=False)
    qtbot.waitUntil(lambda: header._saving.text() == "All changes saved")


def test_a_problem_is_said_at_once_and_goes_when_it_is_mended(header, qtbot):
    header.show_saving("Saving…", problem=False)
    header.show_saving("Not saved yet: the disk is full.", problem=True)
    assert header._saving.text() == "Not saved yet: the disk is full."
    assert header._retry.isVisibleTo(header)
    header.show_saving("All changes saved", problem=False)
    qtbot.waitUntil(lambda: header._saving.text() == "All changes saved")
    assert not header._retry.isVisibleTo(header)


def test_another_project_does_not_begin_with_the_words_of_the_last(header):
    header.show_saving("Saving…", problem=False)
    header.show_project("Other", "")
    header.show_saving("All changes saved", problem=False)
    assert header._saving.text() == "All changes saved"
