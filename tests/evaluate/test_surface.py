from __future__ import annotations

import itertools
import math
import warnings

import numpy as np
import pytest
import torch
from blobs import blobs
from monai.metrics import compute_average_surface_distance, compute_hausdorff_distance

from napari_medssl.errors import GeometryError
from napari_medssl.evaluate import surface_distances, surface_of

# MONAI calls itself in a way that it has itself outlawed
pytestmark = pytest.mark.filterwarnings("ignore:.*always_return_as_numpy:FutureWarning")

CASES = [((31, 27), (0.7, 1.9)), ((14, 18, 16), (5.0, 0.8, 0.9)), ((9, 20, 21), (1.0, 1.0, 1.0))]


def monais(a: np.ndarray, b: np.ndarray, spacing: tuple[float, ...]) -> tuple[float, float]:
    """HD95 and average symmetric surface distance as MONAI has them."""
    pair = [torch.from_numpy(m)[None, None].float() for m in (a, b)]
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*is all 0")
        hd95 = compute_hausdorff_distance(
            *pair, include_background=True, percentile=95, spacing=spacing
        )
        mean = compute_average_surface_distance(
            *pair, include_background=True, symmetric=True, spacing=spacing
        )
    return hd95.item(), mean.item()


def slow_surface(mask: np.ndarray) -> list[tuple[int, ...]]:
    found = []
    for index in np.argwhere(mask):
        for axis, step in itertools.product(range(mask.ndim), (-1, 1)):
            beside = index.copy()
            beside[axis] += step
            outside = not 0 <= beside[axis] < mask.shape[axis]
            if outside or not mask[tuple(beside)]:
                found.append(tuple(int(i) for i in index))
                break
    return found


def slow_distances(a: np.ndarray, b: np.ndarray, spacing: tuple[float, ...]) -> list[float]:
    targets = np.array(slow_surface(b)) * spacing
    return [
        min(math.dist(np.array(i) * spacing, target) for target in targets) for i in slow_surface(a)
    ]


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(("shape", "spacing"), CASES)
def test_equals_monai(shape, spacing, seed):
    a, b = blobs(shape, seed), blobs(shape, seed + 100)
    found = surface_distances(a, b, spacing)
    hd95, mean = monais(a, b, spacing)
    assert found.hausdorff(95) == pytest.approx(hd95, rel=1e-5)
    assert found.mean() == pytest.approx(mean, rel=1e-5)


@pytest.mark.parametrize(("shape", "spacing"), CASES)
def test_equals_every_pair_tried(shape, spacing):
    small = tuple(n // 2 for n in shape)
    a, b = blobs(small, 1), blobs(small, 2)
    found = surface_distances(a, b, spacing)
    ours, theirs = slow_distances(a, b, spacing), slow_distances(b, a, spacing)
    np.testing.assert_allclose(found.from_predicted, ours)
    np.testing.assert_allclose(found.from_reference, theirs)
    assert found.hausdorff(100) == pytest.approx(max(*ours, *theirs))
    assert found.mean() == pytest.approx(np.mean([*ours, *theirs]))


@pytest.mark.parametrize("corner", [(0, 0, 0), (5, 4, 3)])
def test_masks_at_the_edge_end_there(corner):
    shape, spacing = (8, 8, 8), (3.0, 1.0, 1.0)
    a, b = np.zeros(shape, bool), np.ones(shape, bool)
    a[tuple(slice(n, n + 3) for n in corner)] = True
    found = surface_distances(a, b, spacing)
    assert (found.hausdorff(95), found.mean()) == pytest.approx(monais(a, b, spacing), rel=1e-5)
    whole = surface_of(b)
    assert whole.sum() == 8**3 - 6**3


def test_what_is_empty_is_told_as_monai_tells_it():
    some, none = blobs((10, 10, 10), 0), np.zeros((10, 10, 10), bool)
    for a, b in ((some, none), (none, some)):
        found = surface_distances(a, b, (1, 1, 1))
        assert found.mean() == monais(a, b, (1, 1, 1))[1] == math.inf
        # MONAI says nan here: it interpolates between infinities
        assert found.hausdorff(95) == found.hausdorff(100) == math.inf
    found = surface_distances(none, none, (1, 1, 1))
    np.testing.assert_equal((found.hausdorff(95), found.mean()), (math.nan, math.nan))
    np.testing.assert_equal(monais(none, none, (1, 1, 1)), (math.nan, math.nan))


def test_sheared_axes_are_measured_in_space():
    a, b = np.zeros((2, 4, 3, 3), bool)
    a[0, 1, 1] = b[3, 1, 1] = True
    tilted = [[0, 1.0, 2.0], [0, 1.0, 0], [1.0, 0, 0]]  # each slice lies 1 mm further back
    found = surface_distances(a, b, tilted)
    assert found.mean() == pytest.approx(3 * math.sqrt(5))


def test_the_largest_percentile_of_either_side_counts():
    a, b = np.zeros((2, 1, 40), bool)
    a[0, 0] = b[0, 0] = b[0, 30] = True
    assert surface_distances(a, b, (1, 1)).hausdorff(100) == 30
    assert surface_distances(a, b, (1, 1)).hausdorff(50) == 15


def test_masks_of_other_shapes_are_refused():
    with pytest.raises(GeometryError, match="one shape"):
        surface_distances(np.zeros((3, 3)), np.zeros((3, 4)), (1, 1))
    with pytest.raises(GeometryError, match="a step for each axis"):
        surface_distances(np.zeros((3, 3)), np.zeros((3, 3)), (1, 1, 1))
