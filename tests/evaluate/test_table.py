from __future__ import annotations

import math
import warnings
from dataclasses import asdict

import numpy as np
import pytest
import torch
from blobs import blobs
from monai.metrics import DiceMetric, MeanIoU, compute_hausdorff_distance

from napari_medssl.evaluate import FIGURES, compare_masks, dice, mean_rows, not_there
from napari_medssl.volume import Geometry

# MONAI calls itself in a way that it has itself outlawed
pytestmark = pytest.mark.filterwarnings("ignore:.*always_return_as_numpy:FutureWarning")

NAMES = {1: "liver", 2: "spleen"}


def grid(shape: tuple[int, int, int], spacing=(3.0, 0.5, 0.5)) -> Geometry:
    return Geometry(shape, spacing)


def labelled(seed: int, shape=(8, 20, 22)) -> np.ndarray:
    first, second = blobs(shape, seed), blobs(shape, seed + 50)
    return (first + 2 * (second & ~first)).astype(np.uint8)


def test_rows_equal_monai_on_each_label():
    a, b = labelled(1), labelled(2)
    rows = compare_masks("case", a, b, grid(a.shape), names=NAMES)
    one_hot = [
        torch.from_numpy(np.stack([m == n for n in range(3)])[None].astype(np.float32))
        for m in (a, b)
    ]
    overlap = DiceMetric(include_background=False, reduction="none")(*one_hot)[0]
    jaccard = MeanIoU(include_background=False, reduction="none")(*one_hot)[0]
    hd95 = compute_hausdorff_distance(*one_hot, percentile=95, spacing=(3.0, 0.5, 0.5))[0]
    assert [row.name for row in rows] == ["liver", "spleen"]
    for n, row in enumerate(rows):
        assert row.dice == pytest.approx(overlap[n].item(), rel=1e-6)
        assert row.iou == pytest.approx(jaccard[n].item(), rel=1e-6)
        assert row.hd95 == pytest.approx(hd95[n].item(), rel=1e-5)
        assert row.unit == "mm"
        assert row.found_in == "both"


def test_volumes_and_their_difference():
    a, b = np.zeros((2, 4, 10, 10), np.uint8)
    a[1, :5] = 1  # 50 voxels of 0.75 mm3
    b[1, :4] = 1  # 40
    (row,) = compare_masks("case", a, b, grid(a.shape), names={1: "liver"})
    assert (row.predicted_voxels, row.reference_voxels) == (50, 40)
    assert (row.predicted_ml, row.reference_ml) == pytest.approx((0.0375, 0.03))
    assert row.difference_ml == pytest.approx(0.0075)
    assert row.difference_percent == pytest.approx(25)


def test_the_volume_of_a_sheared_voxel():
    tilted = np.eye(4)
    tilted[:3, :3] = [[0, 0, 1], [1, 1, 0], [2, 0, 0]]
    mask = np.ones((3, 3, 3), np.uint8)
    (row,) = compare_masks("c", mask, mask, Geometry.from_affine((3, 3, 3), tilted), names={1: ""})
    assert row.reference_ml == pytest.approx(27 * 2 / 1000)


def test_a_single_slice_is_measured_as_a_picture():
    a, b = blobs((30, 30), 1), blobs((30, 30), 2)
    (row,) = compare_masks(
        "picture", a[None], b[None], grid((1, 30, 30), (1, 1, 1)), names={1: "x"}, unit="px"
    )
    pair = [torch.from_numpy(m)[None, None].float() for m in (a, b)]
    flat = compute_hausdorff_distance(*pair, include_background=True, percentile=95)
    assert row.hd95 == pytest.approx(flat.item(), rel=1e-5)
    assert row.unit == "px"
    assert math.isnan(row.reference_ml)
    assert row.reference_voxels == b.sum()


def test_a_grid_of_one_voxel_has_a_distance_too():
    one = np.ones((1, 1, 1), np.uint8)
    (row,) = compare_masks("c", one, one, grid((1, 1, 1)), names={1: "x"})
    assert (row.dice, row.hd95) == (1, 0)


@pytest.mark.parametrize(
    ("ours", "theirs", "found_in", "overlap", "distance", "percent"),
    [
        (0, 0, "neither", math.nan, math.nan, math.nan),
        (1, 0, "prediction only", 0, math.inf, math.nan),
        (0, 1, "reference only", 0, math.inf, -100),
    ],
)
def test_what_is_empty(ours, theirs, found_in, overlap, distance, percent):
    a, b = np.zeros((2, 4, 6, 6), np.uint8)
    a[1, 2:4, 2:4], b[2, 2:4, 2:4] = ours, theirs
    (row,) = compare_masks("case", a, b, grid(a.shape), names={1: "liver"})
    assert row.found_in == found_in
    expected = (overlap, overlap, distance, distance, percent)
    got = (row.dice, row.iou, row.hd95, row.surface_distance, row.difference_percent)
    np.testing.assert_equal(got, expected)
    np.testing.assert_equal(dice(a, b), overlap)
    if found_in == "neither":
        np.testing.assert_equal(asdict(not_there("case", 1, "liver", "mm")), asdict(row))


def test_what_is_empty_is_weighed_as_monai_weighs_it():
    """With ``ignore_empty=False``, but for both empty, where MONAI gives 1 and we count nothing."""
    empty, some = torch.zeros(1, 1, 8, 8), torch.zeros(1, 1, 8, 8)
    some[..., 2:4, 2:4] = 1
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for a, b in ((some, empty), (empty, some)):
            theirs = DiceMetric(ignore_empty=False)(a, b).item()
            assert dice(a.numpy(), b.numpy()) == theirs == 0
        assert math.isnan(DiceMetric(ignore_empty=True)(empty, empty).item())


def test_labels_of_any_size():
    for big in (70_000, 2**32 - 1):
        a = np.zeros((3, 5, 5), np.uint32)
        a[1, 1:4, 1:4] = big
        (row,) = compare_masks("c", a, a, grid(a.shape), names={big: "far"})
        assert (row.dice, row.reference_voxels) == (1, 9)


def test_means_say_over_how_many_rows_they_are():
    a, b = np.zeros((2, 4, 6, 6), np.uint8)
    a[1, 1:4, 1:4] = b[1, 1:4, 1:4] = 1
    a[2, 0, 0] = 2
    rows = (
        *compare_masks("one", a, b, grid(a.shape), names=NAMES),
        *compare_masks("two", b, b, grid(a.shape), names=NAMES),
    )
    liver, spleen, every = mean_rows(rows)
    assert (liver.label, liver.name, liver.mean["dice"], liver.of["dice"]) == (1, "liver", 1, 2)
    assert (spleen.mean["dice"], spleen.of["dice"], spleen.of["hd95"]) == (0, 1, 0)
    assert math.isnan(spleen.mean["hd95"])
    assert (every.label, every.name) == (None, "all")
    assert every.mean["dice"] == pytest.approx(2 / 3)
    assert every.of == {**dict.fromkeys(FIGURES, 2), "dice": 3, "iou": 3, "difference_ml": 4}
    assert mean_rows(()) == ()


def test_distances_in_mm_and_in_pixels_are_not_averaged_together():
    a, b = blobs((6, 12, 12), 0).astype(np.uint8), blobs((6, 12, 12), 1).astype(np.uint8)
    rows = [
        *compare_masks("scan", a, b, grid(a.shape), names={1: "x"}),
        *compare_masks("picture", a, b, grid(a.shape), names={1: "x"}, unit="px"),
    ]
    mean = mean_rows(rows)[0]
    assert (mean.of["hd95"], mean.of["surface_distance"], mean.of["dice"]) == (0, 0, 2)
    assert math.isnan(mean.mean["hd95"])
    assert mean_rows(rows[1:])[0].unit == "px"
