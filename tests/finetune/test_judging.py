from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
import pytest
from scipy import ndimage
from tiny_sam import bright_pictures, tiny_engine

from napari_medssl.evaluate import dice
from napari_medssl.finetune.judging import Verdict, judge
from napari_medssl.finetune.prompts import jittered_box, next_point
from napari_medssl.models.draws import draws
from napari_medssl.models.promptable import Decoded

PICTURES = bright_pictures(3)


def test_it_is_the_dice_of_seeded_boxes_at_the_pictures_own_size() -> None:
    engine = tiny_engine()
    embeddings = [engine.encode(picture.rgb, picture.pixel_mm) for picture in PICTURES]
    found = judge(engine, PICTURES, embeddings.__getitem__, jitter=20.0, seed=4)
    assert found == judge(engine, PICTURES, embeddings.__getitem__, jitter=20.0, seed=4)
    assert len(found.dice) == 3
    for index, picture in enumerate(PICTURES):
        (thing,) = picture.things
        box = jittered_box(picture, thing, 20.0, draws(4, "judged box", index, 0))
        logits = engine.decode_boxes(embeddings[index], box[None]).logits[0]
        mask = engine.mask(embeddings[index], logits)
        assert found.dice[index] == pytest.approx(dice(mask, thing.laid_in(picture.size)))


@dataclass
class Sees:
    """Answers every box with what is bright in the picture, or with nothing."""

    nothing: bool = False

    def decode_boxes(self, embedding, boxes) -> Decoded:
        return Decoded(
            np.zeros((len(boxes), 256, 256), np.float32), np.ones(len(boxes), np.float32)
        )

    def mask(self, embedding, logits):
        return (embedding > 115) & (not self.nothing)


def test_perfect_is_one_and_nothing_is_zero() -> None:
    greys = [picture.grey for picture in PICTURES]
    assert judge(Sees(), PICTURES, greys.__getitem__, jitter=5.0, seed=0).mean == 1
    assert judge(Sees(nothing=True), PICTURES, greys.__getitem__, jitter=5.0, seed=0).mean == 0
    assert math.isnan(Verdict(()).mean)


@dataclass
class Asked:
    """Proposes the left half, sure, and the right half; remembers what it was shown."""

    shown: list[np.ndarray | None] = field(default_factory=list)

    def decode_points(self, embedding, points, positive, box=None, before=None) -> Decoded:
        self.shown.append(before)
        logits = np.full((2, 256, 256), -1, np.float32)
        logits[0, :, :128] = logits[1, :, 128:] = len(points)
        return Decoded(logits, np.array([0.9, 0.1], np.float32))

    def mask(self, embedding, logits):
        return (embedding > 115) & (logits[0, 0] > 0)


def test_further_clicks_correct_the_outline_of_the_highest_score() -> None:
    greys, engine = [picture.grey for picture in PICTURES[:1]], Asked()
    judge(engine, PICTURES[:1], greys.__getitem__, jitter=0.0, seed=0, clicks=3)
    assert engine.shown[0] is None
    for shown in engine.shown[1:]:
        assert shown is not None
        assert shown[:, :128].all()
        assert not shown[:, 128:].any()


def test_clicks_lie_deepest_in_what_is_wrong_and_the_best_proposal_of_the_first_counts() -> None:
    engine = tiny_engine()
    embeddings = [engine.encode(picture.rgb, picture.pixel_mm) for picture in PICTURES]
    found = judge(engine, PICTURES, embeddings.__getitem__, jitter=0.0, seed=0, clicks=2)
    for index, picture in enumerate(PICTURES):
        (thing,) = picture.things
        whole, embedding = thing.laid_in(picture.size), embeddings[index]
        depth = ndimage.distance_transform_edt(whole)
        row, column = np.unravel_index(depth.argmax(), depth.shape)
        first = np.array([[column + 0.5, row + 0.5]], np.float32)
        decoded = engine.decode_points(embedding, first, np.ones(1, bool))
        proposed = [engine.mask(embedding, logits) for logits in decoded.logits]
        second, inside = next_point(proposed[int(decoded.scores.argmax())], whole)
        both = np.concatenate([first, second[None]])
        decoded = engine.decode_points(embedding, both, np.array([True, inside]))
        (after,) = (engine.mask(embedding, logits) for logits in decoded.logits)
        expected = (max(dice(mask, whole) for mask in proposed) + dice(after, whole)) / 2
        assert found.dice[index] == pytest.approx(expected)
