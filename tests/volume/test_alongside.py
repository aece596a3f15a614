"""Two scans of a patient: whether they overlap, and one cut along the planes of the other."""

from __future__ import annotations

import numpy as np
import pytest

from napari_medssl.errors import GeometryError, UsageError
from napari_medssl.volume import Geometry, Volume
from napari_medssl.volume.alongside import cut_alike, require_overlap

SHAPE = (10, 12, 14)


def scan(origin=(0.0, 0.0, 0.0), spacing=(2.0, 2.0, 2.0), shape=SHAPE, direction=None, **rest):
    turned = {} if direction is None else {"direction": direction}
    geometry = Geometry(shape, spacing, origin, **turned)
    z, y, x = np.indices(shape)
    world = geometry.to_world(np.stack([z, y, x], axis=-1))
    array = (world @ [1.0, 2.0, 3.0]).astype(np.float32)  # a value tells its place
    return Volume.from_source_array(array, geometry, name="scan", format="made", **rest)


def leaning(degrees: float):
    """The axes of a scan that leans about the patient's left-right axis."""
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return ((0.0, 0.0, 1.0), (s, c, 0.0), (c, -s, 0.0))


def test_the_overlap_is_the_part_of_the_smaller_scan():
    base = scan()
    assert require_overlap(base, base) == 1
    assert require_overlap(base, scan(shape=(4, 4, 4), origin=(4, 4, 4))) == 1
    assert require_overlap(scan(shape=(4, 4, 4), origin=(4, 4, 4)), base) == 1
    assert 0.3 < require_overlap(base, scan(origin=(14.0, 0, 0))) < 0.7


def test_scans_apart_are_refused_with_their_distance():
    with pytest.raises(GeometryError, match="their middles are 300 mm apart"):
        require_overlap(scan(), scan(origin=(0, 300.0, 0)))


@pytest.mark.parametrize("rest", [{"orientation_known": False}, {"spacing_known": False}])
def test_a_scan_without_a_place_is_refused(rest):
    with pytest.raises(UsageError, match="does not say where"):
        require_overlap(scan(), scan(**rest))


def test_a_scan_with_the_same_axes_keeps_its_own_grid():
    second = scan(spacing=(3.0, 1.0, 1.0), origin=(1.5, 2.5, 3.5))
    assert cut_alike(second, scan().geometry) is second


@pytest.mark.parametrize("degrees", [8.0, -25.0])
def test_a_leaning_scan_is_laid_on_the_other_s_axes_and_every_value_keeps_its_place(degrees):
    base, second = scan(), scan(direction=leaning(degrees), spacing=(3.0, 2.0, 2.0))
    shown = cut_alike(second, base.geometry)
    assert np.allclose(shown.geometry.direction, base.geometry.direction)
    assert np.allclose(shown.geometry.spacing_mm, (3.0, 2.0, 2.0))
    at = np.argwhere(np.isfinite(shown.array))
    values = shown.array[tuple(at.T)]
    assert np.allclose(values, shown.geometry.to_world(at) @ [1.0, 2.0, 3.0], atol=1e-2)
    volume_mm3 = np.prod(second.geometry.spacing_mm) * np.prod(np.subtract(SHAPE, 1))
    assert len(at) * 12 == pytest.approx(volume_mm3, rel=0.15), "nothing of it is cut off"


def test_a_scan_leaning_on_an_oblique_one_is_laid_on_that():
    base = scan(direction=leaning(20))
    shown = cut_alike(scan(), base.geometry)
    at = np.argwhere(np.isfinite(shown.array))
    assert np.allclose(
        shown.array[tuple(at.T)], shown.geometry.to_world(at) @ [1.0, 2.0, 3.0], atol=1e-2
    )
