from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from napari_medssl.segment.second_look import Mirrored, Moved, second_look
from napari_medssl.volume import Geometry, Volume


def volume(shape=(6, 7, 8), **rest) -> Volume:
    array = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    grid = Geometry(shape[-3:], (3.0, 1.0, 0.5), (10.0, -20.0, 5.0))
    return Volume.from_source_array(array, grid, name="a", format="made", **rest)


def test_sided_labels_are_never_mirrored() -> None:
    assert second_look(SimpleNamespace(mirrored=True)).kind == "mirrored"
    assert second_look(SimpleNamespace(mirrored=False)).kind == "moved"


@pytest.mark.parametrize("look", [Mirrored(), Moved()])
@pytest.mark.parametrize("shape", [(6, 7, 8), (1, 7, 8), (3, 6, 7, 8)])
def test_what_does_not_care_comes_back_the_same(look, shape) -> None:
    """A network that looks at single voxels finds the same in any look."""
    image = volume(shape)
    seen = look.show(image)
    found = look.back((seen.array > 0).reshape(-1, *seen.geometry.shape)[0], image)
    assert np.array_equal(found, (image.array > 0).reshape(-1, *image.geometry.shape)[0])


def test_the_mirror_image_is_left_for_right_on_the_same_grid() -> None:
    image = volume()
    seen = Mirrored().show(image)
    assert seen.geometry == image.geometry
    assert np.array_equal(seen.array, image.array[:, :, ::-1])


def test_what_is_moved_stays_where_it_is_in_the_body() -> None:
    image = volume()
    seen = Moved().show(image)
    assert seen.geometry.shape == (11, 12, 13)
    place = seen.geometry.to_world((5.0, 5.0, 5.0))
    assert np.allclose(place, image.geometry.to_world((0.0, 0.0, 0.0)))
    assert (seen.array[:6, 5:, 5:] == image.array[0]).all()


def test_the_frames_of_a_film_are_not_moved() -> None:
    film = volume((8, 7, 6), stack="time")
    [axis] = [a for a in range(3) if Moved().show(film).geometry.shape[a] == film.array.shape[a]]
    assert axis == film.frame_axis
