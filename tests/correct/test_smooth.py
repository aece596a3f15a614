from __future__ import annotations

import numpy as np
import pytest
from shapes import blobs, near

from napari_medssl.correct.smooth import closing, gaussian, median, opening

SPACINGS = [(1.0, 1.0, 1.0), (5.0, 0.7, 0.8)]
SHAPES = [(8, 11, 12), (1, 14, 15)]
SIZES = [0.5, 1.0, 2.0, 3.0, 5.0]


@pytest.mark.parametrize("spacing", SPACINGS)
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("mm", SIZES)
def test_a_median_is_what_most_in_the_box_are(
    spacing: tuple[float, float, float], shape: tuple[int, int, int], mm: float
) -> None:
    mask = blobs(1, shape)
    reach = [next(k for k in range(99) if (k + 1) * step > mm / 2) for step in spacing]
    padded = np.pad(mask, [(r, r) for r in reach], mode="edge")
    boxes = np.lib.stride_tricks.sliding_window_view(padded, [2 * r + 1 for r in reach])
    assert (median(mask, spacing, mm) == (boxes.mean(axis=(3, 4, 5)) > 0.5)).all()


@pytest.mark.parametrize("spacing", SPACINGS)
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("mm", [0.3, 0.5, 1.0, 2.4])
def test_a_gaussian_against_plain_sums(
    spacing: tuple[float, float, float], shape: tuple[int, int, int], mm: float
) -> None:
    mask = blobs(2, shape)
    blurred = mask.astype(float)
    for axis, step in enumerate(spacing):
        deviation = mm / step
        if deviation < 0.5:
            continue
        at = np.arange(-int(3 * deviation + 0.5), int(3 * deviation + 0.5) + 1)
        weights = np.exp(-(at**2) / (2 * deviation**2))
        weights /= weights.sum()
        lines = np.moveaxis(blurred, axis, -1)
        wide = np.pad(lines, [(0, 0), (0, 0), (len(at) // 2, len(at) // 2)], mode="edge")
        views = np.lib.stride_tricks.sliding_window_view(wide, len(at), axis=-1)
        blurred = np.moveaxis(views @ weights, -1, axis)
    clear = abs(blurred - 0.5) > 1e-5
    assert (gaussian(mask, spacing, mm) == (blurred > 0.5))[clear].all()


@pytest.mark.parametrize("spacing", SPACINGS)
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("mm", SIZES)
def test_opening_and_closing_against_all_pairs(
    spacing: tuple[float, float, float], shape: tuple[int, int, int], mm: float
) -> None:
    mask, radius = blobs(4, shape), mm / 2
    core = mask & ~near(~mask, spacing, radius)
    assert (opening(mask, spacing, mm) == near(core, spacing, radius)).all()
    wide = near(mask, spacing, radius)
    assert (closing(mask, spacing, mm) == ~near(~wide, spacing, radius)).all()


@pytest.mark.parametrize("seed", range(5))
def test_opening_only_removes_closing_only_adds_and_twice_is_once(seed: int) -> None:
    mask, spacing = blobs(seed), (2.0, 0.8, 0.9)
    opened, closed = opening(mask, spacing, 4), closing(mask, spacing, 4)
    assert not (opened & ~mask).any()
    assert not (mask & ~closed).any()
    assert (opening(opened, spacing, 4) == opened).all()
    assert (closing(closed, spacing, 4) == closed).all()


@pytest.mark.parametrize("smooth", [median, gaussian, opening, closing])
def test_a_flat_face_and_a_cut_organ_stay(smooth) -> None:  # type: ignore[no-untyped-def]
    half = np.zeros((12, 12, 12), bool)
    half[:, :5] = True
    assert (smooth(half, (1, 1, 1), 3) == half).all()
    assert smooth(np.ones((4, 5, 6), bool), (1, 1, 1), 3).all()
    assert not smooth(np.zeros((4, 5, 6), bool), (1, 1, 1), 3).any()


@pytest.mark.parametrize("smooth", [median, gaussian, opening, closing])
def test_thick_slices_do_not_mix(smooth) -> None:  # type: ignore[no-untyped-def]
    mask = blobs(7, (6, 15, 16))
    whole = smooth(mask, (8.0, 1.0, 1.0), 3)
    for z in range(6):
        assert (whole[z] == smooth(mask[z : z + 1], (8.0, 1.0, 1.0), 3)[0]).all()


def test_a_gaussian_takes_from_a_ball_what_its_curve_asks_for() -> None:
    """A face of radius R moves in by the variance over R, so a large organ hardly changes."""
    z, y, x = np.ogrid[-24:25, -24:25, -24:25]
    ball = z**2 + y**2 + x**2 < 20**2
    for deviation in (1.0, 2.0):
        left = gaussian(ball, (1, 1, 1), deviation).sum()
        expected = ball.sum() * (1 - deviation**2 / 20**2) ** 3
        assert left == pytest.approx(expected, rel=0.01)
