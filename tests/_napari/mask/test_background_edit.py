"""A change in the background: voxels and document stay in step, whatever happens in between."""

from __future__ import annotations

import numpy as np
import pytest
from panel_fakes import FakeVoxels, make_volume

from napari_medssl._napari.presenters.mask.background_edit import BackgroundEdit
from napari_medssl._napari.presenters.mask.document import Document
from napari_medssl._napari.presenters.mask.recorded_mask import RecordedMask
from napari_medssl.correct import Edit, Step


@pytest.fixture
def mask():
    volume = make_volume()
    array = np.zeros(volume.geometry.shape, np.uint8)
    return RecordedMask(FakeVoxels(volume, array), Document())


def change_of(mask, compute=None):
    edit = Edit.between(np.zeros((1, 2, 2), np.uint8), np.ones((1, 2, 2), np.uint8))
    mask.reserve("Smooth")
    return BackgroundEdit(
        mask,
        compute or (lambda: edit),
        lambda made: made.apply(mask.array),
        lambda made: mask.document.do(Step("Smooth", made)),
    )


def test_what_was_worked_out_is_settled_once(mask):
    change = change_of(mask)
    change.work()
    change.settle()
    change.settle()
    assert np.count_nonzero(mask.array) == 4
    assert len(mask.document.history.done) == 1
    assert mask.why_not == ""


def test_what_was_settled_before_it_began_writes_nothing(mask):
    change = change_of(mask)
    change.settle()
    change.work()
    assert not mask.array.any()
    assert mask.document.history.done == ()
    assert mask.why_not == ""


def test_settling_while_it_is_worked_out_writes_nothing(mask):
    change = change_of(mask, lambda: change.settle())
    change.work()
    assert not mask.array.any()
    assert mask.document.history.done == ()


def test_an_error_is_kept_and_gives_the_mask_back(mask):
    def fail():
        raise MemoryError

    change = change_of(mask, fail)
    change.work()
    change.settle()
    assert isinstance(change.error, MemoryError)
    assert mask.document.history.done == ()
    assert mask.why_not == ""
