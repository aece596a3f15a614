from __future__ import annotations

import numpy as np
import pytest
from bright_engine import BrightEngine
from scipy import ndimage

from napari_medssl.evaluate import dice
from napari_medssl.models.promptable import DECODED_SIDE, Decoded, Embedding
from napari_medssl.segment.candidates import Earlier, Outline, find_around
from napari_medssl.segment.clicks import Clicks
from napari_medssl.segment.tried_boxes import boxes_around

YES, NO = True, False


def xy(*places: tuple[float, float]) -> np.ndarray:
    return np.array(places, np.float32)


def disc(centre: tuple[int, int], radius: int, size: tuple[int, int] = (200, 300)) -> np.ndarray:
    y, x = np.ogrid[: size[0], : size[1]]
    inside: np.ndarray = (y - centre[1]) ** 2 + (x - centre[0]) ** 2 <= radius**2
    return inside


@pytest.mark.parametrize("radius", [8, 30, 80])
def test_a_thing_is_found_whatever_its_size(radius: int) -> None:
    engine, truth = BrightEngine(), disc((150, 100), radius)
    embedding = engine.encode(np.where(truth, 255, 0).astype(np.uint8)[..., None].repeat(3, 2))
    found = find_around(engine, embedding, Clicks.at(xy((150, 100)), np.array([YES])))
    assert found is not None
    mask = engine.mask(embedding, found.logits)
    assert 2 * (mask & truth).sum() / (mask.sum() + truth.sum()) > 0.95
    assert 0.9 < found.score <= 1


def test_settling_leaves_the_box_it_began_with() -> None:
    """A point near the edge: no first box around it holds the whole thing, but tight ones grow."""
    engine, truth = BrightEngine(), disc((150, 100), 40)
    embedding = engine.encode(np.where(truth, 255, 0).astype(np.uint8)[..., None].repeat(3, 2))
    found = find_around(engine, embedding, Clicks.at(xy((175, 100)), np.array([YES])))
    assert found is not None
    mask = engine.mask(embedding, found.logits)
    assert 2 * (mask & truth).sum() / (mask.sum() + truth.sum()) > 0.9


def test_nothing_bright_is_nothing_found() -> None:
    engine, truth = BrightEngine(), disc((60, 60), 10)
    embedding = engine.encode(np.where(truth, 255, 0).astype(np.uint8)[..., None].repeat(3, 2))
    assert find_around(engine, embedding, Clicks.at(xy((200, 150)), np.array([YES]))) is None


def test_a_neighbour_with_a_negative_point_is_left_out() -> None:
    engine = BrightEngine()
    left, right = disc((120, 100), 20), disc((175, 100), 20)
    bright = np.where(left | right, 255, 0).astype(np.uint8)[..., None].repeat(3, 2)
    embedding = engine.encode(bright)
    points = xy((120, 100), (175, 100))
    found = find_around(engine, embedding, Clicks.at(points, np.array([YES, NO])))
    assert found is not None
    mask = engine.mask(embedding, found.logits)
    assert mask[left].mean() > 0.95
    assert mask[right].mean() < 0.05
    both = find_around(engine, embedding, Clicks.at(points, np.array([YES, YES])))
    assert both is not None
    assert engine.mask(embedding, both.logits)[left | right].mean() > 0.95


def test_weights_for_points_propose_what_no_box_tried_holds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    elsewhere = np.array([[100, 40, 130, 60]], np.float32)
    monkeypatch.setattr("napari_medssl.segment.candidates.boxes_around", lambda *_: elsewhere)
    engine, truth = BrightEngine(), disc((150, 100), 20)
    embedding = engine.encode(np.where(truth, 255, 0).astype(np.uint8)[..., None].repeat(3, 2))
    point, sign = xy((150, 100)), np.array([YES])
    assert find_around(engine, embedding, Clicks.at(point, sign)) is None
    found = find_around(BrightEngine(clicks=True), embedding, Clicks.at(point, sign))
    assert found is not None
    assert engine.mask(embedding, found.logits)[truth].mean() > 0.95


def picture_of(mask: np.ndarray) -> np.ndarray:
    return np.where(mask, 255, 0).astype(np.uint8)[..., None].repeat(3, 2)


def test_several_points_are_proposed_for_by_the_weights_for_points(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    elsewhere = np.array([[20, 150, 60, 180]], np.float32)
    monkeypatch.setattr("napari_medssl.segment.candidates.boxes_around", lambda *_: elsewhere)
    engine = BrightEngine(clicks=True)
    left, right = disc((120, 100), 20), disc((175, 100), 20)
    embedding = engine.encode(picture_of(left | right))
    points = xy((120, 100), (175, 100))
    for signs, wanted in (([YES, YES], left | right), ([YES, NO], left), ([NO, YES], right)):
        found = find_around(engine, embedding, Clicks.at(points, np.array(signs)))
        assert found is not None
        assert dice(engine.mask(embedding, found.logits), wanted) > 0.97


def test_where_weights_for_points_miss_a_point_boxes_have_the_word(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    truth = disc((120, 100), 20)
    nothing = Decoded(
        np.full((1, DECODED_SIDE, DECODED_SIDE), -5, np.float32), np.ones(1, np.float32)
    )
    monkeypatch.setattr(BrightEngine, "decode_points", lambda *_, **__: nothing)
    engine = BrightEngine(clicks=True)
    embedding = engine.encode(picture_of(truth))
    found = find_around(
        engine, embedding, Clicks.at(xy((120, 100), (112, 100)), np.array([YES, YES]))
    )
    assert found is not None
    assert dice(engine.mask(embedding, found.logits), truth) > 0.97


class TwoThings(BrightEngine):
    """Sees one thing in small boxes and another in large ones, and likes the other better."""

    small = disc((100, 100), 20) | disc((130, 100), 12)
    large = disc((140, 100), 70)

    def decode_boxes(self, embedding: Embedding, boxes_xyxy: np.ndarray) -> Decoded:
        is_large = boxes_xyxy[:, 2] - boxes_xyxy[:, 0] > 100
        things = [self.encode(picture_of(t)).features[0] > 127 for t in (self.small, self.large)]
        masks = [things[int(one)] for one in is_large]
        logits = np.where(masks, 5, -5).astype(np.float32)
        return Decoded(logits, np.where(is_large, 1.0, 0.9).astype(np.float32))


def test_a_further_click_lies_in_the_middle_of_what_was_wrong() -> None:
    engine, first = TwoThings(), disc((100, 100), 20)
    embedding = engine.encode(picture_of(first))
    points, signs = xy((100, 100), (130, 100)), np.array([YES, YES])
    shown = Outline(np.where(embedding.features[0] > 127, 5, -5).astype(np.float32), 1.0)

    def found(before: Outline | None) -> np.ndarray:
        earlier = Earlier()
        earlier.ask(Clicks.at(points[:1], signs[:1]), lambda: [before] if before else [])
        outline = find_around(engine, embedding, Clicks.at(points, signs), earlier)
        assert outline is not None
        return engine.mask(embedding, outline.logits)

    assert dice(found(shown), TwoThings.small) > 0.97
    assert dice(found(None), TwoThings.large) > 0.97, "else the score decides"


def test_what_was_found_for_earlier_points_is_not_looked_for_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    engine, truth = BrightEngine(), disc((120, 100), 20)
    embedding, earlier, asked = engine.encode(picture_of(truth)), Earlier(), []
    around = boxes_around
    monkeypatch.setattr(
        "napari_medssl.segment.candidates.boxes_around",
        lambda *given: asked.append(len(given[1])) or around(*given),
    )
    points, signs = xy((120, 100), (112, 100), (126, 100)), np.array([YES, YES, YES])
    for count in (1, 2, 2, 3):
        find_around(engine, embedding, Clicks.at(points[:count], signs[:count]), earlier)
    assert asked == [1, 2, 3]
    asked.clear()
    find_around(engine, embedding, Clicks.at(points, signs))
    assert asked == [3, 2, 1]


def test_a_click_has_readings_and_the_next_corrects_the_one_that_was_chosen() -> None:
    engine, first = TwoThings(), disc((100, 100), 20)
    embedding, earlier = engine.encode(picture_of(first)), Earlier()
    lone = xy((100, 100)), np.array([YES])
    engine.small = first
    engine.large = disc((100, 100), 70)
    found = [
        find_around(engine, embedding, Clicks(*lone, np.array([n]), np.ones(1, bool)), earlier)
        for n in (0, 1, 2)
    ]
    masks = [engine.mask(embedding, one.logits) for one in found if one is not None]
    assert [one.readings for one in found if one is not None] == [2, 2, 2]
    assert dice(masks[0], masks[1]) < 0.8
    np.testing.assert_array_equal(masks[0], masks[2])

    corrects = BrightEngine(clicks=True, corrects=True)
    two = xy((100, 100), (112, 100)), np.array([YES, YES])
    for reading, chosen in enumerate(found[:2]):
        assert chosen is not None
        earlier = Earlier()
        known = [one for one in found[:2] if one is not None]
        earlier.ask(Clicks.at(*lone), lambda known=known: known)
        corrects.shown.clear()
        find_around(
            corrects, embedding, Clicks(*two, np.array([reading, 0]), np.ones(2, bool)), earlier
        )
        np.testing.assert_array_equal(corrects.shown[-1], chosen.logits > 0)


def test_weights_that_correct_are_shown_the_outline_before() -> None:
    truth = disc((120, 100), 20)
    points, signs = xy((120, 100), (112, 100), (126, 100)), np.array([YES, YES, YES])
    for corrects in (False, True):
        engine, earlier = BrightEngine(clicks=True, corrects=corrects), Earlier()
        embedding = engine.encode(picture_of(truth))
        outlines = [
            find_around(engine, embedding, Clicks.at(points[:n], signs[:n]), earlier)
            for n in (1, 2)
        ]
        engine.shown.clear()
        find_around(engine, embedding, Clicks.at(points, signs), earlier)
        (shown,) = engine.shown
        before = outlines[-1]
        assert before is not None
        assert shown is None if not corrects else np.array_equal(shown, before.logits > 0)


def test_what_weights_for_points_propose_has_no_holes_of_a_pixel(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    truth = disc((120, 100), 20)
    engine = BrightEngine(clicks=True)
    embedding = engine.encode(picture_of(truth))
    frayed = np.where(embedding.features[0] > 127, 3, -3).astype(np.float32)
    frayed[95:105:4, 112:130:4] = -3
    frayed[20, 20] = 3
    told = Decoded(frayed[None], np.ones(1, np.float32))
    monkeypatch.setattr(BrightEngine, "decode_points", lambda *_, **__: told)
    elsewhere = Decoded(np.roll(frayed, 100, axis=1)[None], np.ones(1, np.float32))
    monkeypatch.setattr(BrightEngine, "decode_boxes", lambda *_: elsewhere)
    points = Clicks.at(xy((121, 101), (110, 100), (131, 100)), np.array([YES, YES, YES]))
    found = find_around(engine, embedding, points)
    assert found is not None
    mask = found.logits > 0
    assert ndimage.label(mask)[1] == ndimage.label(~mask)[1] == 1
    assert dice(mask, embedding.features[0] > 127) > 0.97


def test_three_points_are_taken_at_the_word_of_the_weights_for_points(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("napari_medssl.segment.candidates.boxes_around", None)  # not asked
    engine = BrightEngine(clicks=True)
    left, right = disc((120, 100), 20), disc((175, 100), 20)
    embedding = engine.encode(picture_of(left | right))
    points, signs = xy((120, 100), (112, 100), (175, 100)), np.array([YES, YES, NO])

    def found(boxed: np.ndarray) -> np.ndarray:
        laid = engine.encode(picture_of(boxed)).features
        answer = Decoded(np.where(laid > 127, 20, -20).astype(np.float32), np.ones(1, np.float32))
        monkeypatch.setattr(BrightEngine, "decode_boxes", lambda *_: answer)
        outline = find_around(engine, embedding, Clicks.at(points, signs))
        assert outline is not None
        return engine.mask(embedding, outline.logits)

    smaller = disc((120, 100), 18)
    assert dice(found(smaller), smaller) > 0.98, "the box has the better border"
    assert dice(found(right), left) > 0.97, "but it may hold something else"
