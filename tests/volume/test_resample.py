from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813 - as everywhere
from grids import CODES, geometries, numbered, ramp, ramp_at, some, volume_of, voxel_positions
from hypothesis import given
from hypothesis import strategies as st

from napari_medssl.errors import GeometryError, UsageError
from napari_medssl.volume import Geometry, Volume, axes_towards
from napari_medssl.volume.orient import Orient
from napari_medssl.volume.resample import Resample

spacings = st.tuples(*[st.floats(0.3, 6)] * 3)


def inside(volume: Volume, geometry: Geometry, margin: float = 0.0) -> np.ndarray:
    """Which voxels of a volume lie between the outermost voxel centres of a grid."""
    at = geometry.to_index(voxel_positions(volume.geometry))
    within: np.ndarray = (
        (at >= margin - 1e-9) & (at <= np.array(geometry.shape) - 1 - margin + 1e-9)
    ).all(axis=-1)
    return within


@some
@given(geometries(least=2), spacings)
def test_linear_keeps_a_linear_image(
    geometry: Geometry, spacing: tuple[float, float, float]
) -> None:
    volume = ramp(geometry)
    after, inverse = Resample(spacing)(volume)
    expected = ramp_at(voxel_positions(after.geometry))
    kept = inside(after, volume.geometry)
    np.testing.assert_allclose(after.array[kept], expected[kept], atol=1e-6)
    back = inverse.image(expected[None])[0]
    known = inside(volume, after.geometry)
    np.testing.assert_allclose(back[known], volume.array[known], atol=1e-6)


@pytest.mark.parametrize("interpolation", ["spline", "area"])
def test_smoother_kinds_keep_a_linear_image_away_from_the_edge(interpolation: str) -> None:
    geometry = Geometry((24, 25, 26), (2.0, 1.0, 0.7))
    volume = ramp(geometry)
    after, _ = Resample((1.3, 2.1, 0.9), interpolation)(volume)  # type: ignore[arg-type]
    kept = inside(after, geometry, margin=8)
    assert kept.any()
    expected = ramp_at(voxel_positions(after.geometry))[kept]
    np.testing.assert_allclose(after.array[kept], expected, atol=1e-3)


@some
@given(geometries(least=2), spacings, st.data())
def test_a_marked_voxel_is_found_back(
    geometry: Geometry, spacing: tuple[float, float, float], data: st.DataObject
) -> None:
    volume = numbered(geometry)
    after, inverse = Resample(spacing, "nearest")(volume)
    voxel = tuple(data.draw(st.integers(0, n - 1)) for n in volume.geometry.shape)
    at = after.geometry.to_index(volume.geometry.to_world(voxel))
    nearest = np.clip(np.floor(at + 0.5).astype(int), 0, np.array(after.geometry.shape) - 1)
    marked = np.zeros(after.geometry.shape, np.uint8)
    marked[tuple(nearest)] = 9
    back = inverse.labels(marked)
    assert back.dtype == np.uint8
    assert back.shape == volume.geometry.shape
    ties = np.abs(at - np.floor(at) - 0.5).min() < 1e-6
    assert back[voxel] == 9 or ties
    strayed = after.geometry.to_index(volume.geometry.to_world(np.argwhere(back))) - nearest
    within = np.abs(strayed) <= 0.5 + 1e-6
    edge = (nearest == 0) | (nearest == np.array(after.geometry.shape) - 1)
    assert (within | edge).all()


@some
@given(geometries(least=2, shear=0.0), spacings, st.sampled_from(["linear", "spline", "nearest"]))
def test_agrees_with_simpleitk(
    geometry: Geometry, spacing: tuple[float, float, float], kind: str
) -> None:
    values = np.random.default_rng(0).normal(size=geometry.shape)
    volume = volume_of(values, geometry)
    after, _ = Resample(spacing, kind)(volume)  # type: ignore[arg-type]
    filters = {"linear": sitk.sitkLinear, "spline": sitk.sitkBSpline3}
    resample = sitk.ResampleImageFilter()
    resample.SetReferenceImage(itk_image(after))
    resample.SetInterpolator(filters.get(kind, sitk.sitkNearestNeighbor))
    expected = sitk.GetArrayFromImage(resample.Execute(itk_image(volume)))
    kept = inside(after, volume.geometry)
    at = volume.geometry.to_index(voxel_positions(after.geometry))
    if kind == "nearest":
        kept &= (np.abs(at - np.floor(at) - 0.5) > 1e-6).all(axis=-1)
    if kind == "spline":
        expected = np.clip(expected, values.min(), values.max())
    np.testing.assert_allclose(after.array[kept], expected[kept], atol=1e-5)


def itk_image(volume: Volume) -> sitk.Image:
    image = sitk.GetImageFromArray(np.asarray(volume.array, float))
    grid = volume.geometry
    image.SetSpacing(grid.spacing_mm[::-1])
    image.SetOrigin(grid.origin_mm)
    image.SetDirection(np.asarray(grid.direction)[:, ::-1].ravel().tolist())
    return image


def test_spacing_is_exact_and_the_field_of_view_nearly() -> None:
    volume = numbered(Geometry((26, 166, 164), (5.0, 0.79, 0.79)))
    after, _ = Resample((2.0, 1.5, 1.5))(volume)
    assert after.geometry.spacing_mm == (2.0, 1.5, 1.5)
    before = np.multiply(volume.geometry.shape, volume.geometry.spacing_mm)
    now = np.multiply(after.geometry.shape, after.geometry.spacing_mm)
    assert (np.abs(now - before) <= np.array([2.0, 1.5, 1.5]) / 2).all()


@pytest.mark.parametrize("codes", CODES[::5])
@pytest.mark.parametrize("interpolation", ["linear", "spline", "area"])
def test_the_direction_of_storage_does_not_matter(codes: str, interpolation: str) -> None:
    start = Geometry((6, 7, 8), (2.0, 1.1, 0.9))
    values = np.random.default_rng(1).normal(size=start.shape)
    axes = axes_towards(start, codes)
    one, _ = Resample((1.3, 0.7, 2.0), interpolation)(volume_of(values, start))  # type: ignore[arg-type]
    turned = volume_of(axes.apply(values), axes.apply_geometry(start))
    other, _ = Resample((1.3, 0.7, 2.0), interpolation)(turned)  # type: ignore[arg-type]
    np.testing.assert_allclose(other.array, one.array, atol=1e-6)
    assert other.geometry.matches(one.geometry)


@pytest.mark.parametrize("kind", ["u1", "i2", "u2", "i4", "f4", "f8"])
def test_type_and_range_are_kept(kind: str) -> None:
    values = np.random.default_rng(2).integers(0, 200, (6, 7, 8)).astype(kind)
    volume = volume_of(values, Geometry((6, 7, 8)), units="HU")
    for interpolation in ("linear", "spline", "area", "nearest"):
        after, _ = Resample((0.6, 1.7, 1.0), interpolation)(volume)  # type: ignore[arg-type]
        assert after.array.dtype == values.dtype
        assert values.min() <= after.array.min() <= after.array.max() <= values.max()
        assert after.units == "HU"


def test_a_constant_image_stays_constant() -> None:
    volume = volume_of(np.full((5, 6, 7), -1000, np.int16), Geometry((5, 6, 7)))
    for interpolation in ("linear", "spline", "area"):
        after, _ = Resample((0.7, 2.2, 1.1), interpolation)(volume)  # type: ignore[arg-type]
        assert (after.array == -1000).all()


def test_what_is_not_a_number_does_not_spread() -> None:
    values = np.ones((8, 8, 8))
    values[4, 4, 4] = np.nan
    values[0, 0, 0] = np.inf
    for interpolation in ("linear", "spline"):
        after, _ = Resample((0.5, 0.5, 0.5), interpolation)(volume_of(values, Geometry((8, 8, 8))))  # type: ignore[arg-type]
        np.testing.assert_allclose(after.array, 1)
        assert [notice.code for notice in after.notices] == ["not-finite"]


def test_colour_is_resampled_channel_by_channel() -> None:
    values = np.random.default_rng(3).integers(0, 255, (3, 1, 6, 8)).astype(np.uint8)
    grid = Geometry((1, 6, 8))
    after, _ = Resample((1.0, 0.5, 0.5))(volume_of(values, grid))
    green, _ = Resample((1.0, 0.5, 0.5))(volume_of(values[1], grid))
    assert after.array.shape == (3, 1, 12, 16)
    np.testing.assert_array_equal(after.array[1], green.array)


def test_single_slices_frames_and_axes_not_named_are_kept() -> None:
    slice_ = numbered(Geometry((1, 6, 8), (5.0, 1.0, 1.0)))
    after, _ = Resample((1.0, 2.0, 2.0))(slice_)
    assert after.geometry.shape == (1, 3, 4)
    assert after.geometry.spacing_mm == (5.0, 2.0, 2.0)
    stored = Geometry((8, 6, 4), direction=((1, 0, 0), (0, 1, 0), (0, 0, 1)))
    cine = volume_of(np.zeros((8, 6, 4)), stored, stack="time")
    after, _ = Resample((0.5, 2.0, 2.0))(cine)
    assert after.geometry.shape == (4, 3, 4)
    turned, _ = Resample((2.0, 2.0, 0.5))(Orient("LPS")(cine)[0])
    assert turned.geometry.shape == (4, 3, 4)
    after, _ = Resample((None, None, 2.0))(numbered(Geometry((3, 6, 8))))
    assert after.geometry.shape == (3, 6, 4)


def test_the_spacing_the_image_has_changes_nothing() -> None:
    volume = numbered(Geometry((3, 6, 8), (3.0, 1.0, 1.0)))
    after, inverse = Resample((3.0, 1.0, 1.0), "spline")(volume)
    assert after is volume
    assert inverse.labels(volume.array) is volume.array


def test_a_grid_smaller_than_a_voxel_becomes_one_voxel() -> None:
    after, inverse = Resample((50.0, 50.0, 50.0))(numbered(Geometry((3, 4, 5))))
    assert after.geometry.shape == (1, 1, 1)
    assert inverse.labels(np.array([[[7]]])).tolist() == np.full((3, 4, 5), 7).tolist()


@pytest.mark.parametrize("spacing", [(1, 1), (0, 1, 1), (1, -1, 1), (1, 1, np.nan), (1, 1, np.inf)])
def test_other_spacings_are_refused(spacing: tuple[float, ...]) -> None:
    with pytest.raises(UsageError, match=r"three sizes from 0\.0001"):
        Resample(spacing)  # type: ignore[arg-type]


def test_other_names_and_other_grids_are_refused() -> None:
    with pytest.raises(UsageError, match="one of linear"):
        Resample((1, 1, 1), "lanczos")  # type: ignore[arg-type]
    _, inverse = Resample((2, 2, 2))(numbered(Geometry((4, 4, 4))))
    for back in (inverse.labels, inverse.image):
        with pytest.raises(GeometryError, match="prepared grid"):
            back(np.zeros((4, 4, 4)))
