"""The Segment panel's decisions, without a window, napari or a network."""

from __future__ import annotations

import sys
from unittest.mock import MagicMock

import numpy as np
import pytest
from panel_fakes import Bench, make_volume

from napari_medssl.errors import PromptError
from napari_medssl.segment import BoxPrompt, Plane, PointPrompt, Prompts

HERE, THERE = Plane(0, 2), Plane(0, 4)
INSIDE = Prompts(points=(PointPrompt((2.0, 10.0, 15.0)),))
BOX = Prompts(boxes=(BoxPrompt((4, 3, 4), (4, 8, 9)),))


@pytest.fixture
def bench():
    return Bench(make_volume()).start()


def test_presenters_need_neither_napari_nor_qt_nor_torch():
    import subprocess

    code = (
        "import sys, napari_medssl._napari.presenters.segment.panel\n"
        "print([m for m in ('napari', 'qtpy', 'torch') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_starting_loads_the_engine_once_and_rests_on_the_slice():
    bench = Bench(make_volume())
    bench.panel.start()
    bench.work.answer_all()
    assert bench.engines.loads == [("small", "auto")]
    assert bench.engines.segmenter.prepared == []
    bench.work.rest()
    bench.work.answer_all()
    assert bench.engines.segmenter.prepared == [HERE]
    assert len(bench.engines.loads) == 1


def test_a_point_gives_a_preview_and_keep_puts_it_into_the_mask(bench):
    bench.panel.prompts_changed({HERE: INSIDE})
    bench.work.answer_all()
    assert bench.scene.previews[HERE].sum() == 25
    assert not bench.scene.labels.any()
    bench.panel.prompting.keep()
    assert (bench.scene.labels[2, 8:13, 13:18] == 1).all()
    assert np.count_nonzero(bench.scene.labels) == 25
    assert bench.scene.previews == {}
    assert bench.scene.prompts == {}
    assert "25 voxels" in bench.said[-1]


def test_keep_notes_prompts_in_the_file_s_own_axes(bench):
    bench.panel.prompts_changed({HERE: INSIDE})
    bench.work.answer_all()
    bench.panel.prompting.keep()
    (note,) = bench.scene.document.outlines
    volume = bench.scene.volume
    assert note["points_ijk"] == [
        {"at": list(volume.index_to_source((2.0, 10.0, 15.0))), "inside": True}
    ]
    assert (note["engine"], note["weights_sha256"], note["label"]) == ("fake", "c0ffee", 1)


def test_a_late_answer_is_dropped(bench):
    """The second prompt comes while the first is still being answered."""
    bench.panel.prompts_changed({HERE: INSIDE})
    job, done, _ = bench.work.jobs.pop(0)
    first = job()
    moved = Prompts(points=(PointPrompt((2.0, 4.0, 4.0)),))
    bench.panel.prompts_changed({HERE: moved})
    done(first)
    assert bench.scene.previews == {}
    bench.work.answer_all()
    assert bench.scene.previews[HERE][4, 4]
    assert not bench.scene.previews[HERE][10, 15]


def test_a_job_that_is_late_before_it_begins_is_skipped(bench):
    bench.panel.prompts_changed({HERE: INSIDE})
    bench.panel.prompts_changed({HERE: Prompts(points=(PointPrompt((2.0, 4.0, 4.0)),))})
    bench.work.answer_all()
    assert len(bench.engines.segmenter.asked) == 1


def test_an_answer_for_a_deleted_prompt_is_dropped(bench):
    bench.panel.prompts_changed({HERE: INSIDE})
    bench.panel.prompts_changed({})
    bench.work.answer_all()
    assert bench.scene.previews == {}


def test_an_answer_for_another_image_is_dropped(bench):
    bench.panel.prompts_changed({HERE: INSIDE})
    bench.scene.add_image(make_volume())
    bench.panel.image_changed()
    bench.work.answer_all()
    assert bench.scene.previews == {}


def test_each_slice_has_its_own_object_and_keep_takes_all(bench):
    bench.panel.prompts_changed({HERE: INSIDE})
    bench.work.answer_all()
    bench.panel.prompts_changed({HERE: INSIDE, THERE: BOX})
    bench.work.answer_all()
    assert len(bench.engines.segmenter.asked) == 2, "the first slice is not asked again"
    assert set(bench.scene.previews) == {HERE, THERE}
    bench.panel.prompting.keep()
    assert np.count_nonzero(bench.scene.labels[2]) == 25
    assert np.count_nonzero(bench.scene.labels[4]) == 36


def test_discard_throws_away_the_slice_on_the_screen_only(bench):
    bench.panel.prompts_changed({HERE: INSIDE, THERE: BOX})
    bench.work.answer_all()
    bench.panel.prompting.discard()
    assert set(bench.scene.previews) == {THERE}
    assert set(bench.scene.prompts) == {THERE}


def test_undo_takes_back_one_prompt_at_a_time(bench):
    two = Prompts(points=(*INSIDE.points, PointPrompt((2.0, 1.0, 1.0), positive=False)))
    bench.panel.prompts_changed({HERE: INSIDE})
    bench.panel.prompts_changed({HERE: two})
    bench.work.answer_all()
    bench.panel.history.undo_prompt()
    assert bench.scene.prompts == {HERE: INSIDE}
    bench.work.answer_all()
    assert bench.engines.segmenter.asked[-1] == INSIDE
    bench.panel.history.undo_prompt()
    assert bench.scene.prompts == {}
    assert bench.scene.previews == {}
    bench.panel.history.undo_prompt()


def test_a_point_may_mean_something_else(bench):
    bench.panel.prompting.other()
    assert "mark a point, or wait" in bench.said[-1]
    bench.panel.prompts_changed({HERE: INSIDE})
    bench.work.answer_all()
    bench.view.allow_other.assert_called_with(False)
    bench.panel.prompting.other()
    assert "mean this one thing" in bench.said[-1]
    assert bench.panel.prompting.marked == {HERE: INSIDE}


def test_another_outline_waits_for_the_answer_to_the_marks_there_are(bench):
    bench.engines.segmenter.readings = 2
    bench.panel.prompts_changed({HERE: INSIDE})
    bench.work.answer_all()
    further = PointPrompt((2.0, 1.0, 1.0), positive=False)
    bench.panel.prompts_changed({HERE: Prompts((*INSIDE.points, further))})
    bench.view.allow_other.assert_called_with(False)
    bench.panel.prompting.other()
    assert bench.panel.prompting.marked[HERE].reading == 0
    bench.work.answer_all()
    bench.view.allow_other.assert_called_with(True)


def test_what_is_told_of_a_kept_outline_is_what_it_was_made_from(bench):
    bench.panel.prompts_changed({HERE: INSIDE})
    bench.work.answer_all()
    further = PointPrompt((2.0, 1.0, 1.0), positive=False)
    bench.panel.prompts_changed({HERE: Prompts((*INSIDE.points, further))})
    bench.panel.prompting.keep()  # before the answer to the further point
    (told,) = bench.scene.document.history.done[-1].outlines
    assert len(told["points_ijk"]) == 1


def test_readings_go_round_are_steps_and_are_kept_with_the_point(bench):
    bench.engines.segmenter.readings = 2
    bench.panel.prompts_changed({HERE: INSIDE})
    bench.work.answer_all()
    bench.view.allow_other.assert_called_with(True)
    assert "Outline 1 of 2" in bench.said[-1]
    sizes = [np.count_nonzero(bench.scene.previews[HERE])]
    for number in (2, 1):
        bench.panel.prompting.other()
        bench.work.answer_all()
        assert f"Outline {number} of 2" in bench.said[-1]
        sizes.append(np.count_nonzero(bench.scene.previews[HERE]))
    assert sizes == [25, 49, 25]
    bench.panel.history.undo_prompt()
    bench.work.answer_all()
    assert bench.scene.prompts[HERE].points[-1].reading == 1
    assert np.count_nonzero(bench.scene.previews[HERE]) == 49
    further = PointPrompt((2.0, 1.0, 1.0), positive=False)
    points = (*bench.scene.prompts[HERE].points, further)
    bench.panel.prompts_changed({HERE: Prompts(points)})
    assert [p.reading for p in bench.panel.prompting.marked[HERE].points] == [1, 0]
    bench.scene.plane = THERE
    bench.panel.slice_changed()
    bench.view.allow_other.assert_called_with(False)


def test_points_outside_alone_ask_for_a_point_inside(bench):
    bench.panel.prompts_changed({HERE: Prompts(points=(PointPrompt((2, 1, 1), positive=False),))})
    assert bench.work.jobs == []
    assert "inside" in bench.said[-1]


def test_other_labels_are_protected_unless_the_user_says_so(bench):
    bench.scene.start_mask().array[2, 10, 15] = 9
    bench.panel.prompts_changed({HERE: INSIDE})
    bench.work.answer_all()
    bench.panel.prompting.keep()
    assert bench.scene.labels[2, 10, 15] == 9
    assert "1 voxels belong to other labels" in bench.said[-1]
    bench.panel.allow_overwrite(True)
    bench.panel.prompts_changed({HERE: INSIDE})
    bench.work.answer_all()
    bench.panel.prompting.keep()
    assert bench.scene.labels[2, 10, 15] == 1


def test_a_refused_prompt_is_one_sentence(bench):
    def refuse(*_, **__):
        raise PromptError("a point at 99 of 20 rows", expected="a point inside the image")

    bench.engines.segmenter.segment = refuse
    bench.panel.prompts_changed({HERE: INSIDE})
    bench.work.answer_all()
    assert bench.problems == ["a point at 99 of 20 rows; expected a point inside the image."]


def test_an_outline_goes_when_its_marks_find_nothing_any_more(bench):
    """Else it would be kept as what these marks gave."""
    bench.panel.prompts_changed({HERE: INSIDE})
    bench.work.answer_all()
    assert bench.scene.previews
    bench.engines.segmenter.segment = MagicMock(side_effect=PromptError("nothing was found"))
    more = Prompts((*INSIDE.points, PointPrompt((2, 1, 1))))
    bench.panel.prompts_changed({HERE: more})
    bench.work.answer_all()
    assert bench.problems == ["nothing was found."]
    assert not bench.scene.previews
    assert not bench.panel.prompting.outlines


def test_a_mark_that_is_refused_is_taken_off_the_canvas(bench):
    bench.panel.prompts_changed({HERE: INSIDE})
    bench.scene.prompts = {}
    bench.panel.prompts_refused(PromptError("a mark beside the image"))
    bench.work.rest()
    assert bench.problems == ["a mark beside the image."]
    assert bench.scene.prompts == {HERE: INSIDE}, "the others are still there"


def test_a_fault_of_ours_is_one_sentence_and_goes_to_the_log(bench, caplog):
    def fail(*_, **__):
        raise ZeroDivisionError("secret patient name")

    bench.engines.segmenter.segment = fail
    bench.panel.prompts_changed({HERE: INSIDE})
    bench.work.answer_all()
    assert "ZeroDivisionError" in bench.problems[-1]
    assert "secret" not in bench.problems[-1]
    assert caplog.records[-1].exc_info is not None


def test_a_tool_without_an_image_is_not_taken_up():
    bench = Bench().start()
    bench.panel.prompting.use_tool("point")
    assert bench.scene.tool == "look"
    assert bench.problems == ["Open an image first."]


def test_a_tool_in_three_d_is_not_taken_up(bench):
    bench.scene.plane = None
    bench.panel.prompting.use_tool("box")
    assert bench.scene.tool == "look"
    assert "slice" in bench.problems[-1]


def test_resting_on_another_slice_prepares_that_one(bench):
    for index in (3, 4, 5):
        bench.scene.plane = Plane(0, index)
        bench.panel.slice_changed()
    bench.work.rest()
    bench.work.answer_all()
    assert bench.engines.segmenter.prepared == [Plane(0, 5)]


def test_the_status_line_counts_while_something_runs(bench):
    bench.panel.prompts_changed({HERE: INSIDE})
    call = bench.view.show_status.call_args
    assert call.args == ("Outlining on axial slice 2",)
    assert call.kwargs["since"] is not None
    bench.work.answer_all()
    assert bench.view.show_status.call_args.kwargs["since"] is None


def test_another_engine_is_loaded_when_it_is_chosen(bench):
    bench.panel.engine.choose("small")
    assert bench.work.jobs == []
    bench.panel.engine.choose("large")
    bench.work.answer_all()
    assert bench.engines.loads == [("small", "auto"), ("large", "auto")]


def test_added_weights_choose_their_engine(bench, tmp_path):
    bench.panel.engine.add_weights(tmp_path / "sam.pth")
    bench.work.answer_all()
    assert bench.engines.loads[-1] == ("large", "auto")
    assert bench.view.show_engines.call_args.args[1] == "large"


def test_the_panel_says_how_many_slices_answer_at_once(bench):
    bench.work.rest()
    bench.work.answer_all()
    assert bench.view.show_engine_state.call_args.args[0].endswith("1 slice prepared.")
    bench.panel.prompts_changed({HERE: INSIDE, THERE: BOX})
    bench.work.answer_all()
    assert bench.view.show_engine_state.call_args.args[0].endswith("2 slices prepared.")
    bench.panel.window_changed()
    assert "prepared" not in bench.view.show_engine_state.call_args.args[0]
