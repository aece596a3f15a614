from __future__ import annotations

import numpy as np
import pytest
from grids import volume_of

from napari_medssl.errors import UsageError
from napari_medssl.volume import Geometry, Volume
from napari_medssl.volume.operation import Operation, SameGrid
from napari_medssl.volume.standardise import (
    Clip,
    Divide,
    Percentiles,
    Standardise,
    ToBytes,
    ToUnit,
    ZScore,
)

GRID = Geometry((6, 7, 8))
HU = np.random.default_rng(0).integers(-1024, 3072, GRID.shape).astype(np.int16)
EVERY = (
    Clip(-80, 300),
    Divide(3071),
    ToUnit(-175, 250),
    Percentiles(1, 99),
    ZScore(),
    Standardise(40, 200),
    ToBytes(),
)


def ct(array: np.ndarray = HU) -> Volume:
    return volume_of(array, GRID, units="HU", modality="CT")


def values(operation: Operation, array: np.ndarray = HU) -> np.ndarray:
    return operation(ct(array))[0].array


@pytest.mark.parametrize("operation", EVERY, ids=str)
def test_only_values_change(operation: Operation) -> None:
    volume = ct()
    after, inverse = operation(volume)
    assert (after.geometry, after.source) == (volume.geometry, volume.source)
    assert inverse == SameGrid(GRID.shape)
    assert after.array.dtype == (np.uint8 if operation == ToBytes() else np.float32)
    assert after.units == ("HU" if isinstance(operation, Clip) else "")


@pytest.mark.parametrize("operation", EVERY, ids=str)
@pytest.mark.parametrize("kind", ["u1", "i4", "f2", "f8", ">f4"])
def test_every_type_is_taken(operation: Operation, kind: str) -> None:
    array = np.random.default_rng(1).integers(0, 200, GRID.shape)
    np.testing.assert_allclose(
        values(operation, array.astype(kind)), values(operation, array), atol=1e-5
    )


@pytest.mark.parametrize("operation", EVERY, ids=str)
@pytest.mark.parametrize("fill", [0.0, 5.0, np.nan, np.inf])
def test_constant_images_and_images_without_numbers_stay_finite(
    operation: Operation, fill: float
) -> None:
    after = values(operation, np.full(GRID.shape, fill))
    assert np.isfinite(after).all()
    assert np.ptp(after) == 0


@pytest.mark.parametrize("operation", EVERY, ids=str)
def test_what_is_not_a_number_spoils_no_other_voxel(operation: Operation) -> None:
    clean = HU.astype(float)
    clean[0, 0, 0] = -1024
    spoilt = clean.copy()
    spoilt[0, 0, 0] = np.nan
    rest = np.s_[:, :, 1:]
    np.testing.assert_allclose(
        values(operation, spoilt)[rest], values(operation, clean)[rest], atol=0.02
    )
    assert np.isfinite(values(operation, spoilt)).all()


def test_hounsfield_units_over_3071() -> None:
    array = values(Divide(3071), values(Clip(-1024, 3071), HU * 1.0 + 500))
    np.testing.assert_allclose(array, np.clip(HU * 1.0 + 500, -1024, 3071) / 3071, rtol=1e-6)
    assert -1024 / 3071 <= array.min() <= array.max() <= 1


def test_a_window_maps_to_unit_and_bytes() -> None:
    unit = values(ToUnit(-175, 250))
    np.testing.assert_allclose(unit, np.clip((HU + 175) / 425, 0, 1), atol=1e-6)
    np.testing.assert_array_equal(values(ToBytes(), unit), np.rint(unit * 255))


def test_z_score_agrees_with_numpy() -> None:
    np.testing.assert_allclose(values(ZScore()), (HU - HU.mean()) / HU.std(), atol=1e-5)


def test_a_known_mean_and_deviation() -> None:
    np.testing.assert_allclose(values(Standardise(40, 200)), (HU - 40.0) / 200, atol=1e-5)


def test_z_score_of_the_foreground() -> None:
    array = np.where(HU > -500, HU, -1024).astype(np.float32)
    counted = array[array > -1024].astype(float)
    expected = (array - counted.mean()) / counted.std()
    np.testing.assert_allclose(values(ZScore(of_foreground=True), array), expected, atol=1e-4)
    assert (values(ZScore(of_foreground=True), np.full(GRID.shape, 3.0)) == 0).all()


def test_percentiles_agree_with_numpy() -> None:
    low, high = np.percentile(HU, (0.5, 99.5))
    expected = np.clip((HU - low) / (high - low), 0, 1)
    np.testing.assert_allclose(values(Percentiles(0.5, 99.5)), expected, atol=1e-5)


def test_percentiles_count_every_voxel_of_a_large_image() -> None:
    array = np.zeros((1, 2001, 2001), np.uint8)
    array[0, 0, 1] = 200
    volume = volume_of(array, Geometry(array.shape))
    assert Percentiles(0, 100)(volume)[0].array[0, 0, 1] == 1
    assert Percentiles(0, 100)(volume)[0].array.sum() == 1


def test_percentiles_of_what_is_not_zero() -> None:
    array = np.where(HU > 1000, HU, 0)
    low, high = np.percentile(array[array != 0], (0.5, 99.5))
    expected = np.clip((array - low) / (high - low), 0, 1)
    np.testing.assert_allclose(
        values(Percentiles(0.5, 99.5, of_non_zero=True), array), expected, atol=1e-5
    )


@pytest.mark.parametrize(
    "make",
    [
        lambda: Clip(3, 3),
        lambda: ToUnit(4, 3),
        lambda: ToUnit(float("nan"), 3),
        lambda: Divide(0),
        lambda: Standardise(0, 0),
        lambda: Standardise(float("nan"), 1),
        lambda: Divide(float("inf")),
        lambda: Percentiles(50, 50),
        lambda: Percentiles(-1, 50),
        lambda: Percentiles(0, 101),
        lambda: Percentiles(float("nan"), 50),
    ],
)
def test_what_makes_no_sense_is_refused(make: object) -> None:
    with pytest.raises(UsageError, match="expected"):
        make()  # type: ignore[operator]
