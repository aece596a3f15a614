from __future__ import annotations

import numpy as np
import pytest
from grids import CODES, geometries, numbered, some, volume_of, voxels_keep_their_place
from hypothesis import given

from napari_medssl.errors import GeometryError
from napari_medssl.volume import AxisMap, Geometry, Volume, axes_towards
from napari_medssl.volume.volume import Source

GRID = Geometry((2, 3, 4))


def stored_as(codes: str, shape: tuple[int, int, int] = (3, 4, 5), **parts: object) -> Geometry:
    start = Geometry(shape, **parts)  # type: ignore[arg-type]
    turned = axes_towards(start, codes).apply_geometry(start)
    return Geometry(shape, turned.spacing_mm, turned.origin_mm, turned.direction)


@pytest.mark.parametrize("codes", CODES)
def test_arrays_and_indices_go_back_to_the_file(codes: str) -> None:
    geometry = stored_as(codes)
    stored = np.arange(60).reshape(3, 4, 5)
    volume = volume_of(stored, geometry)
    np.testing.assert_array_equal(volume.to_source(volume.array), stored)
    for ijk in np.ndindex(stored.shape):
        zyx = volume.index_from_source(ijk)
        assert volume.array[tuple(int(n) for n in zyx)] == stored[ijk]
        assert volume.index_to_source(zyx) == ijk


def test_colour_goes_back_too() -> None:
    stored = np.arange(180, dtype=np.uint8).reshape(3, 3, 4, 5)
    volume = volume_of(stored, stored_as("RAS"))
    assert volume.is_rgb
    np.testing.assert_array_equal(volume.to_source(volume.array), stored)


def test_voxels_are_read_only() -> None:
    with pytest.raises(ValueError, match="read-only"):
        volume_of(np.zeros((2, 3, 4)), GRID).array[0, 0, 0] = 1


@pytest.mark.parametrize("shape", [(2, 3), (2, 3, 5), (4, 2, 3, 4), (1, 3, 2, 3, 4)])
def test_arrays_that_do_not_fit_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(GeometryError, match="expected"):
        Volume(np.zeros(shape), GRID, Source("x", "made", GRID, AxisMap()))


def test_a_mask_of_another_grid_is_refused() -> None:
    with pytest.raises(GeometryError, match="the same grid"):
        volume_of(np.zeros((2, 3, 4)), GRID).to_source(np.zeros((2, 3, 5)))


def test_slices_are_the_stored_third_axis_unless_another_is_plainly_thicker() -> None:
    def slice_axis(shape: tuple[int, int, int], spacing: tuple[float, float, float]) -> int:
        sagittal = Geometry(shape, spacing, direction=((0, 0, 1), (1, 0, 0), (0, 1, 0)))
        return volume_of(np.zeros(shape), sagittal).slice_axis

    assert slice_axis((6, 5, 4), (1.0, 1.0, 1.0)) == 2
    assert slice_axis((6, 5, 4), (1.0, 1.0, 3.0)) == 2
    assert slice_axis((6, 5, 4), (1.0, 4.0, 1.0)) == 0
    assert slice_axis((6, 5, 1), (1.0, 4.0, 1.0)) == 2


def test_frames_of_a_cine_are_the_stored_third_axis() -> None:
    geometry = stored_as("LPS")
    assert volume_of(np.zeros((3, 4, 5)), geometry).frame_axis is None
    assert volume_of(np.zeros((3, 4, 5)), geometry, stack="time").frame_axis == 0


def test_other_values_keep_grid_and_source() -> None:
    volume = volume_of(np.zeros((2, 3, 4), np.int16), GRID, units="HU", modality="CT")
    other = volume.with_values(np.ones((2, 3, 4), np.float32))
    assert other.units == ""
    assert other.modality == "CT"
    assert (other.geometry, other.source) == (volume.geometry, volume.source)
    assert volume.with_values(volume.array, units="HU").units == "HU"


@some
@given(geometries())
def test_another_grid_keeps_the_axis_order_of_the_file(geometry: Geometry) -> None:
    volume = numbered(geometry)
    part = volume.geometry
    z, y, x = (max(1, n - 1) for n in part.shape)
    smaller = Geometry((z, y, x), part.spacing_mm, part.origin_mm, part.direction)
    cut = volume.on_grid(volume.array[:z, :y, :x], smaller)
    assert (cut.source.format, cut.source.header) == ("made", b"")
    assert (cut.source.name, cut.source.path) == (volume.source.name, volume.source.path)
    assert cut.source.geometry.axis_codes == volume.source.geometry.axis_codes
    voxels_keep_their_place(volume, cut)


@pytest.mark.parametrize("codes", CODES)
def test_as_stored_takes_the_axes_seen_here(codes: str) -> None:
    volume = numbered(stored_as(codes))
    seen = volume.as_stored()
    assert seen.source.geometry.axis_codes == "SPL"
    np.testing.assert_array_equal(seen.to_source(seen.array), volume.array)
    voxels_keep_their_place(volume, seen)


def test_as_stored_keeps_the_header_where_nothing_is_turned() -> None:
    volume = numbered(Geometry((2, 3, 4)))
    assert volume.as_stored() is volume


def test_a_notice_is_added_behind_the_others() -> None:
    volume = numbered(GRID).noting("a", "First.").noting("b", "Second.")
    assert [notice.code for notice in volume.notices] == ["a", "b"]
