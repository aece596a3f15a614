"""Which slices a report shows."""

from __future__ import annotations

from typing import Any

import numpy as np

from napari_medssl.io.label_figures import measure_labels
from napari_medssl.io.report.views import each_label, near_box, overview, through
from napari_medssl.volume import Geometry, Volume


def scan(shape: tuple[int, int, int], **rest: Any) -> Volume:
    affine = np.diag([1.0, 1.0, 3.0, 1.0])
    geometry = Geometry.from_affine(shape, affine)
    return Volume.from_source_array(
        np.zeros(shape, np.int16), geometry, name="scan", format="made", **rest
    )


def test_three_planes_through_the_largest_label_where_it_is_largest() -> None:
    volume = scan((60, 50, 40))
    mask = np.zeros(volume.geometry.shape, np.uint8)
    mask[5, 20:30, 8] = 1
    mask[10:13, 30:40, 20:40] = 2
    mask[11, 41:44, 25] = 2
    views = overview(volume, measure_labels(volume, mask))
    assert [(view.axis, view.index, view.words) for view in views] == [
        (0, 11, "Axial slice 11"),
        (1, 30, "Coronal slice 30"),
        (2, 25, "Sagittal slice 25"),
    ]


def test_slices_from_end_to_end() -> None:
    volume = scan((60, 50, 40))
    mask = np.zeros(volume.geometry.shape, np.uint8)
    mask[10:31, 30:40, 20:40] = 1
    figures = measure_labels(volume, mask)
    assert [view.index for view in through(volume, figures, 6)] == [10, 14, 18, 22, 26, 30]
    assert len(through(volume, figures, 50)) == 21
    assert [view.index for view in through(volume, (), 3)] == [0, 20, 39]


def test_a_cine_is_looked_at_by_frames() -> None:
    volume = scan((60, 50, 8), stack="time", orientation_known=False)
    (view,) = overview(volume, ())
    assert (view.axis, view.words) == (0, "Frame 4")


def test_a_near_view_is_square_and_inside() -> None:
    volume = scan((60, 50, 40))
    low, high = near_box(volume, (slice(2, 4), slice(0, 10), slice(20, 58)), 0)[1:]
    assert (low.stop - low.start, high.stop - high.start) == (50, 57)
    tall = near_box(volume, (slice(2, 4), slice(0, 10), slice(58, 60)), 1)
    assert tall[2] == slice(0, 60)
    assert tall[0] == slice(0, 24)  # 72 mm, as the other side at least


def test_the_largest_labels_in_the_order_of_the_table() -> None:
    volume = scan((60, 50, 40))
    mask = np.zeros(volume.geometry.shape, np.uint8)
    for value, size in ((1, 3), (2, 1), (3, 9), (4, 5)):
        mask[value, 0, :size] = value
    shown = each_label(volume, measure_labels(volume, mask), 3)
    assert [view.label.label.value for view in shown if view.label] == [1, 3, 4]
    assert [view.index for view in shown] == [1, 3, 4]
