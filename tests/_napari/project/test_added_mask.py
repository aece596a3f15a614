"""A mask opened over a case takes the place of the case's own, as one step."""

from __future__ import annotations

from unittest.mock import MagicMock

import numpy as np
import pytest
from fake_work import FakeWork

from napari_medssl._napari.presenters.activity import Activity
from napari_medssl._napari.presenters.mask.document import Document, LabelRow
from napari_medssl._napari.presenters.mask.recorded_mask import RecordedMask
from napari_medssl._napari.presenters.project.added_mask import AddedMask, take_over
from napari_medssl.io import LabelInfo

LIVER, TUMOUR = LabelInfo(1, "liver", (200, 0, 0)), LabelInfo(2, "tumour", (0, 200, 0))


class Bench:
    """A case's mask, and another one laid over its image."""

    def __init__(self, *labels: LabelInfo, told: bool = True) -> None:
        self.work, self.view = FakeWork(), MagicMock()
        voxels = MagicMock(array=np.zeros((2, 3, 4), np.uint8))
        voxels.array[0, 0, 0] = 1
        self.own = RecordedMask(voxels, Document([LabelRow(LIVER)]))
        self.new = np.zeros((2, 3, 4), np.uint8)
        self.new[1, 1, 1:3] = labels[-1].value
        self.remove = MagicMock()
        theirs = Document([LabelRow(label) for label in labels], outlines=[{"engine": "a"}] * told)
        self.added = AddedMask(self.new, theirs, self.own, MagicMock(), self.remove)

    def take(self) -> None:
        take_over(self.added, Activity(self.work, self.view))
        self.work.answer_all()

    @property
    def said(self) -> str:
        return self.view.show_status.call_args.args[0]


@pytest.mark.parametrize("labels", [(LIVER,), (LIVER, TUMOUR)])
def test_it_becomes_the_case_s_own_and_undo_brings_the_old_one_back(labels):
    bench = Bench(*labels)
    before = bench.own.array.copy()
    bench.take()
    assert np.array_equal(bench.own.array, bench.new)
    document = bench.own.document
    assert [row.info for row in document.labels] == list(labels)
    assert document.outlines == ({"engine": "a"},)
    bench.remove.assert_called_once()
    assert bench.said.startswith("It is the mask of this case now.")
    bench.own.undo()
    assert np.array_equal(bench.own.array, before)
    assert document.outlines == ()
    bench.own.redo()
    assert document.outlines == ({"engine": "a"},)


def test_a_label_that_means_something_else_is_refused():
    bench = Bench(LabelInfo(1, "spleen", (0, 0, 200)))
    bench.take()
    assert "Label 1 of this mask is 'spleen', but 'liver' in the project." in bench.said
    bench.remove.assert_not_called()
    assert bench.own.array[0, 0, 0] == 1


@pytest.mark.parametrize("told", [False, True])
def test_an_equal_mask_is_a_step_only_if_it_tells_more(told):
    bench = Bench(LIVER, told=told)
    bench.new[...] = bench.own.array
    bench.take()
    assert len(bench.own.document.history.done) == told
    assert len(bench.own.document.outlines) == told
    bench.remove.assert_called_once()


def test_while_something_else_is_being_done_it_waits_for_the_user():
    bench = Bench(LIVER)
    bench.own.reserve("Smooth")
    bench.take()
    assert bench.said == "Wait a moment: 'Smooth' is not done yet."
    assert bench.own.array[0, 0, 0] == 1
