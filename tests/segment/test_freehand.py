from __future__ import annotations

import numpy as np
import pytest

from napari_medssl.errors import PromptError
from napari_medssl.segment import Plane
from napari_medssl.segment.freehand import _filled, lasso_prompts, scribble_prompts


def place(plane: Plane, row: float, column: float) -> tuple[float, float, float]:
    at = [row, column]
    at.insert(plane.axis, plane.index)
    return at[0], at[1], at[2]


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_a_scribble_becomes_points_along_it(axis: int) -> None:
    plane = Plane(axis, 7)
    path = [place(plane, 10, column) for column in np.linspace(5, 25, 300)]
    prompts = scribble_prompts(plane, path)
    flat = [plane.flat(point.zyx) for point in prompts.points]
    assert flat == [(10, 5), (10, 9), (10, 13), (10, 17), (10, 21), (10, 25)]
    assert all(point.positive for point in prompts.points)
    assert [point.answered for point in prompts.points] == [False] * 5 + [True], "they come at once"
    assert all(point.voxel[axis] == 7 for point in prompts.points)


def test_a_scribble_on_one_place_is_one_point_and_may_be_outside() -> None:
    (point,) = scribble_prompts(Plane(0, 1), [(1, 4.2, 5.1)], positive=False).points
    assert point.voxel == (1, 4, 5)
    assert not point.positive
    with pytest.raises(PromptError, match="scribble"):
        scribble_prompts(Plane(0, 1), [])


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_a_lasso_becomes_its_box_and_its_deepest_point(axis: int) -> None:
    plane = Plane(axis, 3)
    corners = [(9.5, 9.5), (9.5, 30.5), (14.5, 30.5), (14.5, 20.5), (29.5, 20.5), (29.5, 9.5)]
    prompts = lasso_prompts(plane, [place(plane, *corner) for corner in corners], (40, 50))
    (box,), (point,) = prompts.boxes, prompts.points
    assert plane.flat(box.low_zyx) == (10, 10)
    assert plane.flat(box.high_zyx) == (29, 30)
    row, column = plane.flat(point.zyx)
    assert column <= 20  # in the thick part of the L
    assert 10 <= row <= 29


def test_a_lasso_holds_the_pixels_that_a_slow_look_finds() -> None:
    rng = np.random.default_rng(5)
    corners = rng.uniform(-5, 45, (60, 2))  # crosses itself, and leaves the slice
    sides = list(zip(corners, np.roll(corners, -1, axis=0), strict=True))

    def holds(row: int, column: int) -> bool:
        crossed = 0
        for (r0, c0), (r1, c1) in sides:
            if (r0 > row) != (r1 > row):
                crossed += column < c0 + (row - r0) / (r1 - r0) * (c1 - c0)
        return crossed % 2 == 1

    wanted = np.array([[holds(row, column) for column in range(30)] for row in range(40)])
    assert np.array_equal(_filled(corners, (40, 30)), wanted)


def test_a_lasso_around_nothing_is_refused_and_one_past_the_edge_is_cut_off() -> None:
    with pytest.raises(PromptError, match="holds no pixel"):
        lasso_prompts(Plane(0, 3), [(3, 5.1, 5.1), (3, 5.2, 5.3)], (40, 50))
    wide = [(3, -9.0, -9.0), (3, -9.0, 99.0), (3, 12.5, 99.0), (3, 12.5, -9.0)]
    (box,) = lasso_prompts(Plane(0, 3), wide, (40, 50)).boxes
    assert (box.first, box.last) == ((3, 0, 0), (3, 12, 49))
