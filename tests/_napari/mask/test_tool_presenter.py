"""The correcting tools behind the panel, without a window."""

from __future__ import annotations

import numpy as np
import pytest
from panel_fakes import Bench, make_volume

BIG, SMALL = (slice(0, 3), slice(2, 8), slice(2, 8)), (slice(5, 6), slice(15, 17), slice(20, 22))


@pytest.fixture
def bench():
    bench = Bench(make_volume()).start()
    for box in (BIG, SMALL):
        bench.scene.start_mask()
        bench.scene.voxels.paint(bench.scene.mask, box, 1)
    return bench


def test_all_tools_are_listed(bench):
    (tools,) = bench.view.show_tools.call_args.args
    assert {"keep-largest", "fill-between", "copy-previous"} <= {tool.name for tool in tools}


def test_a_tool_works_in_the_background_as_one_step(bench):
    bench.panel.tools.apply("keep-largest", {})
    assert bench.scene.labels[SMALL].any()
    bench.work.answer_all()
    assert not bench.scene.labels[SMALL].any()
    assert bench.scene.document.history.done[-1].words == "Keep largest island"
    assert "4 voxels changed" in bench.said[-1]
    bench.panel.history.undo()
    assert bench.scene.labels[SMALL].all()


def test_a_tool_on_one_slice_leaves_the_others(bench):
    bench.panel.tools.apply("grow", {"mm": 1}, slice_only=True)
    bench.work.answer_all()
    assert np.count_nonzero(bench.scene.labels[2]) > 36
    assert np.count_nonzero(bench.scene.labels[1]) == 36


def test_a_tool_that_finds_nothing_to_do_says_so_and_is_no_step(bench):
    steps = len(bench.scene.document.history.done)
    bench.panel.tools.apply("fill-holes", {})
    bench.work.answer_all()
    assert "nothing to change" in bench.said[-1]
    assert len(bench.scene.document.history.done) == steps


def test_locked_labels_are_left_by_tools_too(bench):
    bench.panel.labels.set_locked(1, True)
    bench.panel.tools.apply("keep-largest", {})
    bench.work.answer_all()
    assert bench.scene.labels[SMALL].all()


def test_a_setting_out_of_range_is_a_sentence(bench):
    bench.panel.tools.apply("grow", {"mm": -3})
    bench.work.answer_all()
    assert "mm" in bench.problems[-1]


def test_a_tool_for_a_part_waits_for_a_click(bench):
    bench.panel.tools.apply("remove-island", {})
    assert bench.work.jobs == []
    bench.scene.wants_voxel((5, 15, 20))
    bench.work.answer_all()
    assert not bench.scene.labels[SMALL].any()
    assert bench.scene.labels[BIG].all()
    bench.panel.tools.apply("remove-island", {})
    bench.scene.wants_voxel((0, 0, 0))
    bench.work.answer_all()
    assert bench.problems, "a click beside the label"


def test_another_label_or_another_mask_is_offered_and_used(bench):
    bench.panel.labels.add()
    bench.scene.others = {"Mask [1]": np.ones_like(bench.scene.labels)}
    bench.panel.choose_label(1)
    (others,) = bench.view.show_others.call_args.args
    assert others == [("Label 2", 2), ("Layer 'Mask [1]'", "Mask [1]")]
    bench.panel.tools.apply("subtract", {}, other="Mask [1]")
    bench.work.answer_all()
    assert not bench.scene.labels.any()
    bench.panel.tools.apply("subtract", {}, other=2)
    bench.work.answer_all()
    assert "another mask" in bench.problems[-1]


def test_split_parts_get_labels_in_the_table(bench):
    bench.panel.tools.apply("split-islands", {})
    bench.work.answer_all()
    assert [row.info.value for row in bench.scene.document.labels] == [1, 2]
    assert (bench.scene.labels[SMALL] == 2).all()


def test_a_tool_without_a_mask_says_what_to_do():
    bench = Bench(make_volume()).start()
    bench.panel.tools.apply("keep-largest", {})
    assert "no mask yet" in bench.said[-1]


def test_a_tool_for_slices_in_three_d_says_what_to_do(bench):
    bench.scene.plane = None
    bench.panel.tools.apply("copy-previous", {})
    assert "Turn to a slice" in bench.problems[-1]
