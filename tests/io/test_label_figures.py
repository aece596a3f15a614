"""What labels measure, against plain counting."""

from __future__ import annotations

from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from napari_medssl.errors import GeometryError
from napari_medssl.io import LabelInfo, read_labels, read_volume
from napari_medssl.io.label_figures import measure_labels
from napari_medssl.volume import Geometry, Volume


def test_figures_of_a_real_spleen(shared_data: Path) -> None:
    folder = shared_data / "msd-spleen-ct"
    image, mask = (folder / f"spleen_2_crop_{kind}.nii.gz" for kind in ("ct", "label"))
    volume = read_volume(image)
    (spleen,) = measure_labels(
        volume, read_labels(mask, volume), [LabelInfo(1, "Spleen", (1, 2, 3))]
    )
    stored = np.asarray(nib.load(mask).dataobj) > 0
    hounsfield = np.asarray(nib.load(image).dataobj)[stored]
    sizes = nib.load(mask).header.get_zooms()
    assert spleen.label.name == "Spleen"
    assert spleen.voxels == stored.sum()
    assert spleen.volume_ml == pytest.approx(stored.sum() * np.prod(sizes) / 1000, rel=1e-5)
    assert spleen.slices == stored.any(axis=(0, 1)).sum()
    assert spleen.mean == pytest.approx(hounsfield.mean())
    assert spleen.sd == pytest.approx(hounsfield.std())
    for axis, mm in enumerate(spleen.extent_mm[::-1]):
        others = tuple(a for a in range(3) if a != axis)
        places = np.flatnonzero(stored.any(axis=others))
        assert mm == pytest.approx((places[-1] - places[0] + 1) * sizes[axis], rel=1e-5)


def volume_of(array: np.ndarray, affine: np.ndarray | None = None) -> Volume:
    affine = np.eye(4) if affine is None else affine
    geometry = Geometry.from_affine(array.shape[-3:], affine)
    return Volume.from_source_array(array, geometry, name="made", format="made")


def test_sparse_and_huge_values() -> None:
    volume = volume_of(np.zeros((4, 5, 6), np.float32))
    mask = np.zeros(volume.geometry.shape, np.uint32)
    mask[0, 0, 0], mask[1, 1, 1:3], mask[2, 2, 2] = 9, 4_000_000_000, 70_000
    found = measure_labels(volume, mask)
    assert [(f.label.value, f.voxels) for f in found] == [(9, 1), (70_000, 1), (4_000_000_000, 2)]
    assert measure_labels(volume, np.zeros(mask.shape, np.uint8)) == ()


def test_a_sheared_grid_has_smaller_voxels_than_its_spacing_says() -> None:
    affine = np.eye(4)
    affine[0, 1] = 1.0  # the second axis leans by 45 degrees: 1.41 mm long, 1 mm high
    volume = volume_of(np.zeros((3, 3, 3), np.int16), affine)
    (label,) = measure_labels(volume, np.ones((3, 3, 3), np.uint8))
    assert label.volume_ml == pytest.approx(27 / 1000)


def test_values_that_are_not_numbers_and_colours_are_left_out() -> None:
    array = np.full((2, 2, 2), 5.0, np.float32)
    array[0, 0, 0] = np.nan
    ones = np.ones((2, 2, 2), np.uint8)
    (label,) = measure_labels(volume_of(array), ones)
    assert (label.mean, label.sd) == (5.0, 0.0)
    (label,) = measure_labels(volume_of(np.full((2, 2, 2), np.nan)), ones)
    assert label.mean is None
    (label,) = measure_labels(volume_of(np.zeros((3, 2, 2, 2), np.uint8)), ones)
    assert label.sd is None


def test_a_mask_of_another_shape_is_refused() -> None:
    with pytest.raises(GeometryError):
        measure_labels(volume_of(np.zeros((2, 2, 2))), np.ones((2, 2, 3), np.uint8))
