from __future__ import annotations

import numpy as np
import pytest

from napari_medssl.errors import PromptError
from napari_medssl.segment import (
    BoxPrompt,
    Plane,
    PointPrompt,
    Prompts,
    box_from_source,
    point_from_source,
)
from napari_medssl.volume import Geometry, Volume

NAN = float("nan")


@pytest.fixture
def volume() -> Volume:
    """A scan of 8 x 9 x 10 voxels stored as (i to the left, j to the back, k down)."""
    affine = np.diag([1.0, 1.0, -1.0, 1.0])
    return Volume.from_source_array(
        np.zeros((10, 9, 8), np.int16),
        Geometry.from_affine((10, 9, 8), affine),
        name="scan.nii",
        format="nifti",
    )


def test_a_plane_is_a_view_of_its_slice() -> None:
    array = np.zeros((2, 3, 4, 5))
    Plane(1, 2).view(array)[0] = 1
    assert array[0, :, 2, :].all()
    assert array.sum() == 15
    assert Plane(1, 2).flat((7, 8, 9)) == (7, 9)
    assert str(Plane(2, 4)) == "sagittal slice 4"


@pytest.mark.parametrize("zyx", [(NAN, 0, 0), (0, float("inf"), 0)])
def test_a_point_that_is_nowhere_is_refused(zyx: tuple[float, float, float]) -> None:
    with pytest.raises(PromptError, match="not a number"):
        PointPrompt(zyx)


def test_a_point_in_a_box_does_not_decide_what_the_others_mean() -> None:
    box = BoxPrompt((1, 0, 0), (1, 4, 4))
    free, held = PointPrompt((1, 9, 9)), PointPrompt((1, 2, 2))
    other = Prompts((free, held), (box,)).meaning(1)
    assert [point.reading for point in other.points] == [1, 0]
    assert other.reading == 1
    assert Prompts((held,), (box,)).meaning(1).reading == 1
    outside = PointPrompt((1, 3, 3), positive=False)
    assert Prompts((free, outside), (box,)).meaning(1).points[-1].reading == 1


def test_points_may_be_taken_to_mean_something_else() -> None:
    points = PointPrompt((1, 2, 3)), PointPrompt((1, 4, 5), positive=False)
    second = Prompts(points).meaning(1)
    assert second == Prompts((points[0], PointPrompt((1, 4, 5), positive=False, reading=1)))
    assert second.meaning(0) == Prompts(points)
    assert (second.reading, Prompts(points).reading) == (1, 0)
    with pytest.raises(PromptError, match="no point"):
        Prompts(boxes=(BoxPrompt((1, 2, 3), (1, 4, 5)),)).meaning(1)
    with pytest.raises(PromptError, match="reading -1"):
        PointPrompt((1, 2, 3), reading=-1)


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [
        ((0, 0, 0), (1, 1, 1), "several slices"),
        ((0, 5, 0), (0, 1, 1), "ends before it begins"),
        ((0, 0, NAN), (0, 1, 1), "not a voxel"),
        ((0, 0.5, 0), (0, 1, 1), "not a voxel"),
    ],
)
def test_what_is_no_box_on_a_slice_is_refused(
    low: tuple[float, float, float], high: tuple[float, float, float], said: str
) -> None:
    with pytest.raises(PromptError, match=said):
        BoxPrompt(low, high)


def test_one_voxel_inside_and_outside_is_refused() -> None:
    with pytest.raises(PromptError, match="both inside and outside"):
        Prompts((PointPrompt((1, 2, 3)), PointPrompt((1.2, 2, 2.8), positive=False)))


def test_the_slice_is_the_boxs_own(volume: Volume) -> None:
    assert Prompts(boxes=(BoxPrompt((1, 4, 1), (3, 4, 5)),)).plane(volume) == Plane(1, 4)


def test_a_point_lies_on_the_slice_that_was_scanned(volume: Volume) -> None:
    at = Prompts((PointPrompt((3.4, 1, 2)),))
    assert at.plane(volume) == Plane(0, 3)
    assert at.plane(volume, axis=2) == Plane(2, 2)


def test_a_box_that_is_flat_twice_lies_on_the_slice_that_was_scanned(volume: Volume) -> None:
    line = BoxPrompt((2, 3, 1), (2, 3, 6))
    assert Prompts(boxes=(line,)).plane(volume) == Plane(0, 2)
    upright = BoxPrompt((1, 3, 5), (4, 3, 5))
    assert Prompts(boxes=(upright,)).plane(volume) == Plane(1, 3)


@pytest.mark.parametrize(
    ("prompts", "said"),
    [
        (Prompts(), "nothing is marked inside"),
        (Prompts((PointPrompt((1, 1, 1), positive=False),)), "nothing is marked inside"),
        (Prompts((PointPrompt((1, 1, 1)), PointPrompt((2, 1, 1)))), "2 axial slices"),
        (
            Prompts((PointPrompt((1, 1, 1)),), (BoxPrompt((2, 1, 1), (2, 3, 3)),)),
            "2 axial slices",
        ),
        (
            Prompts(boxes=(BoxPrompt((2, 1, 1), (2, 3, 3)), BoxPrompt((1, 4, 1), (3, 4, 3)))),
            "different planes",
        ),
        (Prompts((PointPrompt((0, 0, 9.6)),)), "outside the image"),
        (Prompts((PointPrompt((0, -0.6, 0)),)), "outside the image"),
        (Prompts(boxes=(BoxPrompt((0, 0, 0), (0, 9, 3)),)), "outside the image"),
    ],
)
def test_prompts_that_do_not_fit_are_refused(volume: Volume, prompts: Prompts, said: str) -> None:
    with pytest.raises(PromptError, match=said):
        prompts.plane(volume)


def test_a_voxel_outside_is_named_as_the_file_counts(volume: Volume) -> None:
    with pytest.raises(PromptError, match=r"\(12, 3, 7\) is outside .* 0 to 9, 0 to 8, 0 to 7"):
        Prompts((point_from_source(volume, (12, 3, 7)),)).plane(volume)


def test_the_command_lines_voxels_are_turned(volume: Volume) -> None:
    assert point_from_source(volume, (9, 4, 0)).zyx == (7, 4, 9)
    box = box_from_source(volume, (2, 3, 6, 5, 7, 6))
    assert (box.low_zyx, box.high_zyx) == ((1, 3, 2), (1, 7, 5))
    again = box_from_source(volume, (2, 3, 1, 2, 7, 6))
    assert (again.low_zyx, again.high_zyx) == ((1, 3, 2), (6, 7, 2))
    with pytest.raises(PromptError, match="six"):
        box_from_source(volume, (1, 2, 3))
