"""Slices as pictures: which way up, how large, with which letters, and where the mask is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from napari_medssl.errors import GeometryError
from napari_medssl.io import LabelInfo
from napari_medssl.io.overlay import Overlay, save_pictures
from napari_medssl.volume import AxisMap, Geometry, Volume, Window

GREEN, BLUE = (0, 200, 0), (0, 0, 255)
SHAPE, SPACING = (20, 30, 40), (3.0, 1.0, 1.0)


def corner_volume(stored_axes: AxisMap, tilt_deg: float = 0.0) -> Volume:
    """White where head, back and left meet; stored with its axes in any order and direction."""
    inside = np.zeros(SHAPE, np.int16)
    inside[-6:, -10:, -13:] = 100
    turn = np.radians(tilt_deg)
    leaning = np.array(
        [[1, 0, 0], [0, np.cos(turn), -np.sin(turn)], [0, np.sin(turn), np.cos(turn)]]
    )
    affine = np.eye(4)
    affine[:3, :3] = leaning @ np.fliplr(np.eye(3)) * SPACING
    geometry = stored_axes.apply_geometry(Geometry.from_affine(SHAPE, affine))
    return Volume.from_source_array(
        stored_axes.apply(inside), geometry, name="corner.nii", format="nifti"
    )


def middle_of_white(picture: Image.Image) -> tuple[float, float]:
    """Row and column of the white part, as fractions of the picture."""
    grey = np.asarray(picture.convert("L"))
    rows, columns = np.nonzero(grey > 250)
    return float(rows.mean() / grey.shape[0]), float(columns.mean() / grey.shape[1])


@pytest.mark.parametrize("tilt", [0.0, 20.0])
@pytest.mark.parametrize(
    "stored",
    [
        AxisMap(),
        AxisMap((2, 1, 0), (True, False, True)),
        AxisMap((1, 2, 0), (False, True, True)),
        AxisMap((0, 2, 1), (True, True, False)),
    ],
)
def test_head_up_and_the_patients_left_on_the_right(stored: AxisMap, tilt: float) -> None:
    overlay = Overlay(corner_volume(stored, tilt), window=Window(0, 100))
    axial, coronal, sagittal = (
        middle_of_white(overlay.picture(axis, index, (300, 300), with_marks=False))
        for axis, index in ((0, 19), (1, 29), (2, 39))
    )
    low, high = pytest.approx(1 / 6, abs=0.03), pytest.approx(5 / 6, abs=0.03)
    assert axial == (high, high)  # back below, left on the right
    assert coronal == (pytest.approx(0.15, abs=0.03), high)  # head above, left on the right
    assert sagittal == (pytest.approx(0.15, abs=0.03), high)  # head above, back on the right
    assert axial != (low, low)


def test_pixels_are_square_and_the_fit_is_kept() -> None:
    overlay = Overlay(corner_volume(AxisMap()))
    assert overlay.picture(0, 0, (400, 400)).size == (400, 300)
    assert overlay.picture(1, 0, (400, 240)).size == (160, 240)
    assert overlay.picture(2, 0, (100, 400)).size == (100, 200)


def test_a_part_is_shown_as_large_as_fits() -> None:
    overlay = Overlay(corner_volume(AxisMap()), window=Window(0, 100))
    box = (slice(14, 20), slice(20, 30), slice(20, 40))
    near = np.asarray(overlay.picture(0, 19, (200, 200), box=box, with_marks=False))
    assert near.shape == (100, 200, 3)
    assert near[:, 90:].min() > 235
    assert near[:, :50].max() < 15


def test_the_mask_is_drawn_where_it_is_and_in_its_colours() -> None:
    volume = corner_volume(AxisMap())
    mask = np.zeros(SHAPE, np.uint16)
    mask[2:5, 5:15, 5:15] = 7
    mask[2:5, 5:15, 15:25] = 300
    labels = [LabelInfo(7, "seven", GREEN), LabelInfo(300, "three hundred", BLUE)]
    overlay = Overlay(volume, mask, labels)
    drawn, plain = (
        np.asarray(overlay.picture(1, 10, (400, 600), with_mask=m, with_marks=False)).astype(int)
        for m in (True, False)
    )
    changed = np.argwhere((drawn != plain).any(axis=-1))
    # 10 pixels a mm; rows count from the head: slices 2 to 4 of 20, 3 mm each
    np.testing.assert_allclose(changed.min(axis=0), [450, 50], atol=8)
    np.testing.assert_allclose(changed.max(axis=0), [540, 250], atol=8)
    rims = {colour: np.argwhere((drawn == colour).all(axis=-1)) for colour in (GREEN, BLUE)}
    assert rims[GREEN][:, 1].max() <= 151
    assert rims[BLUE][:, 1].min() >= 149
    assert tuple(drawn[495, 100]) == (0, 50, 0)  # a quarter of the colour inside


def test_a_label_of_one_voxel_shows_even_in_a_small_picture() -> None:
    volume = Volume.from_source_array(
        np.zeros((300, 300, 1), np.int16), Geometry((300, 300, 1)), name="x", format="made"
    )
    mask = np.zeros(volume.geometry.shape, np.uint8)
    at = tuple(n // 2 for n in mask.shape)
    mask[at] = 1
    axis = volume.geometry.shape.index(1)
    picture = Overlay(volume, mask, [LabelInfo(1, "dot", GREEN)]).picture(
        axis, 0, (100, 100), with_marks=False
    )
    assert (np.asarray(picture) == GREEN).all(axis=-1).any()


def test_marks_need_a_known_place_and_size() -> None:
    pixels = np.zeros((3, 60, 80, 1), np.uint8)
    pixels[0] = 200
    unknown = Volume.from_source_array(
        pixels,
        Geometry((60, 80, 1)),
        name="us.png",
        format="picture",
        spacing_known=False,
        orientation_known=False,
    )
    axis = unknown.geometry.shape.index(1)
    colours = np.asarray(Overlay(unknown).picture(axis, 0, (300, 300))).reshape(-1, 3)
    assert set(map(tuple, colours)) == {(255, 0, 0)}
    known = corner_volume(AxisMap())
    marked = np.asarray(Overlay(known, window=Window(500, 900)).picture(0, 0, (400, 400)))
    rows = np.argwhere((marked == (255, 224, 120)).all(axis=-1))
    assert rows[:, 0].max() > 280  # P, and the bar
    bar = np.unique(rows[rows[:, 0] > 288][:, 1])
    assert np.isin(np.arange(20, 100), bar).all()  # 1 cm of 40 mm on 400 pixels
    assert len(bar[bar < 180]) == pytest.approx(100, abs=8)


def test_a_mask_of_another_shape_is_refused() -> None:
    with pytest.raises(GeometryError, match="a mask of"):
        Overlay(corner_volume(AxisMap()), np.zeros((2, 3, 4), np.uint8))


def test_pictures_side_by_side(tmp_path: Path) -> None:
    picture = Overlay(corner_volume(AxisMap())).picture(0, 0, (90, 90))
    with Image.open(save_pictures([picture, picture], tmp_path / "two.png")) as both:
        assert both.size == (2 * picture.width, picture.height)
