from __future__ import annotations

import numpy as np
from scipy import ndimage

from napari_medssl.finetune.pictures import Picture, Thing
from napari_medssl.finetune.prompts import jittered_box, next_point, point_inside
from napari_medssl.models.draws import draws

RING = np.hypot(*np.mgrid[-20:21, -20:21]) < 20
RING &= np.hypot(*np.mgrid[-20:21, -20:21]) > 8


def picture(thing: Thing, pixel_mm: tuple[float, float] = (1.0, 1.0)) -> Picture:
    return Picture("a", 0, np.zeros((100, 200), np.uint8), pixel_mm, (thing,))


def test_sides_move_out_and_in_within_limits() -> None:
    thing = Thing(1, (40, 60), np.ones((20, 50), bool))
    one = picture(thing)
    boxes = np.array([jittered_box(one, thing, 20.0, draws(0, "box", n)) for n in range(500)])
    out = (thing.box_xyxy - boxes) * [1, 1, -1, -1]
    most = 20 / 1024 * 200
    assert out.max() <= most
    assert out.max() > 0.95 * most
    assert (out[:, 0] >= -5).all()  # a tenth of 50 is more than the jitter
    assert out[:, 1].min() >= -2  # a tenth of 20
    assert out[:, 0].min() < -0.9 * most
    assert (out > 0).mean() > 0.4
    assert (out < 0).mean() > 0.4
    assert np.ptp(np.diff(out, axis=1), axis=0).min() > 1  # each side for itself


def test_jitter_is_the_same_in_the_patient_along_both_axes() -> None:
    thing = Thing(1, (40, 60), np.ones((20, 50), bool))
    flat = picture(thing, (4.0, 1.0))  # 400 x 200 mm
    boxes = np.array([jittered_box(flat, thing, 20.0, draws(0, "box", n)) for n in range(500)])
    out = (thing.box_xyxy - boxes) * [1, 1, -1, -1]
    most_mm = 20 / 1024 * 400
    np.testing.assert_allclose(out.max(axis=0), np.array([1, 0.25, 1, 0.25]) * most_mm, rtol=0.05)


def test_boxes_stay_on_the_picture_and_none_means_none() -> None:
    thing = Thing(1, (0, 0), np.ones((100, 200), bool))
    boxes = [jittered_box(picture(thing), thing, 50.0, draws(0, "box", n)) for n in range(20)]
    assert np.min(boxes) >= 0
    assert (np.array(boxes)[:, 2:] <= [200, 100]).all()
    np.testing.assert_array_equal(
        jittered_box(picture(thing), thing, 0.0, draws(0, "box")), thing.box_xyxy
    )


def test_points_lie_inside_and_not_on_the_edge() -> None:
    thing = Thing(1, (10, 30), RING)
    whole = thing.laid_in((100, 200))
    depth = ndimage.distance_transform_edt(whole)
    points = np.array([point_inside(thing, draws(0, "place", n)) for n in range(200)])
    columns, rows = (points - 0.5).astype(int).T
    np.testing.assert_array_equal(points - 0.5, np.stack([columns, rows], axis=1))
    assert depth[rows, columns].min() >= depth.max() / 4
    assert depth[rows, columns].min() < depth.max() / 2
    assert len(np.unique(points, axis=0)) > 100


def test_a_thing_of_one_pixel_has_a_point() -> None:
    point = point_inside(Thing(1, (3, 5), np.ones((1, 1), bool)), draws(0, "place"))
    assert point.tolist() == [5.5, 3.5]


def test_the_next_click_lies_deepest_in_what_is_missing_or_too_much() -> None:
    truth, found = np.zeros((30, 40), bool), np.zeros((30, 40), bool)
    truth[5:16, 5:16] = True
    point, inside = next_point(found, truth)
    assert (point.tolist(), inside) == ([10.5, 10.5], True)
    found[3:20, 5:34] = True  # 18 columns too many
    point, inside = next_point(found, truth)
    assert not inside
    assert found[int(point[1]), int(point[0])]
    assert not truth[int(point[1]), int(point[0])]
    found[:, 16:] = False  # above and below a little too much is left
    found[5:16, 9:16] = False
    point, inside = next_point(found, truth)
    assert (point.tolist(), inside) == ([12.5, 8.5], True)


def test_by_chance_the_next_click_lies_anywhere_in_the_piece_with_the_deepest_place() -> None:
    truth, found = np.zeros((30, 40), bool), np.zeros((30, 40), bool)
    truth[5:16, 5:16], truth[20:24, 20:24] = True, True
    clicks = [next_point(found, truth, draws(0, "click", n)) for n in range(100)]
    assert all(inside for _, inside in clicks)
    columns, rows = np.array([place - 0.5 for place, _ in clicks], int).T
    assert ndimage.distance_transform_edt(truth)[rows, columns].min() >= 6 / 4
    assert set(columns) == set(rows) == set(range(6, 15))


def test_where_nothing_is_wrong_the_object_is_clicked_again() -> None:
    truth = np.zeros((9, 9), bool)
    truth[:5, :5] = True
    point, inside = next_point(truth, truth)
    assert (point.tolist(), inside) == ([2.5, 2.5], True)
