from __future__ import annotations

import json
from importlib.resources import files

import numpy as np
import pytest

from napari_medssl.segment.plausibility import SIGNS, Plausibility, signs

SIDE = 96


def disc(centre: tuple[int, int], radius: float) -> np.ndarray:
    y, x = np.mgrid[:SIDE, :SIDE]
    inside: np.ndarray = np.hypot(y - centre[0], x - centre[1]) <= radius
    return inside


def logits(*masks: np.ndarray) -> np.ndarray:
    return np.where(np.stack(masks), 5, -5).astype(np.float32)


def told(
    mask: np.ndarray, click: tuple[int, int] = (48, 48), voters: tuple[np.ndarray, ...] = ()
) -> dict[str, float]:
    others = np.stack(voters) if voters else np.zeros((0, SIDE, SIDE), bool)
    [row] = signs(logits(mask), np.array([0.9], np.float32), others, np.array([click]))
    return dict(zip(SIGNS, row.tolist(), strict=True))


def test_a_disc_clicked_in_its_middle() -> None:
    found = told(disc((48, 48), 20), voters=(disc((48, 48), 20), disc((10, 10), 5)))
    assert found["score"] == pytest.approx(0.9)
    assert found["stability"] == 1
    assert found["agreement"] == pytest.approx(0.5)
    assert found["extent"] == pytest.approx(np.pi / 4, rel=0.05)
    assert found["depth"] == 1
    assert found["thickness"] == pytest.approx(1, rel=0.07)
    ragged = disc((48, 48), 20) & (np.indices((SIDE, SIDE)).sum(axis=0) % 3 > 0)
    assert found["compactness"] > 4 * told(ragged)["compactness"]


def test_depth_is_that_of_the_deepest_click() -> None:
    round_one = disc((48, 48), 20)
    assert told(round_one, (48, 66))["depth"] < 0.2
    both = np.array([(48, 66), (48, 48)])
    few = np.zeros((0, SIDE, SIDE), bool)
    [row] = signs(logits(round_one), np.array([0.9], np.float32), few, both)
    assert row[SIGNS.index("depth")] == 1


def test_a_border_that_is_not_sure_is_not_stable() -> None:
    y, x = np.mgrid[:SIDE, :SIDE]
    soft = (20 - np.hypot(y - 48, x - 48)).astype(np.float32)[None] / 4
    few, click = np.zeros((0, SIDE, SIDE), bool), np.array([(48, 48)])
    [row] = signs(soft, np.array([0.9], np.float32), few, click)
    assert row[SIGNS.index("stability")] == pytest.approx((16 / 24) ** 2, rel=0.05)


def test_a_mask_at_the_image_s_border_and_an_empty_one() -> None:
    assert told(disc((0, 0), 20), (0, 0))["depth"] > 0
    assert not any(told(np.zeros((SIDE, SIDE), bool)).values())


def test_it_answers_as_networks_computed_one_number_after_the_other() -> None:
    random = np.random.default_rng(0)
    networks, hidden = 3, 4
    shapes = [(7,), (7,), (networks, 7, hidden), (networks, hidden), (networks, hidden)]
    mean, spread, inwards, inner, outwards = (random.normal(size=s) for s in shapes)
    outwards, outer = outwards / 20, 0.5 + random.normal(size=networks) / 20
    spread = np.abs(spread) + 0.5
    parts = (mean, spread, inwards, inner, outwards, outer)
    plausible = Plausibility(*(part.astype(np.float32) for part in parts))
    rows = random.normal(size=(20, 7)).astype(np.float32)
    slow = []
    for row in rows:
        answers = []
        for k in range(networks):
            answer = outer[k]
            for h in range(hidden):
                into = inner[k, h]
                for s in range(7):
                    into += (row[s] - mean[s]) / spread[s] * inwards[k, s, h]
                answer += max(into, 0) * outwards[k, h]
            answers.append(answer)
        slow.append(min(max(sum(answers) / networks, 0), 1))
    assert len({round(value, 3) for value in slow}) > 5
    np.testing.assert_allclose(plausible(rows), slow, atol=1e-4)


def test_what_is_shipped_says_what_it_learned_from_and_of_which_signs() -> None:
    card = json.loads((files("napari_medssl") / "resources" / "plausibility.json").read_text())
    assert card["signs"] == list(SIGNS)
    assert "no label was looked at" in card["learned_from"]
    assert card["made_by"].startswith("python benchmarks/learn_plausibility.py ")
    assert card["licence"]


def test_the_shipped_weights_want_what_others_found_too_and_was_clicked_in_its_middle() -> None:
    plausible = Plausibility.shipped()
    assert plausible.mean.shape == (len(SIGNS),)
    meant, elsewhere = disc((48, 48), 20), disc((48, 32), 18)
    voters = np.stack([disc((48, 48), radius) for radius in (18, 19, 20, 21)] + [elsewhere])
    scores = np.full(2, 0.9, np.float32)
    rank = plausible(signs(logits(meant, elsewhere), scores, voters, np.array([(48, 48)])))
    assert rank[0] > rank[1] + 0.05
