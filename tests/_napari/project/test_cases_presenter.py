"""The list of cases: kept true, added to, walked through."""

from __future__ import annotations

from pathlib import Path

import pytest
from project_fakes import FakeProject, ProjectBench, stroke

ONE, TWO, THREE = "case-001", "case-002", "case-003"


@pytest.fixture
def bench():
    return ProjectBench(FakeProject("one", "two", "three"))


def refresh(bench) -> None:
    bench.queue.wait(10)
    bench.cases.refresh()
    bench.work.answer_all()


def test_all_cases_are_listed_and_counted(bench):
    assert bench.listed == ["one", "two", "three"]
    bench.view.show_counts.assert_called_with({"new": 3})


def test_a_status_is_written_and_the_list_filtered_by_it(bench):
    bench.cases.set_status([ONE, THREE], "done")
    refresh(bench)
    bench.view.show_counts.assert_called_with({"new": 1, "done": 2})
    bench.cases.choose_filter("done")
    assert bench.listed == ["one", "three"]
    bench.cases.choose_filter(None)
    assert bench.listed == ["one", "two", "three"]


def test_a_flag_is_asked_the_reason_of(bench):
    bench.view.ask_note.return_value = "motion"
    bench.cases.set_status([TWO], "flagged")
    assert bench.written == [("status", TWO, "flagged", "motion")]


def test_a_flag_is_not_set_when_the_question_is_closed(bench):
    bench.view.ask_note.return_value = None
    bench.cases.set_status([TWO], "flagged")
    assert bench.written == []


def test_next_and_previous_walk_through_the_list(bench):
    opened = []
    for step in (1, 1, 1, 1, -1, -1, -1):
        bench.cases.open_next(step)
        bench.work.answer_all()
        opened.append(bench.case.id)
    assert opened == [ONE, TWO, THREE, THREE, TWO, ONE, ONE]
    assert "There is no next case." in bench.said
    assert bench.said[-1] == "There is no previous case."


def test_next_goes_on_from_a_case_that_the_filter_no_longer_shows(bench):
    bench.cases.choose_filter("new")
    bench.open(ONE)
    bench.cases.set_status([ONE], "done")
    refresh(bench)
    assert bench.listed == ["two", "three"]
    bench.cases.open_next(1)
    bench.work.answer_all()
    assert bench.case.id == TWO


def test_what_is_added_and_what_is_refused_is_told(bench):
    bench.cases.add([Path("four.nii.gz"), Path("five.nii.gz")])
    bench.work.answer_all()
    assert bench.listed == ["one", "two", "three", "four.nii.gz", "five.nii.gz"]
    words, refused = bench.view.show_report.call_args.args
    assert words == "2 cases added. 2 were passed over, as they are masks. 2 were refused."
    bench.view.show_adding.assert_called_with(1, 2)
    assert refused == ["'notes.txt': 'notes.txt' is no image."] * 2


def test_the_list_is_shown_again_only_if_it_changed(bench):
    shown = bench.view.show_cases.call_count
    refresh(bench)
    assert bench.view.show_cases.call_count == shown


def test_many_strokes_read_the_list_once(bench):
    bench.open(ONE)
    reads = bench.project.reads
    for _ in range(50):
        bench.canvas.case.document.do(stroke())
        bench.cases.refresh_soon()
    bench.work.rest()
    bench.work.answer_all()
    assert bench.project.reads == reads + 1


def test_a_read_only_project_allows_no_changes():
    bench = ProjectBench(FakeProject("one", read_only=True))
    bench.view.allow_changes.assert_called_with(False)
    bench.cases.set_status([ONE], "done")
    assert bench.written == []


def test_leaving_empties_the_list_and_drops_late_answers(bench):
    bench.cases.refresh()
    bench.cases.leave()
    bench.work.answer_all()
    assert bench.listed == []
