"""From a folder to an open project and back, with real projects on the disk."""

from __future__ import annotations

from unittest.mock import MagicMock

import numpy as np
import pytest
from fake_work import FakeWork
from project_fakes import FakeCanvas, stroke

from napari_medssl._napari.presenters.project.panel import ProjectPresenter, ProjectViews
from napari_medssl._napari.presenters.project.recent_projects import RecentProjects
from napari_medssl.errors import SaveError
from napari_medssl.io import write_volume
from napari_medssl.project import create_project, open_project
from napari_medssl.volume import Geometry, Volume


class Window:
    """One window with the Project panel: real presenter and project, everything else a stand-in."""

    def __init__(self, settings) -> None:
        self.view, self.canvas, self.work = MagicMock(), FakeCanvas(), FakeWork()
        self.said: list[str] = []
        self.heartbeat = None
        self.view.show_status.side_effect = lambda words, **_: self.said.append(words)
        self.panel = ProjectPresenter(
            ProjectViews(self.view, self.view, self.view, self.view),
            self.canvas,
            self.work,
            RecentProjects(settings),
        )
        self.panel.start()
        self.settle()

    def settle(self) -> None:
        """Let everything that waits happen, but for the heartbeat, which never ends."""
        while self.work.jobs or self.work.pauses.keys() - {"heartbeat"}:
            self.work.answer_all()
            self.heartbeat = self.work.pauses.pop("heartbeat", self.heartbeat)
            self.work.rest()

    def open(self, folder) -> None:
        self.panel.open(folder)
        self.settle()

    def paint(self, words="Brush", at=0) -> None:
        """Draw one voxel on the open case, as the canvas does."""
        case = self.canvas.case
        step = stroke(words, at)
        step.edit.apply(case.labels)
        case.document.do(step)

    @property
    def saving(self) -> tuple[str, bool]:
        call = self.view.show_saving.call_args
        return call.args[0], call.kwargs["problem"]

    @property
    def shown(self):
        """Name of the project, and why it is read-only."""
        return self.view.show_project.call_args.args


@pytest.fixture
def scans(tmp_path):
    folder = tmp_path / "scans"
    folder.mkdir()
    for number, name in enumerate(("one", "two")):
        array = np.full((4, 5, 6), number, np.int16)
        scan = Volume.from_source_array(array, Geometry(array.shape), name=name, format="made")
        write_volume(scan, folder / f"{name}.nii.gz")
    return folder


@pytest.fixture
def study(tmp_path, scans):
    """A project with two cases, closed."""
    with create_project(tmp_path / "study") as project:
        project.add(scans)
    return tmp_path / "study"


@pytest.fixture
def window(tmp_path):
    made = []

    def make() -> Window:
        made.append(Window(tmp_path / f"recent-{len(made)}.json"))
        return made[-1]

    yield make
    for one in made:
        one.view.ask.side_effect, one.view.ask.return_value = None, 1
        one.panel.close(may_stay=False)


def test_a_new_project_is_made_filled_and_opened_again(window, tmp_path, scans):
    first = window()
    first.panel.create(tmp_path / "study")
    first.settle()
    first.panel.cases.add([scans])
    first.settle()
    ids = [case.id for case in first.panel.project.cases()]
    assert len(ids) == 2
    first.panel.case.open(ids[1])
    first.settle()
    first.paint()
    first.canvas.seen = {"point": [2.0, 0.0, 0.0]}
    assert first.panel.close()
    second = window()
    second.open(tmp_path / "study")
    case = second.canvas.case
    assert case.id == ids[1]
    assert case.labels[0, 0, 0] == 1
    assert case.view == {"point": [2.0, 0.0, 0.0]}
    assert [step.words for step in case.document.history.done] == ["Brush"]
    second.view.ask.assert_not_called()


def test_a_folder_that_is_no_project_is_a_question(window, scans):
    one = window()
    one.view.ask.return_value = 1
    one.open(scans)
    assert one.panel.project is None
    assert "'scans' is not a project yet" in one.view.ask.call_args.args[0]
    one.view.ask.return_value = 0
    one.open(scans)
    assert one.panel.project is not None


def test_a_project_that_cannot_be_opened_is_a_sentence(window, study):
    (study / "project.sqlite").write_bytes(b"SQLite format 3\0")
    one = window()
    one.open(study)
    assert one.panel.project is None
    assert "cut off" in one.said[-1]


def test_projects_opened_before_are_offered_by_name(window, study):
    one = window()
    one.open(study)
    one.panel.close()
    one.view.show_recent.assert_called_with(("study",))
    one.panel.open_recent(0)
    one.settle()
    assert one.shown == ("study", "")


def test_a_second_window_is_read_only_until_the_first_is_closed(window, study):
    first, second = window(), window()
    first.open(study)
    second.open(study)
    name, why = second.shown
    assert name == "study"
    assert "open in another window" in why
    second.panel.case.open("case-001")
    second.settle()
    assert not second.canvas.case.editable
    first.panel.close()
    second.panel.try_again()
    second.settle()
    assert second.shown == ("study", "")


def test_two_windows_with_two_projects_do_not_touch(window, study, tmp_path, scans):
    with create_project(tmp_path / "other") as project:
        project.add(scans)
    first, second = window(), window()
    for one, folder in ((first, study), (second, tmp_path / "other")):
        one.open(folder)
        one.panel.case.open("case-001")
        one.settle()
    first.paint()
    first.panel.close()
    second.panel.close()
    with open_project(study) as one, open_project(tmp_path / "other") as other:
        assert one.load("case-001").labels.any()
        assert not other.load("case-001").labels.any()


def unfinished(study) -> None:
    """Leave a project as a window that was killed leaves it: two strokes, never closed."""
    import subprocess
    import sys

    code = (
        "import os, sys; sys.path.insert(0, 'tests/_napari')\n"
        "from project_fakes import stroke\n"
        "from napari_medssl.project import open_project\n"
        f"project = open_project({str(study)!r})\n"
        "project.load('case-001')\n"
        "project.record('case-001', 'do', stroke('Brush', 1))\n"
        "project.record('case-001', 'do', stroke('Brush', 2))\n"
        "os._exit(9)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 9, done.stderr


@pytest.mark.parametrize(("answer", "voxels"), [(0, 2), (None, 2), (1, 0)])
def test_after_a_crash_the_user_is_asked_which_state_to_go_on_from(window, study, answer, voxels):
    unfinished(study)
    one = window()
    one.view.ask.return_value = answer
    one.open(study)
    question = one.view.ask.call_args.args[0]
    assert question.startswith("MedSSL did not close properly last time. Everything up to ")
    assert "how 'one' was when it was last opened?" in question
    case = one.canvas.case
    assert case.id == "case-001"
    assert np.count_nonzero(case.labels) == voxels
    assert len(case.document.history.done) == (3 if answer == 1 else 2)
    one.panel.close()
    one.view.ask.reset_mock()
    one.open(study)
    one.view.ask.assert_not_called()


def test_going_back_can_be_undone(window, study):
    unfinished(study)
    one = window()
    one.view.ask.return_value = 1
    one.open(study)
    case = one.canvas.case
    case.document.history.done[-1].edit.revert(case.labels)
    case.document.undo()
    assert np.count_nonzero(case.labels) == 2
    one.panel.close()
    with open_project(study) as project:
        assert np.count_nonzero(project.load("case-001").labels) == 2


class FullDisk:
    """Makes a project's writes fail until there is room again."""

    def __init__(self, monkeypatch, project) -> None:
        self.full = True
        record = type(project).record

        def fail(*args, **rest):
            if self.full:
                raise SaveError("'project.sqlite' did not fit on the disk", do="Make room")
            return record(*args, **rest)

        monkeypatch.setattr(type(project), "record", fail)


def test_a_full_disk_is_a_red_sentence_and_nothing_is_lost(window, study, monkeypatch):
    one = window()
    one.open(study)
    one.panel.case.open("case-001")
    one.settle()
    disk = FullDisk(monkeypatch, one.panel.project)
    one.paint(at=1)
    one.paint(at=2)
    one.panel._queue.wait(10)
    one.panel._show_backlog()
    words, problem = one.saving
    assert problem
    assert words.startswith("Not saved yet: 'project.sqlite' did not fit on the disk.")
    disk.full = False
    one.panel.retry()
    one.panel._queue.wait(10)
    one.panel._show_backlog()
    assert one.saving == ("All changes saved", False)
    one.panel.close()
    with open_project(study) as project:
        assert np.count_nonzero(project.load("case-001").labels) == 2


def test_closing_on_a_full_disk_asks_and_may_be_taken_back(window, study, monkeypatch):
    one = window()
    one.open(study)
    one.panel.case.open("case-001")
    one.settle()
    disk = FullDisk(monkeypatch, one.panel.project)
    one.paint()
    one.view.ask.return_value = None
    assert not one.panel.close()
    assert one.canvas.case is not None
    question = one.view.ask.call_args.args[0]
    assert question.startswith("2 changes are not saved yet. 'project.sqlite' did not fit")

    def make_room(*_):
        disk.full = False
        return 0

    one.view.ask.side_effect = make_room
    assert one.panel.close()
    with open_project(study) as project:
        assert project.load("case-001").labels.any()


def test_a_window_that_closes_for_good_takes_an_answer_for_the_changes_that_cannot_be_saved(
    window, study, monkeypatch
):
    one = window()
    one.open(study)
    one.panel.case.open("case-001")
    one.settle()
    FullDisk(monkeypatch, one.panel.project)
    one.paint()
    one.view.ask.side_effect = [None, 0, 1]
    assert one.panel.close(may_stay=False)
    assert one.view.ask.call_count == 3
    one.view.ask.side_effect = None
    with open_project(study) as project:
        assert not project.load("case-001").labels.any()


def test_something_still_being_done_is_asked_about_before_closing(window, study):
    one = window()
    one.open(study)
    one.panel.case.open("case-001")
    one.settle()
    one.canvas.doing = "Wait a moment: 'Smooth' is not done yet."
    one.view.ask.return_value = 0
    assert not one.panel.close()
    one.view.ask.return_value = 1
    assert one.panel.close()


def test_a_window_that_is_gone_leaves_the_project_closed(window, study):
    one = window()
    one.open(study)
    one.panel.case.open("case-001")
    one.settle()
    queue = one.panel._queue
    one.paint()
    one.panel.abandon()
    queue.wait(10)
    with open_project(study) as project:
        assert project.unfinished is None
        assert project.load("case-001").labels.any()


def test_a_project_taken_over_by_another_window_turns_read_only(window, study):
    one = window()
    one.open(study)
    one.panel.case.open("case-001")
    one.settle()
    store = one.panel.project._store
    with store.transaction() as db:
        db.execute("UPDATE lease SET token = 'another'")
    one.heartbeat()
    one.panel._queue._pool.submit(lambda: None).result(10)
    one.settle()
    name, why = one.shown
    assert name == "study"
    assert "another window took the project over" in why


def lets_others_write(folder) -> bool:
    with open_project(folder) as project:
        return not project.read_only


def test_a_project_left_for_another_while_it_was_being_opened_is_closed(window, study, tmp_path):
    create_project(tmp_path / "other").close()
    one = window()
    one.panel.open(study)
    job, done, _ = one.work.jobs.pop()
    opened = job()
    one.panel.open(tmp_path / "other")
    done(opened)
    assert lets_others_write(study)
    one.settle()
    assert one.shown == ("other", "")


def test_a_second_click_while_a_project_is_being_opened_finds_it_free(window, study, monkeypatch):
    one = window()
    clicks = [lambda: one.panel.open(study)]

    def make(folder):
        project = open_project(folder)
        while clicks:
            clicks.pop()()
        return project

    monkeypatch.setattr("napari_medssl._napari.presenters.project.panel.open_project", make)
    one.open(study)
    assert one.shown == ("study", "")


def test_a_project_that_cannot_be_looked_at_is_closed(window, study, monkeypatch):
    one = window()
    broken = property(lambda _: 1 / 0)
    with monkeypatch.context() as patched:
        patched.setattr("napari_medssl.project.project.Project.last_case", broken)
        one.open(study)
    assert one.panel.project is None
    assert lets_others_write(study)


def test_the_sign_of_life_does_not_wait_behind_a_long_job(window, study, monkeypatch):
    import threading

    alive = threading.Event()
    one = window()
    one.open(study)
    monkeypatch.setattr(type(one.panel.project), "keep_alive", lambda _: alive.set())
    one.work.run(lambda: None, lambda _: None, lambda _: None)  # and is not let run
    one.heartbeat()
    assert alive.wait(10)
