from __future__ import annotations

import numpy as np
import pytest
from bright_engine import BrightEngine

from napari_medssl.errors import PromptError
from napari_medssl.models.promptable import Decoded, Embedding, Square
from napari_medssl.segment.clicks import Clicks
from napari_medssl.segment.outline import outline, touched_up, without
from napari_medssl.segment.slices import SlicePrompts

SIZE = (128, 128)


def marks(
    *points: tuple[float, float, bool],
    boxes: tuple[tuple[float, ...], ...] = (),
    reading: int = 0,
) -> SlicePrompts:
    return SlicePrompts(
        Clicks(
            np.array([point[:2] for point in points], np.float32).reshape(-1, 2),
            np.array([point[2] for point in points], bool),
            np.full(len(points), reading),
            np.ones(len(points), bool),
        ),
        np.array(boxes, np.float32).reshape(-1, 4),
    )


def rectangle(left: int, top: int, right: int, bottom: int) -> np.ndarray:
    mask = np.zeros(SIZE, bool)
    mask[top:bottom, left:right] = True
    return mask


LEFT, RIGHT = rectangle(10, 40, 50, 90), rectangle(70, 40, 110, 90)


@pytest.fixture
def engine() -> BrightEngine:
    return BrightEngine()


@pytest.fixture
def two(engine: BrightEngine) -> Embedding:
    """Two bright rectangles."""
    return engine.encode(np.where(LEFT | RIGHT, 255, 0).astype(np.uint8)[..., None].repeat(3, 2))


def test_a_box_gives_what_is_in_it(engine: BrightEngine, two: Embedding) -> None:
    found = outline(engine, two, marks(boxes=((8, 38, 52, 92),)))
    np.testing.assert_array_equal(found.mask, LEFT)
    assert found.score == pytest.approx(1)


def test_boxes_are_parts_of_one_mask(engine: BrightEngine, two: Embedding) -> None:
    found = outline(engine, two, marks(boxes=((8, 38, 52, 92), (68, 38, 90, 92))))
    np.testing.assert_array_equal(found.mask, LEFT | rectangle(70, 40, 90, 90))
    assert found.score == pytest.approx(0.5)


@pytest.mark.parametrize("points", [False, True])
def test_a_point_gives_the_thing_it_lies_in(points: bool, two: Embedding) -> None:
    engine = BrightEngine(points=points)
    found = outline(engine, two, marks((30, 65, True), (90, 65, False)))
    np.testing.assert_array_equal(found.mask, LEFT)
    found = outline(engine, two, marks((30, 65, True), (90, 65, True)))
    np.testing.assert_array_equal(found.mask, LEFT | RIGHT)


def test_a_lone_point_has_readings_for_a_network_that_knows_points(
    two: Embedding, monkeypatch: pytest.MonkeyPatch
) -> None:
    logits = np.full((2, 256, 256), -5, np.float32)
    logits[0][:128, :128][LEFT | RIGHT] = logits[1][:128, :128][LEFT] = 5
    answer = Decoded(logits, np.array([0.6, 0.9], np.float32))
    monkeypatch.setattr(BrightEngine, "decode_points", lambda *_, **__: answer)
    engine = BrightEngine(points=True, square=Square(256))
    embedding = Embedding(two.features, SIZE, SIZE, two.weights_hash)
    found = [outline(engine, embedding, marks((30, 65, True), reading=n)) for n in (0, 1, 2)]
    for one, expected in zip(found, (LEFT, LEFT | RIGHT, LEFT), strict=True):
        np.testing.assert_array_equal(one.mask, expected)
        assert one.readings == 2
    assert found[1].score == pytest.approx(0.6)


def test_a_network_that_knows_points_is_shown_what_they_correct_if_it_was_trained_so(
    two: Embedding,
) -> None:
    clicked = marks((30, 65, True), (40, 65, True), (90, 65, True))
    for corrects, shown in ((False, [False]), (True, [False, True, True])):
        engine = BrightEngine(points=True, corrects=corrects)
        outline(engine, two, clicked)
        assert [before is not None for before in engine.shown] == shown


def test_a_point_outside_a_box_adds_its_thing(engine: BrightEngine, two: Embedding) -> None:
    found = outline(engine, two, marks((90, 65, True), boxes=((8, 38, 52, 92),)))
    np.testing.assert_array_equal(found.mask, LEFT | RIGHT)


def test_a_point_on_nothing_is_said(engine: BrightEngine, two: Embedding) -> None:
    with pytest.raises(PromptError, match="nothing was found that holds the point"):
        outline(engine, two, marks((60, 10, True)))


def test_a_box_on_air_is_said(engine: BrightEngine, two: Embedding) -> None:
    with pytest.raises(PromptError, match="nothing was found where the marks are"):
        outline(engine, two, marks(boxes=((0, 0, 5, 5),)))


def test_a_negative_point_takes_its_thing_out_of_a_box(
    engine: BrightEngine, two: Embedding
) -> None:
    """The box holds both rectangles; what the negative point lies on goes."""
    wide = rectangle(10, 10, 120, 30)
    bright = np.where(LEFT | wide, 255, 0).astype(np.uint8)[..., None].repeat(3, 2)
    prompts = marks((30, 65, False), boxes=((5, 5, 125, 95),))
    found = outline(engine, engine.encode(bright), prompts)
    np.testing.assert_array_equal(found.mask, wide)


def test_no_voxel_with_a_negative_point_is_left(engine: BrightEngine, two: Embedding) -> None:
    """One bright thing marked both inside and outside is shared out between the points."""
    found = outline(engine, two, marks((20, 65, True), (40, 65, False)))
    assert found.mask[65, 20]
    assert not found.mask[65, 40]
    assert (found.mask & ~LEFT).sum() == 0


def test_a_border_is_touched_up_where_a_point_lies_just_beyond_it() -> None:
    mask = np.zeros((100, 200), bool)
    mask[20:60, 40:100] = True
    nobody, square = np.zeros((0, 2), np.float32), np.ones(2, np.float32)
    more = touched_up(mask, nobody, np.array([[102.5, 40.5]], np.float32), square)
    assert (mask <= more).all()
    assert more[40, 102]
    assert 0 < (more & ~mask).sum() < 40
    less = touched_up(mask, np.array([[97.5, 40.5]], np.float32), nobody, square)
    assert (less <= mask).all()
    assert not less[40, 97:].any()
    assert 0 < (mask & ~less).sum() < 40
    far = np.array([[120.5, 40.5]], np.float32), np.array([[70.5, 40.5]], np.float32)
    np.testing.assert_array_equal(touched_up(mask, far[1], far[0], square), mask)
    np.testing.assert_array_equal(touched_up(mask, far[0], far[1], square), mask)
    np.testing.assert_array_equal(touched_up(mask & False, nobody, far[0], square), mask & False)


def test_what_is_close_is_so_in_the_proportions_of_the_patient() -> None:
    mask = np.zeros((100, 200), bool)
    mask[20:60, 40:100] = True
    nobody, flat = np.zeros((0, 2), np.float32), np.array([1.0, 0.25], np.float32)
    below = np.array([[70.5, 80.5]], np.float32)
    more = touched_up(mask, nobody, below, flat)
    rows, columns = np.nonzero(more & ~mask)
    assert more[80, 70]
    assert np.ptp(rows) > 3 * np.ptp(columns)
    beside = np.array([[120.5, 40.5]], np.float32)
    np.testing.assert_array_equal(touched_up(mask, nobody, beside, flat), mask)


def test_without_shares_out_by_distance() -> None:
    mask = np.ones((10, 20), bool)
    outside, inside = np.array([[15.5, 5.5]], np.float32), np.array([[3.5, 5.5]], np.float32)
    less = without(mask, outside, inside)
    assert less[5, 3]
    assert not less[5, 15]
    assert without(mask, outside, np.zeros((0, 2), np.float32))[0, 0]
    np.testing.assert_array_equal(without(~mask, outside, inside), ~mask)
    np.testing.assert_array_equal(without(mask, outside[:0], inside), mask)
