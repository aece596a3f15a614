"""Rows put together, against the whole array turned by the preparation's own inverse."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from napari_medssl.segment.assemble import Answer, Wanted, assembly
from napari_medssl.segment.sliding_window import Rows
from napari_medssl.segment.way_back import way_back
from napari_medssl.volume import Geometry, Pipeline, Volume

VALUES = np.array([0, 5, 9, 200], np.uint8)
TURNED = [{"do": "orient", "codes": "ILP"}, {"do": "crop-foreground"}]
RESAMPLED = [
    {"do": "orient", "codes": "RIA"},
    {"do": "crop-foreground"},
    {"do": "resample", "spacing_mm": (1.3, 2.0, 0.8)},
    {"do": "pad-to", "shape": (1, 25, 1)},
]


def image() -> Volume:
    """Nothing near its edges, so that cropping leaves something out."""
    array = np.zeros((8, 11, 9), np.float32)
    array[2:7, 1:10, 3:8] = np.random.default_rng(0).random((5, 9, 5)) + 0.1
    return Volume.from_source_array(
        array, Geometry(array.shape, (2.0, 1.0, 1.5)), name="a", format="nifti"
    )


def logits_of(shape: tuple[int, ...]) -> np.ndarray:
    """(classes, *shape), never near a tie."""
    return np.random.default_rng(1).normal(0, 3, (len(VALUES), *shape)).astype(np.float32)


def softmax(logits: np.ndarray) -> np.ndarray:
    powers = np.exp(logits.astype(np.float64) - logits.max(0))
    return powers / powers.sum(0)


def entropy(likely: np.ndarray) -> np.ndarray:
    likely = likely.clip(1e-12, 1)
    return -(likely * np.log(likely)).sum(0) / np.log(len(likely))


def put_together(
    steps: list[dict], axis: int, *, known_way: bool = True, **wanted: bool
) -> tuple[Answer, np.ndarray, object]:
    """Hand over rows three at a time; return the answer, all logits, and the inverse."""
    prepared, inverse = Pipeline.from_steps(steps)(image())
    shape = prepared.geometry.shape
    logits = logits_of(shape)
    whole = assembly(
        shape,
        axis,
        inverse,
        way_back(shape, inverse) if known_way else None,
        Wanted(VALUES, **wanted),
    )
    rows = np.moveaxis(np.moveaxis(logits, 0, -1), axis, 0)
    for first in range(0, len(rows), 3):
        whole.take(Rows(first, torch.from_numpy(rows[first : first + 3].copy())))
    return whole.answer(), logits, inverse


@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize("known_way", [True, False])
def test_where_nothing_is_resampled_each_voxel_keeps_its_class(axis: int, known_way: bool) -> None:
    answer, logits, inverse = put_together(TURNED, axis, known_way=known_way)
    np.testing.assert_array_equal(answer.labels, inverse.labels(VALUES[logits.argmax(0)]))
    assert answer.labels.dtype == np.uint8
    assert answer.probability is None
    assert answer.uncertainty is None


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_probability_and_doubt_of_what_is_only_turned(axis: int) -> None:
    answer, logits, inverse = put_together(TURNED, axis, probability=True, uncertainty=True)
    likely = inverse.image(softmax(logits))
    outside = ~likely.any(0)
    assert outside.any()
    likely[0][outside] = 1  # beyond the crop is background, and that for sure
    assert answer.probability.dtype == answer.uncertainty.dtype == np.float16
    np.testing.assert_allclose(answer.probability, likely, atol=1e-3)
    np.testing.assert_allclose(answer.uncertainty, entropy(likely), atol=1e-3)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_what_is_resampled_is_the_probability_and_the_class_is_decided_there(axis: int) -> None:
    answer, logits, inverse = put_together(RESAMPLED, axis, probability=True, uncertainty=True)
    likely = inverse.image(softmax(logits).astype(np.float32))
    likely[0] = 1 - likely[1:].sum(0)
    assert answer.labels.shape == image().geometry.shape
    first, second = np.sort(likely, 0)[:-3:-1]
    clear = first - second > 1e-4
    assert clear.mean() > 0.99
    np.testing.assert_array_equal(answer.labels[clear], VALUES[likely.argmax(0)][clear])
    np.testing.assert_allclose(answer.probability, likely, atol=1e-3)
    np.testing.assert_allclose(answer.uncertainty, entropy(likely), atol=1e-3)


def test_one_alone_may_be_wanted_of_probability_and_doubt() -> None:
    for steps in (TURNED, RESAMPLED):
        likely, *_ = put_together(steps, 0, probability=True)
        doubt, *_ = put_together(steps, 0, uncertainty=True)
        assert likely.uncertainty is None
        assert doubt.probability is None
        np.testing.assert_array_equal(likely.labels, doubt.labels)


def test_rows_are_let_go_once_no_row_of_the_volume_needs_them() -> None:
    prepared, inverse = Pipeline.from_steps([{"do": "resample", "spacing_mm": (1.0, 1.0, 1.0)}])(
        image()
    )
    shape = prepared.geometry.shape
    whole = assembly(shape, 0, inverse, way_back(shape, inverse), Wanted(VALUES))
    rows = torch.from_numpy(np.moveaxis(logits_of(shape), 0, -1).copy())
    most = 0
    for first in range(len(rows)):
        whole.take(Rows(first, rows[first : first + 1]))
        most = max(most, len(whole._held))
    assert most <= 3
