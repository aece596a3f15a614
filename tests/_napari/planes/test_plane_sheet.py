"""Slices as colours: upright, in their windows, with what lies over them, on grids of their own."""

from __future__ import annotations

import numpy as np
import pytest

from napari_medssl._napari.orientation import PLANES
from napari_medssl._napari.presenters.planes.cut import Cut, sample_cut
from napari_medssl._napari.presenters.planes.sheet import Sheet, draw_sheets
from napari_medssl.volume import Window

SHAPE = (4, 5, 6)
GREYS = np.stack([np.arange(256, dtype=np.uint8)] * 3 + [np.full(256, 255, np.uint8)], axis=-1)
RED = np.array([(0, 0, 0, 0), (255, 0, 0, 255)], np.uint8)
BYTES = Window(0, 255)


def image(array, **rest) -> Sheet:
    return Sheet(array, GREYS, BYTES, **rest)


def counted(shape=SHAPE) -> np.ndarray:
    """Voxels that are all different."""
    return np.arange(np.prod(shape), dtype=np.uint8).reshape(shape)


@pytest.mark.parametrize("plane", PLANES)
def test_planes_are_upright(plane):
    array, index = counted(), 2
    drawn = draw_sheets([image(array)], Cut(SHAPE, PLANES[plane], index))[..., 0]
    wanted = {
        "axial": array[index],  # the front above, the patient's left on the right
        "coronal": array[::-1, index],  # the head above
        "sagittal": array[::-1, :, index],  # the head above, the front on the left
    }
    assert np.array_equal(drawn, wanted[plane])


@pytest.mark.parametrize("plane", PLANES)
@pytest.mark.parametrize("step", [(1, 1), (2, 3)])
def test_positions_are_those_of_the_voxels_shown(plane, step):
    cut, array = Cut(SHAPE, PLANES[plane], 1, step), counted()
    along = [at.astype(int) for at in cut.along()]
    assert np.array_equal(array[np.ix_(*along)].squeeze(cut.order[0]), cut.of(array))
    assert draw_sheets([image(array)], cut).shape[:2] == cut.of(array).shape == cut.size


@pytest.mark.parametrize("plane", PLANES)
@pytest.mark.parametrize("between", [True, False])
def test_sampling_in_rows_is_that_anywhere(plane, between):
    """Turned by next to nothing, a grid is sampled point by point."""
    rng = np.random.default_rng(3)
    straight = np.diag([0.53, 0.71, 1.37, 1.0])
    straight[:3, 3] = -0.8, 0.31, -1.1
    turned = straight.copy()
    turned[0, 1] = 2e-6
    array, cut = rng.random((3, 4, 7), np.float32), Cut(SHAPE, PLANES[plane], 2, (1, 2))
    quick, slow = (sample_cut(array, cut, way, between=between) for way in (straight, turned))
    assert np.array_equal(quick[1], slow[1])
    assert np.allclose(quick[0], slow[0], atol=1e-4)


def test_values_are_seen_through_the_window_and_what_is_no_number_is_black():
    array = np.full(SHAPE, 50.0, np.float32)
    array[0, 0] = [-500, 0, 50, 100, 900, np.nan]
    drawn = draw_sheets([Sheet(array, GREYS, Window(0, 100))], Cut(SHAPE, PLANES["axial"], 0))
    assert drawn[0, :, 0].tolist() == [0, 0, 128, 255, 255, 0]


def test_labels_lie_over_the_image_half_seen_through():
    labels = np.zeros(SHAPE, np.uint8)
    labels[0, 1, 2:4] = 1, 7  # 7 has no colour of its own: that of the last
    drawn = draw_sheets(
        [image(np.full(SHAPE, 100, np.uint8)), Sheet(labels, RED, opacity=0.5)],
        Cut(SHAPE, PLANES["axial"], 0),
    )
    assert drawn[1, 2].tolist() == [177, 50, 50]
    assert drawn[1, 3].tolist() == [177, 50, 50]
    assert drawn[0, 0].tolist() == [100, 100, 100]


def test_colour_pictures_are_drawn_as_they_are():
    array = np.random.default_rng(0).integers(0, 255, (*SHAPE, 3), np.uint8)
    drawn = draw_sheets([Sheet(array, GREYS)], Cut(SHAPE, PLANES["coronal"], 3))
    assert np.array_equal(drawn, array[::-1, 3])


def test_a_scan_on_another_grid_lies_where_it_is_in_the_patient():
    """Voxels twice as large, begun one voxel further along x: they cover two by two by two."""
    from_base = np.diag([0.5, 0.5, 0.5, 1.0])
    from_base[:3, 3] = -0.25, -0.25, -0.75
    coarse = np.full((2, 2, 2), 200, np.uint8)
    drawn = draw_sheets(
        [image(np.full(SHAPE, 100, np.uint8)), image(coarse, opacity=0.5, from_base=from_base)],
        Cut(SHAPE, PLANES["axial"], 0),
    )[..., 0]
    assert (drawn[:4, 1:5] == 150).all()
    assert (drawn[:, [0, 5]] == 100).all(), "beyond it the image below is as it was"
    assert (drawn[4] == 100).all()


def test_added_colours_never_darken():
    drawn = draw_sheets(
        [image(np.full(SHAPE, 100, np.uint8)), image(counted(), adds=True)],
        Cut(SHAPE, PLANES["axial"], 3),
    )
    assert np.array_equal(drawn[..., 0], np.minimum(100 + counted()[3].astype(int), 255))


def test_what_is_no_number_of_a_second_scan_hides_nothing():
    over = np.full(SHAPE, 200, np.float32)
    over[:, :, 3:] = np.nan
    from_base = np.eye(4)
    from_base[0, 3] = 0.25
    drawn = draw_sheets(
        [image(np.full(SHAPE, 100, np.uint8)), image(over, opacity=0.5, from_base=from_base)],
        Cut(SHAPE, PLANES["axial"], 1),
    )[..., 0]
    assert (drawn[:, :2] == 150).all()
    assert (drawn[:, 3:] == 100).all()


def test_labels_on_another_grid_are_those_of_the_nearest_voxel():
    from_base = np.diag([0.5, 0.5, 0.5, 1.0])
    labels = np.zeros((2, 3, 3), np.uint8)
    labels[0, 1, 1] = 1
    drawn = draw_sheets([Sheet(labels, RED, from_base=from_base)], Cut(SHAPE, PLANES["axial"], 0))[
        ..., 0
    ]
    assert np.array_equal(np.argwhere(drawn), [(1, 1), (1, 2), (2, 1), (2, 2)])


def test_a_turned_scan_is_cut_along_the_planes_of_the_image_below():
    turned = np.eye(4)[[0, 2, 1, 3]]  # its rows run along the other's columns
    array = counted((4, 6, 5))
    drawn = draw_sheets([image(array, from_base=turned)], Cut(SHAPE, PLANES["axial"], 1))[..., 0]
    assert np.array_equal(drawn, array[1].T)
