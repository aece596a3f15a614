"""The label table, without a window."""

from __future__ import annotations

from unittest.mock import MagicMock

import numpy as np
import pytest
from panel_fakes import Bench, make_volume

from napari_medssl._napari.presenters.mask.document import Document
from napari_medssl._napari.presenters.mask.recorded_mask import RecordedMask
from napari_medssl.errors import SaveError


@pytest.fixture
def bench():
    return Bench(make_volume()).start()


def rows(bench):
    return [(row.info.value, row.info.name) for row in bench.scene.document.labels]


def paint(bench, value, x=slice(0, 4)):
    mask = bench.scene.start_mask()
    bench.scene.voxels.paint(mask, (slice(0, 2), slice(0, 2), x), value)


def test_a_new_label_gets_the_next_value_and_another_colour(bench):
    bench.panel.labels.add()
    labels, current = bench.scene.shown_labels
    assert [row.info.value for row in labels] == [1, 2]
    assert current == 2
    assert labels[0].info.colour != labels[1].info.colour
    assert bench.view.show_labels.call_args.args[1] == 2


def test_naming_and_colouring_change_one_label_only(bench):
    bench.panel.labels.add()
    bench.panel.labels.rename(2, " spleen ")
    bench.panel.labels.recolour(2, (1, 2, 3))
    bench.panel.labels.rename(2, "  ")
    labels, _ = bench.scene.shown_labels
    assert (labels[1].info.name, labels[1].info.colour) == ("spleen", (1, 2, 3))
    assert labels[0].info.name == "Label 1"


def test_next_and_previous_go_round(bench):
    bench.panel.labels.add()
    bench.panel.labels.add()
    seen = []
    for by in (1, 1, 1, -1, -1, -1):
        bench.panel.step_label(by)
        seen.append(bench.panel.labels.current)
    assert seen == [1, 2, 3, 2, 1, 3]


def test_a_label_that_napari_picks_is_taken_up_and_named(bench):
    bench.panel.label_picked(65_536)
    assert rows(bench) == [(1, "Label 1"), (65_536, "Label 65536")]
    assert bench.panel.labels.current == 65_536
    bench.panel.label_picked(0)
    assert bench.panel.labels.current == 65_536, "the background is no label"


def test_locks_and_eyes_belong_to_the_document(bench):
    bench.panel.labels.set_locked(1, True)
    bench.panel.labels.set_visible(1, False)
    (row,) = bench.scene.document.labels
    assert row.locked
    assert not row.visible


def test_deleting_a_label_asks_and_can_be_undone(bench):
    paint(bench, 1)
    bench.panel.labels.add()
    bench.panel.labels.rename(2, "spleen")
    paint(bench, 2, slice(4, 9))
    bench.view.confirm.return_value = False
    bench.panel.labels.delete()
    assert len(rows(bench)) == 2
    bench.view.confirm.return_value = True
    bench.panel.labels.delete()
    bench.work.answer_all()
    assert "'spleen'" in bench.view.confirm.call_args.args[0]
    assert rows(bench) == [(1, "Label 1")]
    assert set(np.unique(bench.scene.labels)) == {0, 1}
    assert bench.panel.labels.current == 1
    bench.panel.history.undo()
    assert rows(bench) == [(1, "Label 1"), (2, "spleen")]
    assert np.count_nonzero(bench.scene.labels == 2) == 20


def test_a_locked_label_is_not_deleted(bench):
    paint(bench, 1)
    bench.panel.labels.set_locked(1, True)
    bench.panel.labels.delete()
    assert "locked" in bench.problems[-1]
    assert bench.scene.labels.any()
    bench.view.confirm.assert_not_called()


def test_the_only_label_loses_its_voxels_and_stays_in_the_table(bench):
    paint(bench, 1)
    bench.view.confirm.return_value = True
    bench.panel.labels.delete()
    bench.work.answer_all()
    assert rows(bench) == [(1, "Label 1")]
    assert not bench.scene.labels.any()


def test_another_mask_brings_its_own_labels(bench):
    bench.panel.labels.add()
    bench.scene.add_mask(np.zeros(bench.scene.volume.geometry.shape, np.uint8), Document())
    bench.panel.mask_changed()
    assert bench.view.show_labels.call_args.args[1] == 1
    assert len(bench.view.show_labels.call_args.args[0]) == 1


def test_without_an_image_there_are_no_labels():
    bench = Bench().start()
    bench.panel.labels.add()
    bench.panel.labels.delete()
    bench.panel.step_label(1)
    assert bench.view.show_labels.call_args.args == ((), 0)


@pytest.mark.parametrize(("others", "words"), [(1, "another case uses"), (3, "3 other cases use")])
def test_a_label_that_other_cases_use_stays(bench, others, words):
    paint(bench, 1)
    bench.panel.labels.add()
    bench.scene.document.used_elsewhere = {1: 0, 2: others}.get
    bench.panel.labels.delete()
    assert bench.problems[-1].startswith(f"'Label 2' stays: {words} it.")
    bench.view.confirm.assert_not_called()
    assert len(rows(bench)) == 2


@pytest.mark.parametrize(
    "change",
    [
        lambda labels: labels.add(),
        lambda labels: labels.rename(1, "liver"),
        lambda labels: labels.recolour(1, (1, 2, 3)),
        lambda labels: labels.set_locked(1, True),
        lambda labels: labels.choose(7),
        lambda labels: labels.delete(),
    ],
    ids=["add", "rename", "recolour", "lock", "pick", "delete"],
)
def test_labels_of_a_mask_for_reading_stay_as_they_are(bench, change):
    bench.scene.start_mask()
    document = bench.scene.document
    bench.scene.mask = RecordedMask(bench.scene.voxels, document, read_only=True)
    before = document.labels
    change(bench.panel.labels)
    assert bench.problems == ["This mask is open for reading only."]
    assert (document.labels, bench.panel.labels.current) == (before, 1)
    bench.view.confirm.assert_not_called()
    bench.panel.labels.set_visible(1, False)
    assert not document.labels[0].visible, "to look at a mask changes nothing"


def test_a_label_stays_where_nobody_can_tell_who_uses_it(bench):
    bench.panel.labels.add()
    bench.scene.document.used_elsewhere = MagicMock(side_effect=SaveError("the share is gone"))
    bench.panel.labels.delete()
    assert bench.problems == ["the share is gone."]
    assert len(rows(bench)) == 2
