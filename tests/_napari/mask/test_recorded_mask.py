"""Every change of a mask is one step, and keeps to the rules."""

from __future__ import annotations

import numpy as np
import pytest
from panel_fakes import FakeVoxels, make_volume

from napari_medssl._napari.presenters.mask.document import Document
from napari_medssl._napari.presenters.mask.recorded_mask import RecordedMask
from napari_medssl.correct.rules import Rules
from napari_medssl.errors import UsageError

BOX = (slice(2, 3), slice(5, 10), slice(5, 10))


class Listener:
    def __init__(self) -> None:
        self.left: list[int] = []
        self.ranges: list[tuple[float, float]] = []

    def voxels_left(self, count) -> None:
        self.left.append(count)

    def range_picked(self, low, high) -> None:
        self.ranges.append((low, high))


class Mask:
    """A mask in memory, with what its listener heard."""

    def __init__(self, **rest) -> None:
        volume = make_volume()
        self.voxels = FakeVoxels(volume, np.zeros(volume.geometry.shape, np.uint8))
        self.mask = RecordedMask(self.voxels, Document(), **rest)
        self.listener = Listener()
        self.mask.listen(self.listener)

    @property
    def words(self):
        return [step.words for step in self.mask.document.history.done]

    def paint(self, value=1, box=BOX, words="Brush") -> None:
        self.voxels.paint(self.mask, box, value, words)


@pytest.fixture
def made():
    return Mask()


def test_a_stroke_is_one_step_that_can_be_taken_back_and_made_again(made):
    made.paint()
    made.paint(0, (slice(2, 3), slice(5, 7), slice(5, 7)), "Eraser")
    assert made.words == ["Brush", "Eraser"]
    after = made.voxels.array.copy()
    assert made.mask.undo().words == "Eraser"
    assert np.count_nonzero(made.voxels.array) == 25
    assert made.mask.undo().words == "Brush"
    assert not made.voxels.array.any()
    assert made.mask.undo() is None
    made.mask.redo()
    made.mask.redo()
    assert made.mask.redo() is None
    np.testing.assert_array_equal(made.voxels.array, after)


def test_a_hundred_strokes_and_more_can_be_taken_back(made):
    made.mask.rules = Rules(overwrite=True)
    states = [made.voxels.array.copy()]
    for number in range(150):
        x = number % 30
        made.paint(1 + number % 7, (slice(0, 1), slice(number % 20, 20), slice(x, x + 1)))
        states.append(made.voxels.array.copy())
    assert len(made.mask.document.history.done) == 150
    for state in reversed(states):
        np.testing.assert_array_equal(made.voxels.array, state)
        made.mask.undo()


@pytest.mark.parametrize("locked", [1, 2], ids=["what is painted on", "what is painted with"])
def test_locked_labels_are_put_back(made, locked):
    made.paint(1)
    made.paint(2, (slice(3, 4), slice(0, 2), slice(0, 2)))
    made.mask.document.change_label(locked, locked=True)
    before = made.voxels.array.copy()
    made.mask.rules = Rules(overwrite=True)
    made.paint(2)
    np.testing.assert_array_equal(made.voxels.array, before)
    assert made.listener.left == [25]
    assert made.words == ["Brush", "Brush"], "nothing happened, so there is no step"


def test_rubbing_out_a_locked_label_is_put_back(made):
    made.paint(1)
    made.mask.document.change_label(1, locked=True)
    made.paint(0, words="Eraser")
    assert np.count_nonzero(made.voxels.array) == 25
    assert made.listener.left == [25]


def test_other_labels_are_left_unless_they_may_be_overwritten(made):
    made.paint(1)
    wide = (slice(2, 3), slice(5, 10), slice(5, 12))
    made.paint(2, wide)
    assert np.count_nonzero(made.voxels.array == 2) == 10
    assert made.listener.left == [25]
    made.mask.rules = Rules(overwrite=True)
    made.paint(2, wide)
    assert np.count_nonzero(made.voxels.array == 2) == 35
    assert made.listener.left == [25]


def test_only_the_range_of_intensities_is_painted(made):
    image = made.voxels.volume.array
    low, high = np.percentile(image[BOX], (30, 70))
    made.mask.rules = Rules(low=float(low), high=float(high))
    made.paint()
    np.testing.assert_array_equal(
        made.voxels.array[BOX] == 1, (image[BOX] >= low) & (image[BOX] <= high)
    )
    assert made.listener.left == [25 - np.count_nonzero(made.voxels.array)]
    made.mask.undo()
    assert not made.voxels.array.any()


def test_a_stroke_can_show_a_range_instead_of_painting(made):
    made.mask.pick_range()
    made.paint()
    assert not made.voxels.array.any()
    assert made.words == []
    assert made.listener.left == []
    ((low, high),) = made.listener.ranges
    grey = made.voxels.volume.array[BOX]
    assert grey.min() <= low < high <= grey.max()
    made.paint()
    assert made.words == ["Brush"], "the stroke after it paints again"


def test_a_range_that_is_wanted_no_more_lets_the_stroke_paint(made):
    made.mask.pick_range()
    made.mask.forget_range()
    made.paint()
    assert made.listener.ranges == []
    assert made.words == ["Brush"]


def test_a_copy_is_of_a_whole_mask_only():
    made = Mask(read_only=True)
    np.testing.assert_array_equal(made.mask.copy(), made.voxels.array)
    assert made.mask.copy() is not made.voxels.array
    made.mask.reserve("Smooth")
    with pytest.raises(UsageError, match="'Smooth' is not done yet"):
        made.mask.copy()


@pytest.mark.parametrize("reason", ["reading only", "Smooth"])
def test_what_may_not_be_changed_stays_as_it_is(reason):
    made = Mask(read_only=reason == "reading only")
    if reason == "Smooth":
        made.mask.reserve("Smooth")
        assert not made.voxels.paintable
    assert reason in made.mask.why_not
    made.paint()
    assert not made.voxels.array.any()
    assert made.words == []
    assert made.mask.undo() is None
    made.mask.give_back()
    assert bool(made.mask.why_not) is (reason == "reading only")


def test_values_that_nobody_named_come_into_the_label_table(made):
    made.paint(7)
    assert [row.info.value for row in made.mask.document.labels] == [1, 7]


def test_an_exchanged_array_is_a_step_too(made):
    made.paint()
    before = made.voxels.array
    made.voxels.array = np.full_like(before, 3)
    made.mask.replaced(before)
    assert made.words == ["Brush", "Replace mask"]
    made.mask.undo()
    np.testing.assert_array_equal(made.voxels.array, before)
