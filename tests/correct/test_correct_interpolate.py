from __future__ import annotations

from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from shapes import blobs

from napari_medssl.correct import run_tool
from napari_medssl.correct.interpolate import fill_between
from napari_medssl.segment import Plane


def disc(shape: tuple[int, int], centre: tuple[float, float], radius: float) -> np.ndarray:
    rows, columns = np.ogrid[: shape[0], : shape[1]]
    found: np.ndarray = np.hypot(rows - centre[0], columns - centre[1]) <= radius
    return found


def depth(part: np.ndarray, pixel_mm: tuple[float, float]) -> np.ndarray:
    """Distance to the nearest pixel of the other kind, by measuring all pairs."""
    at = np.argwhere(np.ones_like(part)) * pixel_mm
    away = np.linalg.norm(at[:, None] - at[None], axis=2)
    inside = part.ravel()
    there = np.where(inside[:, None] != inside[None], away, np.inf).min(axis=1)
    return np.where(inside, there, -there).reshape(part.shape)


@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (5.0, 0.5, 0.9)])
def test_shapes_that_overlap_against_distances_of_all_pairs(
    spacing: tuple[float, float, float],
) -> None:
    mask = np.zeros((5, 16, 18), bool)
    mask[0] = disc((16, 18), (7, 7), 4)
    mask[4] = disc((16, 18), (8, 10), 5) & ~disc((16, 18), (8, 12), 1)
    filled = fill_between(mask, spacing, 0)
    ends = depth(mask[0], spacing[1:]), depth(mask[4], spacing[1:])
    for z in (1, 2, 3):
        mixed = (4 - z) / 4 * ends[0] + z / 4 * ends[1]
        assert (filled[z] == (mixed >= -1e-9)).all()


@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize("seed", range(4))
def test_drawn_slices_stay_and_only_gaps_between_them_are_filled(axis: int, seed: int) -> None:
    mask = blobs(seed, (11, 12, 13), 0.4)
    slices = np.moveaxis(mask, axis, 0)
    drawn = [2, 3, 6, 9]
    slices[[z for z in range(len(slices)) if z not in drawn]] = False
    filled = np.moveaxis(fill_between(mask, (3.0, 0.7, 1.1), axis), axis, 0)
    assert (filled[drawn] == slices[drawn]).all()
    assert filled[[4, 5, 7, 8]].any(axis=(1, 2)).all()
    assert not filled[:2].any()
    assert not filled[10:].any()


def test_both_ways_round_give_the_same() -> None:
    mask = np.zeros((7, 20, 20), bool)
    mask[0], mask[6] = disc((20, 20), (8, 9), 5), disc((20, 20), (12, 10), 3)
    forward = fill_between(mask, (2.0, 1.0, 1.0), 0)
    assert (fill_between(mask[::-1], (2.0, 1.0, 1.0), 0)[::-1] == forward).all()


def test_a_shape_that_moves_travels_in_a_straight_line() -> None:
    mask = np.zeros((9, 40, 60), bool)
    mask[0], mask[8] = disc((40, 60), (10, 10), 5), disc((40, 60), (26, 42), 5)
    filled = fill_between(mask, (1.0, 1.0, 1.0), 0)
    for z in range(9):
        assert (filled[z] == disc((40, 60), (10 + 2 * z, 10 + 4 * z), 5)).all()


def test_two_parts_do_not_mix() -> None:
    """One part stays in place, the other moves clear of itself: each finds its counterpart."""
    mask = np.zeros((5, 40, 60), bool)
    mask[0] = disc((40, 60), (20, 10), 6) | disc((40, 60), (8, 40), 3)
    mask[4] = disc((40, 60), (20, 10), 6) | disc((40, 60), (24, 40), 3)
    filled = fill_between(mask, (1.0, 1.0, 1.0), 0)
    for z in range(5):
        expected = disc((40, 60), (20, 10), 6) | disc((40, 60), (8 + 4 * z, 40), 3)
        assert (filled[z] == expected).all()


def test_a_part_without_a_counterpart_ends_at_its_slice() -> None:
    mask = np.zeros((4, 40, 40), bool)
    mask[0] = disc((40, 40), (10, 10), 5) | disc((40, 40), (30, 30), 4)
    mask[3] = disc((40, 40), (10, 10), 5)
    filled = fill_between(mask, (1.0, 1.0, 1.0), 0)
    assert (filled[1:3] == disc((40, 40), (10, 10), 5)).all()


def test_shapes_at_the_edge_of_the_image() -> None:
    mask = np.zeros((5, 8, 9), bool)
    mask[0], mask[4] = True, True
    assert fill_between(mask, (1.0, 1.0, 1.0), 0).all()
    corner = np.zeros((5, 8, 9), bool)
    corner[0, 0, 0] = corner[4, 7, 8] = True
    assert fill_between(corner, (1.0, 1.0, 1.0), 0)[2, 4, 4]


def test_other_labels_in_a_gap_stay() -> None:
    labels = np.zeros((5, 6, 7), np.uint8)
    labels[0, 1:5, 1:5] = labels[4, 1:5, 1:5] = 1
    labels[2, 2, 2] = 9
    edit = run_tool("fill-between", labels, 1, (1.0, 1.0, 1.0), plane=Plane(0, 0))
    assert edit is not None
    edit.apply(labels)
    assert labels[2, 2, 2] == 9
    assert (labels[:, 1:5, 1:5] == 1).sum() == 5 * 16 - 1


def test_one_drawn_slice_has_nothing_between() -> None:
    labels = np.zeros((5, 6, 7), np.uint8)
    labels[2] = 1
    assert run_tool("fill-between", labels, 1, (1.0, 1.0, 1.0), plane=Plane(0, 0)) is None


@pytest.mark.parametrize(
    ("name", "value", "keep", "least"),
    [
        ("msd-spleen-ct/spleen_2_crop_label.nii.gz", 1, 3, 0.92),
        ("msd-hippocampus/labels/hippocampus_017.nii.gz", 1, 3, 0.85),
    ],
)
def test_every_third_slice_of_a_real_organ(
    shared_data: Path, name: str, value: int, keep: int, least: float
) -> None:
    stored = nib.load(shared_data / name)
    truth = np.equal(np.asanyarray(stored.dataobj).T, value)
    spacing = tuple(float(mm) for mm in stored.header.get_zooms()[::-1])
    drawn = np.flatnonzero(truth.any(axis=(1, 2)))
    sparse = np.zeros_like(truth)
    sparse[drawn[::keep]] = truth[drawn[::keep]]
    filled = fill_between(sparse, spacing, 0)
    hidden = np.setdiff1d(np.arange(drawn[0], drawn[::keep][-1]), drawn[::keep])
    found, wanted = filled[hidden], truth[hidden]
    assert 2 * (found & wanted).sum() / (found.sum() + wanted.sum()) > least
