from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.ndimage import map_coordinates

from napari_medssl.finetune.volumes.augment import Placement, change_grey, cut, draw_matrix
from napari_medssl.models.draws import draws


@pytest.mark.parametrize("patch", [(8, 10, 6), (7, 9)])
@pytest.mark.parametrize("nearest", [False, True])
def test_a_crop_is_what_interpolation_by_hand_gives(patch, nearest):
    random = np.random.default_rng(3)
    sides = tuple(n + 7 for n in patch)
    image = random.normal(size=sides).astype(np.float32)
    matrix = draw_matrix(random, np.ones(len(patch)), 15, mirror_axis=0)
    placement = Placement(matrix, np.array(sides) / 2 - 0.7)
    steps = np.stack(np.meshgrid(*(np.arange(n) - (n - 1) / 2 for n in patch), indexing="ij"))
    places = np.tensordot(matrix, steps, 1) + placement.middle.reshape(-1, *[1] * len(patch))
    expected = map_coordinates(image, places, order=0 if nearest else 1, mode="grid-constant")
    found = cut(torch.from_numpy(image[None]), placement, patch, nearest=nearest)[0].numpy()
    if nearest:  # ties may fall either way
        assert (np.abs(found - expected) < 1e-5).mean() > 0.99
    else:
        np.testing.assert_allclose(found, expected, atol=1e-4)


def test_nothing_is_turned_across_thick_slices():
    for step in range(20):
        matrix = draw_matrix(draws(0, "m", step), np.array([5.0, 1.0, 1.0]), 30, None)
        assert matrix[0, 1:].tolist() == [0, 0]
        assert matrix[1:, 0].tolist() == [0, 0]


def test_turns_are_turns_of_the_patient_whatever_the_voxels():
    spacing = np.array([2.0, 1.0, 1.0])
    matrix = draw_matrix(draws(1, "m"), spacing, 30, None)
    in_mm = matrix * spacing[:, None] / spacing[None]
    sizes = np.linalg.norm(in_mm, axis=0)
    angles = (in_mm / sizes).T @ (in_mm / sizes)
    np.testing.assert_allclose(angles, np.eye(3), atol=1e-9)
    assert (sizes > 0.7).all()
    assert (sizes < 1.4).all()


def test_half_of_the_crops_are_mirrored_where_that_is_allowed():
    signs = [
        np.sign(np.linalg.det(draw_matrix(draws(0, "m", n), np.ones(3), 20, 2))) for n in range(300)
    ]
    assert 0.4 < np.mean(np.array(signs) < 0) < 0.6
    assert np.linalg.det(draw_matrix(draws(0, "m", 0), np.ones(3), 20, None)) > 0


def test_grey_values_change_and_come_out_the_same_again():
    image = torch.randn(1, 6, 6, 6)
    changed = [change_grey(image, draws(0, "grey", n)) for n in range(8)]
    assert sum(not torch.equal(image, one) for one in changed) >= 6
    assert all(one.isfinite().all() for one in changed)
    assert torch.equal(changed[5], change_grey(image, draws(0, "grey", 5)))


def test_a_constant_crop_stays_finite():
    for n in range(30):
        assert change_grey(torch.ones(1, 4, 4), draws(0, "flat", n)).isfinite().all()
