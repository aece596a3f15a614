from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tiny_sam import volume_of

from napari_medssl.errors import GeometryError
from napari_medssl.finetune import pictures_of
from napari_medssl.volume import Geometry, Volume

SIZES = {"smallest_px": 10, "smallest_voxels": 60}


def scan() -> tuple[Volume, np.ndarray]:
    """Six slices: a large object on three of them, a small one, and a flat one."""
    array = np.random.default_rng(0).integers(0, 200, (6, 30, 40)).astype(np.int16)
    array[5] = 7
    labels = np.zeros(array.shape, np.uint8)
    labels[1:4, 5:15, 8:20] = 3
    labels[2, 20:22, 30:33] = 3
    labels[2, 18:25, 2:9] = 9
    labels[5, 5:25, 5:25] = 3
    return volume_of(array), labels


def test_a_scan_is_cut_into_the_slices_that_show_something() -> None:
    volume, labels = scan()
    found = pictures_of("a", volume, labels, **SIZES)
    assert [picture.index for picture in found] == [1, 2, 3]
    assert all(picture.case == "a" and picture.size == (30, 40) for picture in found)
    assert [[thing.value for thing in picture.things] for picture in found] == [[3], [3], [3]]
    for picture in found:
        laid = picture.things[0].laid_in(picture.size)
        np.testing.assert_array_equal(laid, labels[picture.index] == 3)
    assert found[1].things[0].box_xyxy.tolist() == [8, 5, 33, 22]


def test_small_objects_are_left_out_by_slice_and_by_volume() -> None:
    volume, labels = scan()
    all_of_it = pictures_of("a", volume, labels, smallest_px=1, smallest_voxels=1)
    assert [len(picture.things) for picture in all_of_it] == [1, 2, 1]
    none = pictures_of("a", volume, labels, smallest_px=2000, smallest_voxels=1)
    assert none == []
    flat = pictures_of("a", volume_of(volume.array[:1]), labels[1:2], **SIZES)
    assert len(flat) == 1  # an image of one slice has no volume


def test_slices_are_cut_across_the_thick_axis_in_the_patients_proportions() -> None:
    array = np.random.default_rng(0).integers(0, 200, (20, 6, 30)).astype(np.int16)
    labels = np.zeros(array.shape, np.uint8)
    labels[4:16, 2, 3:20] = 1
    stored = Geometry(array.shape[::-1], (0.5, 4.0, 1.0), direction=np.eye(3).tolist())
    volume = Volume.from_source_array(array.T, stored, name="made", format="made")
    (picture,) = pictures_of("a", volume, labels, **SIZES)
    assert (picture.index, picture.size, picture.pixel_mm) == (2, (20, 30), (1.0, 0.5))
    np.testing.assert_array_equal(picture.things[0].laid_in((20, 30)), labels[:, 2] == 1)
    unknown = replace(volume, spacing_known=False)
    assert pictures_of("a", unknown, labels, **SIZES)[0].pixel_mm == (1.0, 1.0)


def test_colours_are_kept() -> None:
    array = np.random.default_rng(0).integers(0, 256, (3, 1, 20, 25)).astype(np.uint8)
    array[:, 0, 0, 0] = 0, 255, 90  # the whole range, so that the window changes nothing
    labels = np.ones((1, 20, 25), np.uint8)
    geometry = Geometry((25, 20, 1), (1.0, 1.0, 1.0), direction=np.eye(3).tolist())
    volume = Volume.from_source_array(
        array.transpose(0, 3, 2, 1), geometry, name="m", format="made"
    )
    (picture,) = pictures_of("a", volume, labels, **SIZES)
    np.testing.assert_array_equal(picture.rgb, array[:, 0].transpose(1, 2, 0))


def test_grey_is_the_default_window_three_times() -> None:
    volume, labels = scan()
    picture = pictures_of("a", volume, labels, **SIZES)[0]
    assert picture.rgb.shape == (30, 40, 3)
    assert (picture.rgb == picture.grey[..., None]).all()


def test_labels_of_another_size_are_refused() -> None:
    volume, labels = scan()
    with pytest.raises(GeometryError, match="for 'a'"):
        pictures_of("a", volume, labels[:5], **SIZES)
