"""What the prompt tools draw, from the mouse's way to a preview, without a window or napari."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from panel_fakes import Bench, make_volume

from napari_medssl._napari.presenters.prompts.marks import (
    Stroke,
    drawn_prompts,
    joined,
    with_new_readings,
)
from napari_medssl.errors import PromptError
from napari_medssl.segment import BoxPrompt, Plane, PointPrompt, Prompts

SHAPE = (6, 20, 30)
CORONAL = Plane(1, 7)


def along(*corners, plane=CORONAL, steps=20):
    """A way through corners (row, column) of a slice, in small steps."""
    stops = np.asarray(corners, float)
    at = np.linspace(0, len(stops) - 1, steps)
    path = [np.interp(at, range(len(stops)), side) for side in stops.T]
    return [tuple(np.insert(place, plane.axis, 3.3)) for place in np.transpose(path)]


@pytest.fixture
def bench():
    return Bench(make_volume(SHAPE)).start()


def draw(bench, tool, path, plane=CORONAL, *, positive=True):
    bench.panel.stroke_drawn(Stroke(tool, plane, path, positive))
    bench.work.answer_all()


def test_a_point_is_the_voxel_where_the_mouse_was_let_go():
    for tool, shift, positive in (("point", 0, True), ("point", 1, False), ("not-point", 0, False)):
        path = along((1, 1), (2.4, 10.6))
        made = drawn_prompts(Stroke(tool, CORONAL, path, not shift), SHAPE)
        assert made == Prompts((PointPrompt((2, 7, 11), positive),))


def test_a_box_goes_from_corner_to_corner_whatever_the_way_and_is_cut_at_the_edge():
    path = along((9, 20), (2, 2), (3.2, 4.1))
    made = drawn_prompts(Stroke("box", CORONAL, path), SHAPE)
    assert made == Prompts(boxes=(BoxPrompt((3, 7, 4), (5, 7, 20)),))
    with pytest.raises(PromptError, match="corner to corner"):
        drawn_prompts(Stroke("box", CORONAL, along((2, 4), (2.3, 9))), SHAPE)


def test_what_a_scribble_draws_beside_the_image_is_left_out():
    path = along((2, 20), (2, 60), steps=41)
    made = drawn_prompts(Stroke("scribble", CORONAL, path, inside=False), SHAPE)
    assert [p.voxel for p in made.points][0::5] == [(2, 7, 20), (2, 7, 29)]
    assert not any(p.positive for p in made.points)
    for tool in ("scribble", "point"):
        with pytest.raises(PromptError, match="beside the image"):
            drawn_prompts(Stroke(tool, CORONAL, along((2, 31), (2, 60))), SHAPE)


def test_a_point_that_was_moved_means_what_is_likeliest_there():
    stays, goes = PointPrompt((1, 7, 2), reading=2), PointPrompt((4, 7, 4), reading=1)
    moved = PointPrompt((5, 7, 4), reading=1)
    before = {CORONAL: Prompts((stays, goes))}
    after = with_new_readings(before, {CORONAL: Prompts((stays, moved))})
    assert [point.reading for point in after[CORONAL].points] == [2, 0]
    assert with_new_readings({}, before) == {
        CORONAL: Prompts((replace(stays, reading=0), replace(goes, reading=0)))
    }


def test_marks_of_a_slice_come_together_without_doubles():
    one = Prompts((PointPrompt((1, 7, 2)),), (BoxPrompt((1, 7, 1), (3, 7, 9)),))
    two = Prompts((PointPrompt((1, 7, 2)), PointPrompt((4, 7, 4), positive=False)), one.boxes)
    assert joined(None, two) == two
    assert joined(one, two) == two


@pytest.mark.parametrize(
    ("tool", "words", "points", "boxes"), [("scribble", "Scribble", 6, 0), ("lasso", "Lasso", 1, 1)]
)
def test_a_stroke_is_outlined_and_is_one_step_to_take_back(bench, tool, words, points, boxes):
    path = along((1, 5), (1, 20), (4, 20), (4, 5), steps=80)
    draw(bench, tool, path)
    (shown,) = bench.scene.prompts.values()
    assert (len(shown.points), len(shown.boxes)) == (points, boxes)
    assert set(bench.scene.previews) == {CORONAL}
    assert bench.scene.document.history.done[-1].words == words
    bench.panel.history.undo_prompt()
    assert bench.scene.prompts == bench.scene.previews == {}
    bench.panel.history.redo()
    assert bench.scene.prompts == {CORONAL: shown}


def test_strokes_add_to_the_marks_that_are_there(bench):
    draw(bench, "point", along((2, 10), (2, 10)))
    draw(bench, "scribble", along((4, 5), (4, 25)), positive=False)
    (shown,) = bench.scene.prompts.values()
    assert [p.positive for p in shown.points] == [True] + [False] * 6
    assert bench.engines.segmenter.asked[-1] == shown


def test_a_stroke_that_says_the_contrary_is_refused_and_changes_nothing(bench):
    draw(bench, "point", along((2, 10), (2, 10)))
    before = bench.scene.prompts
    draw(bench, "scribble", along((2, 10), (2, 10)), positive=False)
    assert "both inside and outside" in bench.problems[-1]
    assert bench.scene.prompts == before
    assert len(bench.scene.document.history.done) == 1


def test_while_the_mask_is_being_changed_nothing_is_marked(bench):
    bench.scene.start_mask().reserve("Growing")
    draw(bench, "lasso", along((1, 5), (1, 20), (4, 20)))
    assert bench.scene.prompts == {}
    assert "Growing" in bench.problems[-1]


def test_a_tool_for_strokes_is_picked_up_with_a_word(bench):
    bench.panel.prompting.use_tool("scribble")
    assert bench.scene.tool == "scribble"
    assert "Shift" in bench.said[-1]
