"""Everything on a slice, and one click to keep what is wanted, without a window."""

from __future__ import annotations

import numpy as np
import pytest
from panel_fakes import Bench, make_volume

from napari_medssl.errors import PromptError
from napari_medssl.segment import Plane


@pytest.fixture
def bench():
    bench = Bench(make_volume()).start()
    bench.panel.everything.outline()
    bench.work.answer_all()
    return bench


def waiting(bench) -> list[int]:
    return [int(v) for v in np.unique(bench.scene.objects[1]) if v]


def test_all_objects_of_the_slice_are_shown_and_nothing_is_changed(bench):
    plane, _ = bench.scene.objects
    assert plane == Plane(0, 2)
    assert waiting(bench) == [1, 2]
    assert bench.scene.labels is None
    assert bench.said[-1] == (
        "2 objects found. Click what you want to keep as 'Label 1'. Esc drops the rest."
    )
    bench.view.show_objects.assert_called_with(2, looking=False)


def test_one_click_keeps_one_and_undo_offers_it_again(bench):
    bench.scene.click(2)
    assert (bench.scene.labels[2, 2:6, 8:12] == 1).all()
    assert np.count_nonzero(bench.scene.labels) == 16
    assert waiting(bench) == [1]
    step = bench.scene.document.history.done[-1]
    assert step.words == "Keep object"
    assert step.by_hand, "a person chose it"
    assert step.outlines[0]["confidence"] == 0.8
    bench.panel.history.undo()
    assert not bench.scene.labels.any()
    assert waiting(bench) == [1, 2]
    bench.panel.history.redo()
    assert waiting(bench) == [1]
    bench.scene.click(2)
    assert len(bench.scene.document.history.done) == 1, "it is kept already"


def test_each_click_can_make_a_label_of_its_own(bench):
    bench.panel.everything.make_new_labels(True)
    bench.scene.click(1)
    bench.scene.click(2)
    assert set(np.unique(bench.scene.labels)) == {0, 1, 2}
    assert [row.info.value for row in bench.scene.document.labels] == [1, 2]


def test_escape_drops_the_rest_and_what_was_kept_stays(bench):
    bench.scene.click(1)
    bench.scene.escape()
    assert bench.scene.objects is None
    assert np.count_nonzero(bench.scene.labels) == 16
    bench.view.show_objects.assert_called_with(0, looking=False)
    bench.panel.history.undo()
    assert bench.scene.objects is None


def test_locked_and_other_labels_stay(bench):
    bench.scene.start_mask()
    bench.scene.voxels.paint(bench.scene.mask, (slice(2, 3), slice(2, 6), slice(2, 4)), 7)
    bench.scene.click(1)
    assert (bench.scene.labels[2, 2:6, 2:4] == 7).all()
    assert (bench.scene.labels[2, 2:6, 4:6] == 1).all()
    bench.panel.labels.set_locked(1, True)
    bench.scene.click(2)
    assert "other labels" in bench.problems[-1]


def test_a_slice_with_nothing_and_no_slice_are_said():
    bench = Bench(make_volume()).start()
    bench.engines.finds = False
    bench.panel.everything.outline()
    bench.work.answer_all()
    assert "Nothing was found" in bench.said[-1]
    bench.scene.plane = None
    bench.panel.everything.outline()
    assert "Turn to a slice" in bench.problems[-1]


def test_a_stop_while_it_looks_shows_nothing():
    bench = Bench(make_volume()).start()
    bench.panel.everything.outline()
    bench.view.show_objects.assert_called_with(0, looking=True)
    bench.panel.everything.drop()
    bench.work.answer_all()
    assert bench.scene.objects is None
    bench.view.show_objects.assert_called_with(0, looking=False)


def test_a_failure_is_a_sentence_and_the_buttons_are_as_before():
    bench = Bench(make_volume()).start()

    def refuse(*_):
        raise PromptError("slice 2 is of one grey", do="Choose another slice")

    bench.engines.outline_everything = refuse
    bench.panel.engine.choose_device("cpu")
    bench.work.answer_all()
    bench.panel.everything.outline()
    bench.work.answer_all()
    assert bench.problems[-1] == "slice 2 is of one grey. Choose another slice."
    bench.view.show_objects.assert_called_with(0, looking=False)


def test_what_runs_is_told_to_stop():
    bench = Bench(make_volume()).start()
    found = bench.engines.outline_everything
    stops = []

    def stopped_on_the_way(volume, plane, window, stop):
        bench.panel.everything.drop()
        stops.append(stop())
        return found(volume, plane, window, stop)

    bench.engines.outline_everything = stopped_on_the_way
    bench.panel.engine.choose_device("cpu")
    bench.work.answer_all()
    bench.panel.everything.outline()
    bench.work.answer_all()
    assert stops == [True]
    assert bench.scene.objects is None


def test_another_image_takes_them_away(bench):
    bench.scene.add_image(make_volume())
    bench.panel.image_changed()
    assert bench.scene.objects is None


def test_along_another_axis_the_voxels_land_on_their_slice():
    bench = Bench(make_volume((20, 20, 30))).start()
    bench.scene.plane = Plane(2, 5)
    bench.panel.everything.outline()
    bench.work.answer_all()
    bench.scene.click(1)
    assert (bench.scene.labels[2:6, 2:6, 5] == 1).all()
    assert np.count_nonzero(bench.scene.labels) == 16
