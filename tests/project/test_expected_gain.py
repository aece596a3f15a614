from __future__ import annotations

import pytest

from napari_medssl.project.expected_gain import expected_gains
from napari_medssl.project.scores import Scores


def scores(disagreement: float, unsure: float, distance: float, **rest) -> Scores:
    return Scores(
        **{"weights_sha256": "a", "second_look": "moved", **rest},
        **{"disagreement": disagreement, "unsure": unsure, "distance": distance},
    )


def test_each_is_ranked_among_the_others_and_says_what_stands_out() -> None:
    gains = expected_gains(
        [scores(0.1, 0.2, 1), scores(0.3, 0.1, 1), scores(0.2, 0.3, 1), scores(0, 0, 9)]
    )
    assert [gain.value for gain in gains] == pytest.approx(
        [(2 / 3 + 2 / 3) / 4, (2 + 1 / 3) / 4, (4 / 3 + 1) / 4, 1 / 4]
    )
    assert [gain.reason for gain in gains] == [
        "unsure along the border",
        "the model contradicts itself on 30 % of what it outlined",
        "unsure along the border",
        "looks unlike the cases learned from",
    ]


def test_a_case_in_the_better_half_in_all_respects_needs_no_word() -> None:
    gains = expected_gains([scores(n / 10, n / 10, 1 + n) for n in range(4)])
    assert [gain.value for gain in gains] == pytest.approx([0, 1 / 3, 2 / 3, 1])
    assert [gain.reason for gain in gains[:2]] == ["nothing stands out"] * 2


def test_nearness_counts_only_beyond_that_of_what_was_learned_from() -> None:
    near, nearer, far = expected_gains([scores(0, 0, 0.9), scores(0, 0, 0.1), scores(0, 0, 1.1)])
    assert (near.value, nearer.value, far.value) == (0, 0, 0.25)
    assert near.reason == "nothing stands out"


def test_a_label_that_was_not_found_is_named() -> None:
    blank = scores(1, 0, 0, missing=("liver", "spleen"))
    gain, other = expected_gains([blank, scores(0.5, 0, 0)])
    assert gain.reason == "did not find liver and spleen"
    assert gain.value > other.value


def test_one_case_alone_is_the_next_and_a_model_before_is_named() -> None:
    [gain] = expected_gains([scores(0.256, 0, 0, second_look="before")])
    assert gain.value == 1
    assert gain.reason == "differs from the model before on 26 % of what it outlined"
    assert expected_gains([]) == ()
