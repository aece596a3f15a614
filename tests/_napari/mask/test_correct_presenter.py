"""Brush, range and finished slices, without a window."""

from __future__ import annotations

import numpy as np
import pytest
from panel_fakes import Bench, make_volume

from napari_medssl.segment import Plane
from napari_medssl.volume import Geometry, Volume

BOX = (slice(2, 3), slice(5, 10), slice(5, 10))


@pytest.fixture
def bench():
    return Bench(make_volume()).start()


def test_the_brush_is_shown_in_mm_or_in_pixels_where_they_have_no_size(bench):
    assert bench.view.show_brush.call_args.args == (10.0, "mm")
    bench.panel.correct.resize_brush(25.0)
    assert bench.view.show_brush.call_args.args == (25.0, "mm")
    flat = Bench(make_volume(spacing_known=False)).start()
    assert flat.view.show_brush.call_args.args[1] == "px"


def test_the_range_begins_with_the_window_and_is_off(bench):
    call = bench.view.show_range.call_args
    assert call.args == (-160, 240)
    assert call.kwargs["used"] is False
    assert (bench.scene.rules.low, bench.scene.rules.high) == (None, None)


def test_a_range_holds_the_brush_until_it_is_switched_off(bench):
    bench.panel.correct.set_range(10, 20)
    assert (bench.scene.rules.low, bench.scene.rules.high) == (10, 20)
    bench.panel.correct.use_range(False)
    assert bench.scene.rules.low is None
    bench.panel.correct.use_range(True)
    assert (bench.scene.rules.low, bench.scene.rules.high) == (10, 20)


def test_an_empty_range_is_refused_and_the_last_one_shown_again(bench):
    bench.panel.correct.set_range(10, 20)
    bench.panel.correct.set_range(30, 20)
    assert "range" in bench.problems[-1]
    assert bench.view.show_range.call_args.args == (10, 20)
    assert (bench.scene.rules.low, bench.scene.rules.high) == (10, 20)


def test_a_range_is_taken_from_what_is_painted_already(bench):
    bench.panel.correct.range_of_label()
    assert "no mask yet" in bench.said[-1]
    bench.scene.start_mask()
    bench.panel.correct.range_of_label()
    bench.work.answer_all()
    assert "no voxels yet" in bench.problems[-1]
    bench.scene.voxels.paint(bench.scene.mask, BOX, 1)
    bench.panel.correct.range_of_label()
    bench.work.answer_all()
    low, high = np.percentile(bench.scene.volume.array[BOX], (5, 95))
    assert (bench.scene.rules.low, bench.scene.rules.high) == (low, high)


def test_a_range_is_taken_from_a_stroke_that_paints_nothing(bench):
    bench.panel.correct.pick_range()
    assert bench.scene.tool == "brush"
    bench.scene.mask.listen(bench.panel)
    bench.scene.voxels.paint(bench.scene.mask, BOX, 1)
    assert not bench.scene.labels.any()
    assert bench.scene.rules.low is not None
    assert "keeps to" in bench.said[-1]


def test_what_was_put_back_is_said(bench):
    bench.panel.voxels_left(1)
    assert bench.said[-1] == "1 voxel was left as before: locked, or of another label."
    bench.panel.correct.set_range(1, 2)
    bench.panel.voxels_left(1200)
    assert bench.said[-1].startswith("1,200 voxels were left as before: ")
    assert "outside the range" in bench.said[-1]


def test_an_image_of_colours_has_no_range():
    shape = (3, 1, 8, 9)
    colours = Volume.from_source_array(
        np.zeros(shape, np.uint8), Geometry(shape[1:]), name="p.png", format="picture"
    )
    bench = Bench(colours).start()
    bench.view.allow_range.assert_called_with(False)
    bench.scene.start_mask()
    bench.panel.correct.range_of_label()
    assert bench.work.jobs == []


def test_overwriting_is_for_brush_outlines_and_tools_alike(bench):
    bench.panel.allow_overwrite(True)
    assert bench.scene.rules.overwrite


def test_a_slice_is_marked_as_finished_and_taken_back(bench):
    bench.panel.finished.toggle()
    assert bench.scene.document.done == {Plane(0, 2)}
    call = bench.view.show_finished.call_args
    assert call.args == ("Axial slice 2: done. 1 of 6 done.",)
    assert call.kwargs == {"done": True, "allowed": True}
    assert bench.scene.done
    bench.scene.plane = Plane(0, 3)
    bench.panel.slice_changed()
    assert bench.view.show_finished.call_args.args == ("Axial slice 3: not done. 1 of 6 done.",)
    assert not bench.scene.done
    bench.scene.plane = Plane(0, 2)
    bench.panel.finished.toggle()
    assert bench.scene.document.done == frozenset()


def test_in_three_d_there_is_no_slice_to_mark(bench):
    bench.scene.plane = None
    bench.panel.slice_changed()
    assert bench.view.show_finished.call_args.kwargs["allowed"] is False
    bench.panel.finished.toggle()
    assert "slice" in bench.problems[-1]
