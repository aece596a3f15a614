from __future__ import annotations

import nibabel as nib
import numpy as np
import pytest
from grids import geometries, some, voxel_positions
from hypothesis import given

from napari_medssl.errors import GeometryError
from napari_medssl.volume import Geometry

LPS_FROM_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])


@some
@given(geometries())
def test_affine_and_parts_agree(geometry: Geometry) -> None:
    again = Geometry.from_affine(geometry.shape, geometry.affine)
    np.testing.assert_allclose(again.affine, geometry.affine, atol=1e-9)
    assert again.matches(geometry)


@some
@given(geometries())
def test_index_and_world_undo_each_other(geometry: Geometry) -> None:
    index = np.moveaxis(np.indices(geometry.shape), 0, -1)
    np.testing.assert_allclose(geometry.to_index(voxel_positions(geometry)), index, atol=1e-6)


@some
@given(geometries(most_tilt_deg=30, shear=0.1))
def test_axis_codes_agree_with_nibabel(geometry: Geometry) -> None:
    assert geometry.axis_codes == "".join(nib.aff2axcodes(LPS_FROM_RAS @ geometry.affine))


def test_inside_convention_is_spl() -> None:
    geometry = Geometry((2, 3, 4), (5.0, 2.0, 1.0), (10.0, 20.0, 30.0))
    assert geometry.axis_codes == "SPL"
    np.testing.assert_allclose(geometry.to_world((1, 1, 1)), (11, 22, 35))
    assert geometry.is_orthogonal
    assert not geometry.is_oblique


def test_tilt_and_shear_are_told_apart() -> None:
    turn = np.eye(4)
    angle = np.radians(20)
    turn[:2, :2] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    turned = Geometry.from_affine((2, 2, 2), turn)
    assert turned.is_oblique
    assert turned.is_orthogonal
    assert turned.obliquity_deg == pytest.approx(20)
    lean = np.eye(4)
    lean[0, 1] = 0.2
    assert not Geometry.from_affine((2, 2, 2), lean).is_orthogonal


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ((0, 3, np.nan), "not finite"),
        ((1, 1, np.inf), "not finite"),
        ((2, 2, 0.0), "no length"),
        ((2, 2, 1e-5), "a voxel of"),
        ((2, 2, 2e4), "a voxel of"),
    ],
)
def test_affines_that_place_nothing_are_refused(change: tuple[int, int, float], said: str) -> None:
    affine = np.eye(4)
    row, column, value = change
    affine[row, column] = value
    with pytest.raises(GeometryError, match=said):
        Geometry.from_affine((2, 2, 2), affine)


def test_axes_in_one_plane_are_refused() -> None:
    affine = np.eye(4)
    affine[:3, 2] = affine[:3, 0] + affine[:3, 1]
    with pytest.raises(GeometryError, match="in one plane"):
        Geometry.from_affine((2, 2, 2), affine)


def test_parts_are_checked() -> None:
    with pytest.raises(GeometryError, match="three sizes"):
        Geometry((2, 0, 2))
    with pytest.raises(GeometryError, match="not a unit vector"):
        Geometry((2, 2, 2), direction=((2, 0, 0), (0, 1, 0), (0, 0, 1)))
    with pytest.raises(GeometryError, match="not a finite number"):
        Geometry((2, 2, 2), origin_mm=(0, 0, float("nan")))


def test_matches_wants_one_shape_and_one_place() -> None:
    here = Geometry((4, 4, 4))
    assert here.matches(Geometry((4, 4, 4), origin_mm=(0, 0, 1e-4)))
    assert not here.matches(Geometry((4, 4, 4), origin_mm=(0, 0, 1e-2)))
    assert not here.matches(Geometry((4, 4, 5)))
    assert not here.matches(Geometry((4, 4, 4), spacing_mm=(1, 1, 1.01)))


def test_affine_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="read-only"):
        Geometry((2, 2, 2)).affine[0, 0] = 5
