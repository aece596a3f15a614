from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from napari_medssl.errors import PromptError
from napari_medssl.segment import BoxPrompt, Plane, PointPrompt, Prompts
from napari_medssl.segment.slices import picture_of, prompts_on
from napari_medssl.volume import Geometry, Volume, Window


def made(array: np.ndarray, spacing: tuple[float, float, float] = (5.0, 1.0, 0.8)) -> Volume:
    geometry = Geometry(array.shape[-3:], spacing)
    stored = np.moveaxis(array, (-3, -2, -1), (-1, -2, -3))
    columns = np.asarray(geometry.direction)[:, ::-1].tolist()
    source = Geometry(stored.shape[-3:], spacing[::-1], (0.0, 0.0, 0.0), columns)
    return Volume.from_source_array(stored, source, name="scan", format="made")


def test_the_window_makes_eight_bits() -> None:
    volume = made(np.arange(24, dtype=np.int16).reshape(2, 3, 4))
    picture = picture_of(volume, Plane(0, 1), Window(12, 22))
    assert picture.image.shape == (3, 4, 3)
    assert picture.image[0, 0].tolist() == [0, 0, 0]
    assert picture.image[2, 3].tolist() == [255] * 3
    assert picture.image[1, 1].tolist() == [128] * 3


@pytest.mark.parametrize(("axis", "pixel"), [(0, (1.0, 0.8)), (1, (5.0, 0.8)), (2, (5.0, 1.0))])
def test_every_plane_keeps_the_patients_proportions(axis: int, pixel: tuple[float, float]) -> None:
    volume = made(np.arange(60, dtype=np.int16).reshape(3, 4, 5))
    assert picture_of(volume, Plane(axis, 1), Window(0, 60)).pixel_mm == pixel
    unknown = replace(volume, spacing_known=False)
    assert picture_of(unknown, Plane(axis, 1), Window(0, 60)).pixel_mm == (1.0, 1.0)


def test_colours_are_kept() -> None:
    array = np.zeros((3, 1, 2, 2), np.uint8)
    array[0, 0, 1, 0] = 200
    picture = picture_of(made(array), Plane(0, 0), Window(0, 255))
    assert picture.image[1, 0].tolist() == [200, 0, 0]


def test_a_slice_of_air_is_refused() -> None:
    volume = made(np.full((2, 3, 4), -1000, np.int16))
    with pytest.raises(PromptError, match="the axial slice shows one value only"):
        picture_of(volume, Plane(0, 1), Window(-160, 240))


def test_a_plane_of_one_row_is_refused() -> None:
    volume = made(np.arange(12, dtype=np.int16).reshape(1, 3, 4))
    with pytest.raises(PromptError, match="one voxel wide"):
        picture_of(volume, Plane(1, 1), Window(0, 12))


def test_a_plane_across_the_frames_of_a_film_is_refused() -> None:
    film = replace(made(np.arange(60, dtype=np.int16).reshape(3, 4, 5)), stack="time")
    assert film.frame_axis == 0
    picture_of(film, Plane(0, 1), Window(0, 60))
    with pytest.raises(PromptError, match="frames of a film"):
        picture_of(film, Plane(1, 1), Window(0, 60))


def test_prompts_are_measured_from_the_outer_corner() -> None:
    prompts = Prompts(
        (PointPrompt((2, 0, 7)), PointPrompt((2, 3.5, 1), positive=False)),
        (BoxPrompt((2, 1, 4), (2, 1, 6)),),
    )
    on = prompts_on(Plane(0, 2), prompts)
    assert on.clicks.xy.tolist() == [[7.5, 0.5], [1.5, 4.0]]
    assert on.clicks.positive.tolist() == [True, False]
    assert on.boxes_xyxy.tolist() == [[4, 1, 7, 2]]
    assert prompts_on(Plane(2, 5), Prompts()).boxes_xyxy.shape == (0, 4)
