from __future__ import annotations

import numpy as np
import pytest
import torch
from bright_cases import plan_with, prepared_cases
from scipy.ndimage import gaussian_filter1d, map_coordinates, zoom

from napari_medssl.finetune.volumes.augment import Placement, cut
from napari_medssl.finetune.volumes.crops import Crops
from napari_medssl.finetune.volumes.printed_changes import (
    change_printed_grey,
    draw_bend,
    draw_printed_matrix,
)
from napari_medssl.finetune.volumes.protocol import UNCHANGED, Changes
from napari_medssl.finetune.volumes.protocols import under
from napari_medssl.models.draws import draws

MANY = 400


def matrices(changes: Changes, axes=(0, 1, 2), *, mirrored=True) -> np.ndarray:
    return np.stack(
        [
            draw_printed_matrix(draws(0, "m", n), list(axes), changes, mirrored=mirrored)
            for n in range(MANY)
        ]
    )


def test_right_angles_lie_in_the_plane_and_come_as_often_as_printed():
    drawn = matrices(Changes(quarter_turns=0.2))
    turned = [m for m in drawn if not np.array_equal(m, np.eye(3))]
    assert 0.14 < len(turned) / MANY < 0.26
    assert all(np.isclose(np.linalg.det(m), 1) and m[0].tolist() == [1, 0, 0] for m in turned)
    assert len({tuple(m.ravel()) for m in turned}) == 3


def test_it_mirrors_along_its_axes_and_never_left_and_right_where_that_matters():
    changes = Changes(flips=((1, 0.25), (2, 0.5)))
    both, one = matrices(changes), matrices(changes, mirrored=False)
    assert (both[:, 0, 0] == 1).all()
    assert 0.19 < (both[:, 1, 1] == -1).mean() < 0.31
    assert 0.43 < (both[:, 2, 2] == -1).mean() < 0.57
    assert (one[:, 2, 2] == 1).all()
    assert (one[:, 1, 1] == -1).any()


def test_in_a_slice_the_axes_are_the_slice_s():
    drawn = matrices(Changes(flips=((1, 1.0),)), axes=(0, 2))
    assert (drawn == np.eye(2)).all()
    drawn = matrices(Changes(flips=((1, 1.0),)), axes=(1, 2))
    assert (drawn == np.diag([-1, 1])).all()


def test_sizes_lie_within_what_is_said():
    drawn = np.linalg.det(matrices(Changes(sized=(0.8, 1.25)))) ** (1 / 3)
    assert drawn.min() > 0.8
    assert drawn.max() < 1.25
    assert drawn.std() > 0.1


def test_grey_values_are_scaled_and_shifted_as_far_as_printed():
    image, random = torch.full((1, 4, 4), 2.0), draws(0, "g")
    scaled = [change_printed_grey(image, random, Changes(scaled=(0.5, 0.1))) for _ in range(MANY)]
    found = np.array([one[0, 0, 0].item() for one in scaled])
    assert 0.4 < (found != 2).mean() < 0.6
    assert 2.15 < found.max() < 2.2001
    assert 1.7999 < found.min() < 1.85
    shifted = change_printed_grey(image, random, Changes(shifted=(1.0, 0.1)))
    assert 0 < abs(shifted[0, 0, 0].item() - 2) < 0.1


def test_a_blur_is_a_gaussian_along_both_axes_of_the_plane():
    image = torch.randn(1, 3, 12, 10)
    changes = Changes(blurred=(1.0, 0.8, 0.8))
    by_hand = image.numpy()
    for axis in (-2, -1):
        by_hand = gaussian_filter1d(by_hand, 0.8, axis, mode="nearest", radius=3)
    found = change_printed_grey(image, draws(0, "b"), changes)
    np.testing.assert_allclose(found.numpy(), by_hand, atol=1e-5)


def test_noise_is_as_strong_as_printed():
    found = change_printed_grey(torch.zeros(1, 40, 40), draws(0, "n"), Changes(noisy=(1, 0.01)))
    assert 0.009 < found.std().item() < 0.011


def test_what_is_left_out_changes_nothing():
    image = torch.randn(1, 5, 5)
    assert torch.equal(change_printed_grey(image, draws(0, "u"), UNCHANGED), image)
    assert draw_bend(draws(0, "u"), (8, 8), UNCHANGED) is None
    assert (matrices(UNCHANGED) == np.eye(3)).all()


@pytest.mark.parametrize("patch", [(8, 10, 6), (9, 7)])
def test_a_bent_crop_is_what_interpolation_by_hand_gives(patch):
    n = len(patch)
    image = np.random.default_rng(3).normal(size=[m + 9 for m in patch]).astype(np.float32)
    bend = draw_bend(draws(0, "bend"), patch, Changes(bent=0.1))
    assert (bend.abs().flatten(1).amax(1).numpy() <= 0.1 * np.array(patch)).all()
    matrix = draw_printed_matrix(
        draws(2, "m"),
        list(range(3))[-n:],
        Changes(quarter_turns=1, sized=(0.8, 1.2)),
        mirrored=True,
    )
    placement = Placement(matrix, np.array(image.shape) / 2 - 0.7, bend)
    steps = np.stack(np.meshgrid(*(np.arange(m) - (m - 1) / 2 for m in patch), indexing="ij"))
    beside = np.stack(
        [zoom(part, np.array(patch) / 4, order=1, grid_mode=False) for part in bend.numpy()]
    )
    places = np.tensordot(matrix, steps + beside, 1) + placement.middle.reshape(-1, *[1] * n)
    expected = map_coordinates(image, places, order=1, mode="grid-constant")
    found = cut(torch.from_numpy(image[None]), placement, patch, nearest=False)[0].numpy()
    np.testing.assert_allclose(found, expected, atol=1e-3)
    assert (placement.reach(patch) > Placement(matrix, placement.middle).reach(patch)).all()


def test_bent_crops_keep_image_and_classes_together():
    plan = under(plan_with(batch=1), "mri")
    crops = Crops(prepared_cases(2, plan), plan)
    for step in range(6):
        batch = crops.at(step)
        ball = batch.classes == 1
        rest = (batch.classes == 0) & (batch.weight > 0)
        if ball.sum() > 30 and rest.any():
            assert batch.image[:, 0][ball].median() > batch.image[:, 0][rest].median()


@pytest.mark.parametrize("name", ["ours", "smit"])
def test_crops_to_measure_by_are_parts_of_the_case_as_it_is(name):
    plan = under(plan_with(patch=(8, 8, 8)), name)
    cases = prepared_cases(1, plan)
    windows = np.lib.stride_tricks.sliding_window_view(
        cases[0].image[0].astype(np.float32), (8, 8, 8)
    )
    for crop in Crops(cases, plan, still=True).at(0).image[:, 0].numpy():
        assert (np.abs(windows - crop).max((3, 4, 5)) < 1e-4).sum() == 1
