"""Growing through the volume, without a window, napari or a network."""

from __future__ import annotations

from unittest.mock import MagicMock

import numpy as np
import pytest
from panel_fakes import Bench, make_volume

from napari_medssl.segment import BoxPrompt, Plane, PointPrompt, Prompts

HERE, THERE = Plane(0, 2), Plane(0, 4)
INSIDE = Prompts(points=(PointPrompt((2.0, 10.0, 15.0)),))
BOX_3 = Prompts(boxes=(BoxPrompt((3, 1, 1), (3, 3, 3)),))
BOX = Prompts(boxes=(BoxPrompt((4, 3, 4), (4, 8, 9)),))


@pytest.fixture
def bench():
    """A point on slice 2 is outlined."""
    bench = Bench(make_volume()).start()
    bench.panel.prompts_changed({HERE: INSIDE})
    bench.work.answer_all()
    return bench


def grow(bench) -> None:
    bench.panel.growing.grow()
    bench.work.answer_all()


def test_slices_are_shown_as_they_are_found_and_kept_as_one_step(bench):
    grow(bench)
    assert set(bench.scene.previews) == {Plane(0, 1), HERE, Plane(0, 3)}
    assert not bench.scene.labels.any()
    assert "slices 1 to 3" in bench.said[-1]
    bench.panel.keep()
    bench.work.answer_all()
    assert np.count_nonzero(bench.scene.labels) == 75
    assert bench.scene.previews == {}
    assert bench.scene.prompts == {}
    assert "75 voxels on 3 slices" in bench.said[-1]
    (told,) = bench.scene.document.outlines
    assert told["grown"] == {"planes": "one", "axis": 0, "first_index": 1, "last_index": 3}
    bench.panel.history.undo()
    assert not bench.scene.labels.any()
    assert bench.scene.prompts == {HERE: INSIDE}


def test_several_prompted_slices_grow_together(bench):
    bench.panel.prompts_changed({HERE: INSIDE, THERE: BOX})
    bench.work.answer_all()
    grow(bench)
    assert {plane.index for plane in bench.scene.previews} == {1, 2, 3, 4, 5}


def test_a_prompt_is_answered_between_two_slices(bench):
    bench.panel.growing.grow()
    bench.work.answer()
    bench.panel.prompts_changed({HERE: INSIDE, THERE: BOX})
    assert len(bench.work.jobs) == 2
    bench.work.answer()
    bench.work.answer()
    assert THERE in bench.scene.previews
    assert Plane(0, 3) not in bench.scene.previews


def test_stopping_drops_the_slice_in_hand_and_leaves_the_rest_to_be_kept(bench):
    bench.panel.growing.grow()
    bench.work.answer()
    bench.work.answer()
    bench.panel.growing.stop()
    bench.work.answer_all()
    assert set(bench.scene.previews) == {Plane(0, 1), HERE}
    assert bench.view.show_growing.call_args.args == ("",)
    bench.panel.keep()
    bench.work.answer_all()
    assert np.count_nonzero(bench.scene.labels) == 50


def test_discard_throws_away_what_has_grown_first_and_the_marks_then(bench):
    grow(bench)
    bench.panel.discard()
    assert set(bench.scene.previews) == {HERE}
    bench.panel.discard()
    assert bench.scene.previews == {}


def test_locked_labels_and_what_a_hand_drew_stay_as_they_are(bench):
    mask = bench.scene.start_mask()
    bench.scene.voxels.paint(mask, np.s_[3:4, 10:11, 15:17], 7)
    bench.scene.voxels.paint(mask, np.s_[3:4, 12:13, 15:16], 1)
    bench.scene.voxels.paint(mask, np.s_[3:4, 12:13, 15:16], 0, "Eraser")
    bench.panel.allow_overwrite(True)
    grow(bench)
    bench.panel.keep()
    bench.work.answer_all()
    assert (bench.scene.labels[3, 10, 15:17] == 7).all()
    assert bench.scene.labels[3, 12, 15] == 0
    assert np.count_nonzero(bench.scene.labels == 1) == 72
    assert "3 voxels were drawn by hand" in bench.said[-1]


def keep(bench) -> None:
    """What is kept must be what is shown; the fakes show outlines whole."""
    shown = {plane: outline.copy() for plane, outline in bench.scene.previews.items()}
    bench.panel.keep()
    bench.work.answer_all()
    wanted = np.zeros(bench.scene.volume.geometry.shape, bool)
    for plane, outline in shown.items():
        plane.view(wanted)[...] = outline
    assert np.array_equal(bench.scene.labels > 0, wanted)


def two_grown(bench) -> None:
    bench.panel.prompts_changed({HERE: INSIDE, THERE: BOX})
    bench.work.answer_all()
    grow(bench)


def test_a_slice_whose_mark_is_deleted_is_neither_shown_nor_kept(bench):
    two_grown(bench)
    bench.panel.prompts_changed({HERE: INSIDE})
    assert THERE not in bench.scene.previews
    keep(bench)
    assert not bench.scene.labels[4].any()
    (told,) = bench.scene.document.outlines
    assert told["grown"]["last_index"] == 5
    assert "on 4 slices" in bench.said[-1]


def test_a_mark_brought_back_by_undo_is_shown_and_kept_again(bench):
    two_grown(bench)
    bench.panel.prompts_changed({HERE: INSIDE})
    bench.panel.history.undo()
    bench.work.answer_all()
    keep(bench)
    assert bench.scene.labels[4].any()


def test_a_later_mark_takes_the_place_of_what_has_grown_until_it_is_deleted(bench):
    grow(bench)
    after = Plane(0, 3)
    grown = bench.scene.previews[after]
    bench.panel.prompts_changed({HERE: INSIDE, after: BOX_3})
    bench.work.answer_all()
    assert np.count_nonzero(bench.scene.previews[after]) == 9
    bench.panel.history.undo()
    assert np.array_equal(bench.scene.previews[after], grown)
    bench.panel.history.redo()
    bench.work.answer_all()
    keep(bench)
    assert np.count_nonzero(bench.scene.labels[3]) == 9


def test_a_point_outside_alone_takes_a_grown_slice_away(bench):
    grow(bench)
    outside = Prompts(points=(PointPrompt((3, 10, 15), positive=False),))
    bench.panel.prompts_changed({HERE: INSIDE, Plane(0, 3): outside})
    assert set(bench.scene.previews) == {Plane(0, 1), HERE}
    keep(bench)


def test_without_the_mark_that_it_grew_from_it_is_gone(bench):
    grow(bench)
    bench.panel.prompts_changed({})
    assert bench.scene.previews == {}
    assert not bench.panel.growing.waiting
    assert "so is what had grown" in bench.said[-1]


def test_what_grows_over_a_new_mark_does_not_hide_it(bench):
    bench.panel.growing.grow()
    bench.work.answer()
    bench.panel.prompts_changed({HERE: INSIDE, Plane(0, 3): BOX_3})
    bench.work.answer_all()
    assert np.count_nonzero(bench.scene.previews[Plane(0, 3)]) == 9
    keep(bench)


def test_without_an_outline_it_says_what_to_do():
    bench = Bench(make_volume()).start()
    bench.panel.growing.grow()
    assert bench.work.jobs == []
    assert "Mark what you want" in bench.problems[-1]


def test_what_goes_wrong_is_said_and_nothing_is_left(bench):
    bench.engines.finds = False
    grow(bench)
    assert "nothing to go on with" in bench.problems[-1]
    assert set(bench.scene.previews) == {HERE}
    assert not bench.panel.growing.waiting
    assert bench.view.show_growing.call_args.args == ("",)


def test_no_memory_for_it_is_said_and_nothing_grows(bench, monkeypatch):
    full = MagicMock(side_effect=MemoryError)
    monkeypatch.setattr("napari_medssl._napari.presenters.prompts.growing.GrownMask", full)
    grow(bench)
    assert bench.problems[-1].startswith("There is not enough free memory")
    assert not bench.panel.growing.waiting


def test_another_image_forgets_it(bench):
    grow(bench)
    bench.scene.add_image(make_volume())
    bench.panel.image_changed()
    assert not bench.panel.growing.waiting
    assert bench.scene.previews == {}


def test_the_vote_and_the_network_are_asked_for(bench):
    bench.panel.growing.use_all_planes(True)
    bench.panel.growing.ask_network(True)
    grow(bench)
    assert bench.engines.all_planes
    assert bench.engines.rules.network > 0


@pytest.fixture
def server():
    pytest.importorskip("nnInteractive.inference.remote")
    from nninteractive_server import small_server

    with small_server() as one:
        yield one


def test_a_server_of_nninteractive_follows_it_and_its_licence_is_shown_and_kept(bench, server):
    bench.panel.growing.use_all_planes(True)
    bench.panel.growing.use_server(f" {server.address} ")
    grow(bench)
    np.testing.assert_array_equal(server.image, bench.scene.volume.array)
    assert HERE.view(server.marked).any()
    assert server.released == 1
    assert "under: CC BY-NC-SA 4.0" in bench.said[-1]
    assert "least sure" not in bench.said[-1]
    bench.panel.growing.use_server("")  # of the next one
    bench.panel.keep()
    bench.work.answer_all()
    (told,) = bench.scene.document.outlines
    assert told["grown"]["by"] == "nninteractive"
    assert told["grown"]["licence"] == "CC BY-NC-SA 4.0"
    assert told["grown"]["planes"] == "one", "a server has a way of its own"


def test_without_an_address_nothing_is_sent_and_nothing_told_of_a_server(bench, server):
    bench.panel.growing.use_server(server.address)
    bench.panel.growing.use_server("")
    grow(bench)
    bench.panel.growing.use_server(server.address)
    bench.panel.keep()
    bench.work.answer_all()
    assert not server.asked
    (told,) = bench.scene.document.outlines
    assert "by" not in told["grown"]


def test_a_server_that_is_not_there_leaves_the_marks(bench):
    pytest.importorskip("nnInteractive.inference.remote")
    bench.panel.growing.use_server("http://127.0.0.1:9")
    grow(bench)
    assert "does not answer" in bench.problems[-1]
    assert set(bench.scene.previews) == {HERE}


def test_stopped_before_anything_was_found_it_says_so(bench, server):
    bench.panel.growing.use_server(server.address)
    bench.panel.growing.grow()
    bench.panel.growing.stop()
    bench.work.answer_all()
    assert bench.said[-1] == "Stopped. Nothing was found by then."
    assert not server.marked.any()
    assert set(bench.scene.previews) == {HERE}
