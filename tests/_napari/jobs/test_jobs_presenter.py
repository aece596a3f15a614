"""The Jobs panel's decisions, without a window."""

from __future__ import annotations

from unittest.mock import MagicMock

import pytest
from fake_work import FakeWork
from job_fakes import FakeEngine, make_job, measure, tell

from napari_medssl._napari.presenters.activity import Activity
from napari_medssl._napari.presenters.jobs.panel import JobsPresenter
from napari_medssl._napari.presenters.jobs.watch import JobWatch
from napari_medssl.jobs import JobStore


class Bench:
    """The presenter between fakes."""

    def __init__(self, root) -> None:
        self.store, self.engine, self.view = JobStore(root), FakeEngine(), MagicMock()
        self.work, self.acting = FakeWork(), FakeWork()
        self.notes: list[tuple[str, bool]] = []
        self.watch = JobWatch(self.store, self.work)
        self.panel = JobsPresenter(
            self.view,
            self.view,
            self.watch,
            self.work,
            Activity(self.acting, self.view),
            self.store,
            self.engine,
            lambda words, failure: self.notes.append((words, failure)),
        )

    def look(self) -> None:
        self.watch.look()
        self.work.answer_all()

    def act(self) -> None:
        self.acting.answer_all()
        self.work.answer_all()

    @property
    def rows(self):
        return self.view.show_jobs.call_args.args

    @property
    def facts(self):
        return self.view.show_job.call_args.args[0]

    @property
    def story(self):
        return self.view.show_story.call_args.args[0]

    @property
    def status(self):
        return self.view.show_status.call_args


@pytest.fixture
def bench(tmp_path):
    return Bench(tmp_path / "jobs")


def test_no_job_is_said(bench):
    bench.look()
    assert bench.rows == ([], "")
    assert bench.facts is None


def test_the_running_job_is_looked_at_first(bench):
    old = make_job(bench.store, title="Old")
    new = make_job(bench.store, title="New")
    tell(new, state="done")
    measure(old, 1, loss=0.5)
    bench.look()
    rows, chosen = bench.rows
    assert {row.title for row in rows} == {"Old", "New"}
    assert chosen == old.spec.id
    assert (bench.facts.title, bench.facts.is_inside) == ("Old", True)
    assert bench.story.curves[""][0].name == "loss"
    measure(old, 2, loss=0.25)
    bench.look()
    assert list(bench.story.curves[""][0].values) == [0.5, 0.25]
    told = bench.view.show_story.call_count
    bench.look()
    assert bench.view.show_story.call_count == told  # nothing is done where nothing changes


def test_a_story_that_comes_late_is_dropped(bench):
    one, other = make_job(bench.store, title="One"), make_job(bench.store, title="Other")
    measure(one, 1, loss=1.0)
    measure(other, 1, dice=1.0)
    bench.look()
    bench.panel.choose(one.spec.id)
    bench.panel.choose(other.spec.id)
    bench.work.answer_all()
    assert bench.story.curves[""][0].name == "dice"
    assert bench.facts.title == "Other"
    assert bench.panel.chosen.job.spec.id == other.spec.id


def test_a_new_job_is_looked_at_once_the_old_one_is_over(bench):
    first = make_job(bench.store, title="First")
    bench.look()
    make_job(bench.store, title="Second")
    bench.look()
    assert bench.facts.title == "First"
    tell(first, state="done")
    bench.look()
    make_job(bench.store, title="Third")
    bench.look()
    assert bench.facts.title == "Third"


def test_the_end_of_a_job_is_told_once(bench):
    ended = make_job(bench.store, title="Ended before")
    tell(ended, state="done")
    job, bad = make_job(bench.store, title="Good"), make_job(bench.store, title="Bad")
    bench.look()
    assert bench.notes == []
    tell(job, state="done")
    tell(bad, state="failed", message="Why.")
    for _ in range(3):
        bench.look()
    assert sorted(bench.notes) == [("'Bad' failed. Why.", True), ("'Good' is done.", False)]


def test_stop_resume_and_remove(bench):
    job = make_job(bench.store)
    bench.look()
    bench.panel.stop()
    assert bench.status.args[0] == "Asking it to stop"
    bench.act()
    assert job.stop_asked
    assert bench.engine.stopped == [], "nobody waits for it"
    assert bench.facts.stopping
    assert bench.facts.sentence == "It stops after the step in hand."
    bench.panel.stop()
    bench.act()
    assert bench.engine.stopped == [job], "asked again, it is ended"
    assert bench.facts.state == "cancelled"
    assert not bench.facts.stopping
    bench.panel.resume()
    bench.act()
    assert bench.engine.submitted == [job]
    bench.panel.remove()
    bench.act()
    assert not job.folder.exists()
    assert bench.facts is None
    assert bench.rows == ([], "")
    for act in (bench.panel.stop, bench.panel.resume, bench.panel.remove):
        act()  # nothing to do it with
    assert bench.acting.jobs == []


def test_a_job_is_stopped_once_however_often_it_is_asked(bench):
    job = make_job(bench.store)
    bench.look()
    bench.panel.stop()
    bench.panel.stop()  # a double click
    bench.act()
    assert job.stop_asked
    assert bench.engine.stopped == []
    assert not bench.status.kwargs["problem"]


def test_what_cannot_be_done_is_a_sentence(bench):
    make_job(bench.store)
    bench.look()
    bench.panel.remove()
    bench.act()
    assert "Stop it first" in bench.status.args[0]
    assert bench.status.kwargs["problem"]


def test_a_closed_panel_hears_nothing(bench):
    bench.panel.close()
    bench.look()
    assert not bench.view.show_jobs.called
