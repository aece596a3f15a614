"""Undo and redo of everything, in one history across slices."""

from __future__ import annotations

import numpy as np
import pytest
from panel_fakes import Bench, make_volume

from napari_medssl._napari.presenters.mask import history
from napari_medssl._napari.presenters.mask.history import place_of
from napari_medssl.correct import Edit, Step
from napari_medssl.segment import BoxPrompt, Plane, PointPrompt, Prompts, plain_prompts

HERE, THERE = Plane(0, 2), Plane(0, 4)
INSIDE = Prompts(points=(PointPrompt((2.0, 10.0, 15.0)),))
BOX = (slice(4, 5), slice(1, 3), slice(1, 3))


@pytest.fixture
def bench():
    return Bench(make_volume()).start()


def paint(bench, box=BOX, value=1):
    mask = bench.scene.start_mask()
    bench.scene.voxels.paint(mask, box, value)


def block(mask):
    """A change of a block, as a tool makes one."""
    after = np.ones((3, 4, 5), np.uint8)
    return Edit.between(mask.array[1:4, :4, :5], after, (1, 0, 0))


def shown(bench):
    return bench.view.show_history.call_args.args


def test_strokes_prompts_and_outlines_are_one_history(bench):
    paint(bench)
    bench.panel.prompts_changed({HERE: INSIDE})
    bench.work.answer_all()
    bench.panel.prompting.keep()
    words = [step.words for step in bench.scene.document.history.done]
    assert words == ["Brush", "Point", "Keep outline"]
    assert shown(bench) == ("Keep outline", "")
    bench.panel.history.undo()
    assert np.count_nonzero(bench.scene.labels) == 4
    assert bench.scene.prompts == {HERE: INSIDE}, "the point is back"
    bench.work.answer_all()
    assert bench.scene.previews[HERE].sum() == 25, "and so is its outline"
    bench.panel.history.undo()
    assert bench.scene.prompts == {}
    bench.panel.history.undo()
    assert not bench.scene.labels.any()
    assert shown(bench) == ("", "Brush")
    for _ in range(3):
        bench.panel.history.redo()
    assert np.count_nonzero(bench.scene.labels) == 29
    assert bench.scene.prompts == {}
    bench.work.answer_all()
    bench.panel.history.redo()
    assert bench.said[-1] == "There is nothing to redo."


def test_undo_turns_to_the_slice_where_it_happens(bench):
    paint(bench)
    bench.panel.history.undo()
    assert bench.scene.shown_voxels == [((4, 1, 1), (4, 2, 2))]


def test_undo_of_nothing_says_so(bench):
    bench.panel.history.undo()
    assert bench.said[-1] == "There is nothing to undo."


def test_the_key_for_marks_leaves_strokes_alone(bench):
    paint(bench)
    bench.panel.history.undo_prompt()
    assert bench.scene.labels.any()
    assert "no mark" in bench.said[-1]


def test_nor_does_it_take_back_an_outline_that_changed_no_voxel(bench):
    for _ in range(2):
        bench.panel.prompts_changed({HERE: INSIDE})
        bench.work.answer_all()
        bench.panel.prompting.keep()
    bench.panel.history.undo_prompt()
    assert len(bench.scene.document.outlines) == 2
    assert "no mark" in bench.said[-1]
    bench.panel.history.undo()
    assert len(bench.scene.document.outlines) == 1
    assert bench.scene.prompts == {HERE: INSIDE}


def test_undo_of_a_big_outline_takes_back_what_is_told_of_it(bench, monkeypatch):
    monkeypatch.setattr(history, "_AT_ONCE", 10)
    bench.panel.prompts_changed({HERE: INSIDE})
    bench.work.answer_all()
    bench.panel.prompting.keep()
    bench.work.answer_all()
    document = bench.scene.document
    for way, told in (("undo", 0), ("redo", 1), ("undo", 0)):
        getattr(bench.panel.history, way)()
        bench.work.answer_all()
        assert len(document.outlines) == told
        assert bench.scene.labels.any() == bool(told)


def test_a_new_step_ends_what_could_be_made_again(bench):
    paint(bench)
    bench.panel.history.undo()
    paint(bench, value=2)
    assert shown(bench) == ("Brush", "")


def test_a_big_change_is_made_in_the_background_and_reserves_the_mask(bench):
    said = []
    assert bench.panel.history.change("Smooth", block, said.append)
    assert bench.panel.activity.running[-1] == "Smooth"
    assert not bench.scene.labels.any()
    assert not bench.scene.voxels.paintable
    bench.panel.history.undo()
    assert bench.problems == ["Wait a moment: 'Smooth' is not done yet."]
    assert not bench.panel.history.change("Grow", block, said.append)
    bench.work.answer_all()
    assert np.count_nonzero(bench.scene.labels) == 60
    assert bench.scene.voxels.paintable
    assert shown(bench) == ("Smooth", "")
    assert said[0].count == 60


def test_undo_of_a_big_change_is_made_in_the_background(bench, monkeypatch):
    bench.panel.history.change("Smooth", block, lambda _: None)
    bench.work.answer_all()
    monkeypatch.setattr(history, "_AT_ONCE", 10)
    bench.panel.history.undo()
    assert bench.scene.labels.any()
    bench.work.answer_all()
    assert not bench.scene.labels.any()
    assert shown(bench) == ("", "Smooth")
    bench.panel.history.redo()
    bench.work.answer_all()
    assert np.count_nonzero(bench.scene.labels) == 60


@pytest.fixture
def undoing(bench, monkeypatch):
    """A bench whose work thread has a big undo before it."""
    bench.panel.prompts_changed({HERE: INSIDE})
    bench.work.answer_all()
    bench.panel.history.change("Smooth", block, lambda _: None)
    bench.work.answer_all()
    monkeypatch.setattr(history, "_AT_ONCE", 10)
    bench.panel.history.undo()
    return bench


def test_marks_are_refused_while_the_mask_is_being_changed(undoing):
    undoing.scene.prompts = {THERE: INSIDE}  # as the user has just drawn it
    undoing.panel.prompts_changed({THERE: INSIDE})
    assert undoing.problems == ["Wait a moment: 'Smooth' is not done yet."]
    undoing.work.rest()
    assert undoing.scene.prompts == {HERE: INSIDE}
    undoing.panel.prompting.discard()
    undoing.work.rest()
    assert undoing.scene.prompts == {HERE: INSIDE}
    undoing.work.answer_all()
    assert shown(undoing) == ("Point", "Smooth")


@pytest.mark.parametrize("way", ["undo", "redo"])
def test_a_step_added_during_a_big_undo_or_redo_is_not_taken_for_it(undoing, way):
    mask = undoing.scene.mask
    if way == "redo":
        undoing.work.answer_all()
        undoing.panel.history.redo()
    stray = Step("Script", prompts=([], []))
    mask.document.do(stray)
    undoing.work.answer_all()
    done = mask.document.history.done
    assert stray in done, "it was not popped in the other's place"
    left = mask.array.copy()
    assert left.any() == (way == "redo")
    undoing.panel.history.undo()
    undoing.work.answer_all()
    assert mask.array.any() == (way == "undo"), "what was written is a step that can be undone"


def test_a_change_belongs_to_its_mask_though_another_image_came(bench):
    first, document = bench.scene.start_mask(), bench.scene.document
    bench.panel.history.change("Smooth", block, lambda _: None)
    bench.scene.add_image(make_volume())
    bench.panel.image_changed()
    bench.work.answer_all()
    assert np.count_nonzero(first.array) == 60
    assert len(document.history.done) == 1
    assert bench.scene.document.history.done == ()


def test_closing_the_panel_keeps_voxels_and_history_in_step(bench):
    bench.panel.history.change("Smooth", block, lambda _: None)
    mask, (job, _, _) = bench.scene.mask, bench.work.jobs.pop()
    job()
    bench.panel.close()
    assert np.count_nonzero(mask.array) == 60
    assert len(mask.document.history.done) == 1
    assert mask.why_not == ""


def test_a_fault_in_the_background_is_a_sentence_and_changes_nothing(bench):
    def fail(_):
        raise MemoryError

    bench.panel.history.change("Smooth", fail, lambda _: None)
    bench.work.answer_all()
    assert "not enough free memory" in bench.problems[-1]
    assert bench.scene.mask.why_not == ""


def test_the_place_of_a_step_is_what_it_changed():
    before = {HERE: INSIDE}
    after = {HERE: INSIDE, THERE: Prompts(boxes=(BoxPrompt((4, 3, 4), (4, 8, 9)),))}
    step = Step("Box", prompts=(plain_prompts(before), plain_prompts(after)))
    assert place_of(step) == ((4, 3, 4), (4, 8, 9))
    gone = Step("Delete mark", prompts=(plain_prompts(after), plain_prompts(before)))
    assert place_of(gone) == ((4, 3, 4), (4, 8, 9))
    assert place_of(Step("Nothing")) is None
