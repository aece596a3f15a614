"""One case at a time: opened as it was left, recorded, closed without loss."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from project_fakes import FakeProject, ProjectBench, stroke

from napari_medssl.correct import History
from napari_medssl.segment import Plane

ONE, TWO = "case-001", "case-002"


@pytest.fixture
def bench():
    return ProjectBench(FakeProject("one", "two"))


def test_a_case_opens_in_the_background_as_it_was_left(bench):
    labels = np.ones((6, 20, 30), np.uint8)
    bench.project.states[ONE] = SimpleNamespace(
        labels=labels,
        history=History((stroke("Brush"),), (stroke("Fill"),)),
        done=frozenset({(0, 3)}),
        outlines=({"engine": "a"},),
        prompts=[{"slice": 2}],
        view={"point": [1.0, 2.0, 3.0]},
    )
    bench.case.open(ONE)
    assert bench.canvas.case is None
    bench.work.answer_all()
    case = bench.canvas.case
    assert (case.id, case.name, case.editable) == (ONE, "one", True)
    assert case.labels is labels
    assert case.view == {"point": [1.0, 2.0, 3.0]}
    document = case.document
    assert [step.words for step in document.history.done] == ["Brush"]
    assert [step.words for step in document.history.undone] == ["Fill"]
    assert document.done == {Plane(0, 3)}
    assert document.outlines == ({"engine": "a"},)
    assert document.prompts == [{"slice": 2}]
    bench.view.mark_open.assert_called_with(ONE)


def test_strokes_on_the_open_case_are_written(bench):
    bench.open(ONE)
    bench.canvas.case.document.do(stroke())
    assert ("record", ONE, "do", "Brush") in bench.written


def test_a_step_that_was_still_being_worked_out_when_its_case_was_left_is_written(bench):
    bench.open(ONE)
    first = bench.canvas.case.document
    bench.open(TWO)
    first.do(stroke("late"))
    bench.canvas.case.document.do(stroke("second"))
    records = [what for what in bench.written if what[0] == "record"]
    assert records == [("record", ONE, "do", "late"), ("record", TWO, "do", "second")]
    assert bench.case.id == TWO


def test_a_case_on_which_something_is_being_done_stays(bench):
    bench.open(ONE)
    bench.canvas.doing = "Wait a moment: 'Smooth' is not done yet."
    bench.open(TWO)
    assert bench.case.id == ONE
    assert bench.problems[-1] == bench.canvas.doing


def test_of_two_cases_asked_for_quickly_only_the_last_opens(bench):
    bench.case.open(ONE)
    bench.case.open(TWO)
    bench.work.answer_all()
    assert bench.canvas.case.id == TWO


def test_opening_the_open_case_again_does_nothing(bench):
    bench.open(ONE)
    case = bench.canvas.case
    bench.open(ONE)
    assert bench.canvas.case is case


def test_a_case_is_opened_only_after_what_was_drawn_before_is_written(bench):
    bench.open(ONE)
    bench.project.full = True
    bench.canvas.case.document.do(stroke())
    bench.queue.wait(10)
    bench.open(TWO)
    assert bench.canvas.case.id == ONE
    assert "the last changes are not saved yet" in bench.problems[-1]


def test_the_view_is_written_after_a_pause_and_only_if_it_changed(bench):
    bench.open(ONE)
    bench.case.view_changed()
    bench.canvas.seen = {"point": [5.0, 0.0, 0.0]}
    bench.case.view_changed()
    assert not bench.written
    bench.work.rest()
    bench.case.save_view()
    assert bench.written == [("view", ONE, {"point": [5.0, 0.0, 0.0]})]


def test_closing_writes_the_view(bench):
    bench.open(ONE)
    bench.canvas.seen = {"point": [7.0, 0.0, 0.0]}
    bench.case.close()
    assert bench.written == [("view", ONE, {"point": [7.0, 0.0, 0.0]})]
    assert bench.canvas.case is None
    assert bench.case.id is None


def test_a_missing_image_is_a_sentence_and_an_offer(bench):
    bench.project.missing.add(TWO)
    bench.open(ONE)
    bench.open(TWO)
    assert bench.canvas.case.id == ONE, "the case before stays"
    assert "is not where it was" in bench.problems[-1]
    bench.view.offer_find.assert_called_with(TWO)
    bench.case.relocate(TWO, "elsewhere.nii.gz")
    bench.work.answer_all()
    assert bench.canvas.case.id == TWO
    bench.view.offer_find.assert_called_with(None)


def test_a_read_only_project_shows_but_records_nothing():
    bench = ProjectBench(FakeProject("one", read_only=True))
    bench.open(ONE)
    assert not bench.canvas.case.editable
    bench.canvas.case.document.do(stroke())
    bench.case.close()
    assert bench.written == []


def test_layers_deleted_by_the_user_close_the_case(bench):
    bench.open(ONE)
    bench.canvas.case.document.do(stroke())
    bench.case.removed()
    assert bench.case.id is None
    assert ("record", ONE, "do", "Brush") in bench.written
    bench.open(ONE)
    assert bench.canvas.case.id == ONE


def test_an_answer_that_comes_after_the_project_was_left_is_dropped(bench):
    bench.case.open(ONE)
    bench.case.leave()
    bench.work.answer_all()
    assert bench.canvas.case is None


def test_a_value_without_a_name_gets_one(bench):
    bench.project.rows[ONE] = replace(bench.project.rows[ONE], voxels={3: 12, 4: 0})
    bench.open(ONE)
    rows = bench.canvas.case.document.labels
    assert [(row.info.value, row.info.name) for row in rows] == [(1, "Label 1"), (3, "Label 3")]


def test_the_document_knows_how_many_other_cases_use_a_label():
    bench = ProjectBench(FakeProject("one", "two", "three"))
    for id, voxels in ((ONE, {1: 5, 2: 5}), (TWO, {1: 7, 2: 0})):
        bench.project.rows[id] = replace(bench.project.rows[id], voxels=voxels)
    bench.open(ONE)
    count = bench.canvas.case.document.used_elsewhere
    assert [count(value) for value in (1, 2, 3)] == [1, 0, 0]


def test_a_label_that_comes_up_while_a_case_is_shown_is_written(bench):
    bench.canvas.shown = lambda case: case.document.change_label(1, name="liver")
    bench.open(ONE)
    assert [what[0] for what in bench.written] == ["labels"]
