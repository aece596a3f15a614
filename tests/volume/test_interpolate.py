from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from napari_medssl.errors import UsageError
from napari_medssl.volume.interpolate import as_type_of, check_interpolation, sample

RANDOM = np.random.default_rng(3)
BLOCK = RANDOM.normal(size=(5, 6, 7))


def everywhere(*at: np.ndarray) -> np.ndarray:
    return np.stack(np.meshgrid(*at, indexing="ij"))


@pytest.mark.parametrize(("name", "order"), [("nearest", 0), ("linear", 1), ("spline", 3)])
def test_agrees_with_a_general_resampler(name: str, order: int) -> None:
    at = [np.linspace(-0.4, n - 0.7, m) for n, m in zip(BLOCK.shape, (9, 4, 11), strict=True)]
    inside = [np.clip(axis, 0, n - 1) for axis, n in zip(at, BLOCK.shape, strict=True)]
    expected = ndimage.map_coordinates(BLOCK, everywhere(*inside), order=order, mode="mirror")
    np.testing.assert_allclose(sample(BLOCK, at, name), expected, atol=1e-6)  # type: ignore[arg-type]


def test_axes_without_positions_are_left_alone() -> None:
    assert sample(BLOCK, [None, None, None], "linear") is BLOCK
    halved = sample(BLOCK, [None, np.array([0.5, 2.5, 4.5]), None], "linear")
    np.testing.assert_allclose(halved, (BLOCK[:, 0::2] + BLOCK[:, 1::2]) / 2)


def test_leading_axes_are_sampled_one_by_one() -> None:
    several = RANDOM.normal(size=(2, 3, 5, 6, 7))
    at = [np.arange(0, n, 1.7) for n in BLOCK.shape]
    together = sample(several, at, "spline")
    np.testing.assert_allclose(together[1, 2], sample(several[1, 2], at, "spline"))


def test_area_is_a_mean_where_voxels_grow_and_linear_where_they_do_not() -> None:
    chequered = np.indices((16, 16, 16)).sum(axis=0) % 2 * 100.0
    coarse = np.arange(4) * 4 + 1.5
    np.testing.assert_allclose(sample(chequered, [coarse] * 3, "area"), 50, atol=4)
    fine = np.linspace(0, 4, 20)
    np.testing.assert_allclose(
        sample(BLOCK, [fine, None, None], "area"), sample(BLOCK, [fine, None, None], "linear")
    )


def test_area_is_the_mean_of_the_linear_image_over_the_new_voxel() -> None:
    values = RANDOM.normal(size=12)
    at = 1.3 + 1.7 * np.arange(6)
    dense = at[:, None] + 1.7 * (np.arange(20_000) / 20_000 - 0.5)
    expected = np.interp(dense, np.arange(12), values).mean(axis=1)
    means = sample(values.reshape(1, 1, 12), [None, None, at], "area")
    np.testing.assert_allclose(means[0, 0], expected, atol=1e-3)


def test_one_voxel_is_continued() -> None:
    for name in ("linear", "spline", "area", "nearest"):
        one = sample(np.full((1, 1, 1), 7.0), [np.array([-0.3, 0, 0.3])] * 3, name)  # type: ignore[arg-type]
        np.testing.assert_allclose(one, 7)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [("u1", "f4"), ("i2", "f4"), ("f4", "f4"), ("i4", "f8"), ("f8", "f8"), (">i2", "f4")],
)
def test_precision_follows_the_type(kind: str, expected: str) -> None:
    array = (BLOCK * 50).astype(kind)
    assert sample(array, [np.arange(3.0), None, None], "linear").dtype == np.dtype(expected)
    assert sample(array, [np.arange(3.0), None, None], "nearest").dtype == array.dtype


def test_integers_are_rounded_and_stay_in_range() -> None:
    original = np.array([0, 100, 255], np.uint8)
    back = as_type_of(np.array([-3.0, 0.5, 1.5, 99.6, 300.0]), original)
    assert back.dtype == np.uint8
    np.testing.assert_array_equal(back, [0, 0, 2, 100, 255])
    assert as_type_of(np.array([0.4, 0.6]), np.array([False, True])).tolist() == [False, True]


def test_other_names_are_refused() -> None:
    with pytest.raises(UsageError, match="linear, spline, area, nearest"):
        check_interpolation("cubic")
