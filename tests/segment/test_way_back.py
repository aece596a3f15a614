from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_medssl.segment.way_back import WayBack, way_back
from napari_medssl.volume import Geometry, Pipeline, Volume

SHAPE = (9, 12, 7)

steps = st.lists(
    st.sampled_from(
        [
            {"do": "orient", "codes": "RAS"},
            {"do": "orient", "codes": "ILP"},
            {"do": "pad-to", "shape": (15, 3, 14)},
            {"do": "pad", "multiples": (4, 1, 3)},
            {"do": "crop-foreground"},
            {"do": "to-unit", "low": 0, "high": 1},
        ]
    ),
    max_size=4,
)
resampling = st.sampled_from(
    [
        [],
        [{"do": "resample", "spacing_mm": (1.3, None, 2.1)}],
        [{"do": "resize", "shape": (20, 5, None)}],
    ]
)


def image() -> Volume:
    array = np.zeros(SHAPE, np.float32)
    array[2:7, 3:11, 1:6] = np.random.default_rng(0).random((5, 8, 5)) + 0.1
    grid = Geometry(SHAPE, (3.0, 1.0, 1.5))
    return Volume.from_source_array(array, grid, name="a", format="nifti")


def followed(back: WayBack, values: np.ndarray) -> np.ndarray:
    """Bring values back axis by axis, as the taps say."""
    for axis, taps in enumerate(back.taps):
        values = np.moveaxis(values, axis, -1)
        mixed = values[..., taps.rows[0]] * taps.weights[0]
        mixed += values[..., taps.rows[1]] * taps.weights[1]
        values = np.moveaxis(mixed, -1, axis)
    return values.transpose(back.order)


@settings(max_examples=80, deadline=None, derandomize=True, database=None)
@given(steps, resampling, steps)
def test_axis_by_axis_is_the_same_way_as_the_inverse(
    before: list, between: list, after: list
) -> None:
    volume = image()
    prepared, inverse = Pipeline.from_steps([*before, *between, *after])(volume)
    back = way_back(prepared.geometry.shape, inverse)
    assert back is not None
    values = np.random.default_rng(1).random(prepared.geometry.shape).astype(np.float32)
    np.testing.assert_allclose(followed(back, values), inverse.image(values), atol=1e-5)
    if not between:
        assert back.exact


def test_what_cannot_be_told_axis_by_axis_is_not() -> None:
    twice = [
        {"do": "resample", "spacing_mm": (2.0, 2.0, 2.0)},
        {"do": "resample", "spacing_mm": (1.1, 1.1, 1.1)},
    ]
    prepared, inverse = Pipeline.from_steps(twice)(image())
    assert way_back(prepared.geometry.shape, inverse) is None

    class Unknown:
        def labels(self, array: np.ndarray) -> np.ndarray:
            return array

        image = labels

    assert way_back(SHAPE, Unknown()) is None


@pytest.mark.parametrize("codes", ["SPL", "RAS"])
def test_an_exact_way_is_known_to_be_exact(codes: str) -> None:
    prepared, inverse = Pipeline.from_steps([{"do": "orient", "codes": codes}])(image())
    back = way_back(prepared.geometry.shape, inverse)
    assert back is not None
    assert back.exact
