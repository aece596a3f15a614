from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from napari_medssl.io.snapshot import save_pictures, slice_picture
from napari_medssl.volume import Geometry, Volume, Window


def _volume(array: np.ndarray, spacing: tuple[float, float, float]) -> Volume:
    geometry = Geometry(array.shape[-3:], spacing)
    return Volume.from_source_array(array, geometry, name="made", format="made")


def test_head_is_up_and_left_is_on_the_right() -> None:
    array = np.zeros((20, 30, 40), np.uint8)
    array[-3:, :, -4:] = 255  # towards the head, on the patient's left
    coronal = np.asarray(slice_picture(_volume(array, (2, 1, 1)), 1, 15, Window(0, 255)))[..., 0]
    rows, columns = np.nonzero(coronal > 250)
    assert np.median(rows) < coronal.shape[0] / 4
    assert np.median(columns) > coronal.shape[1] * 3 / 4


def test_pixels_are_square() -> None:
    picture = slice_picture(
        _volume(np.zeros((10, 30, 40), np.uint8), (6, 1, 1)), 1, 0, Window(0, 1)
    )
    assert picture.width / picture.height == 40 / 60


def test_mask_is_drawn_where_it_is(tmp_path: Path) -> None:
    volume = _volume(np.zeros((3, 60, 60), np.uint8), (1, 1, 1))
    mask = np.zeros(volume.array.shape, np.uint8)
    mask[1, 40:50, 5:15] = 7
    plain = slice_picture(volume, 0, 1, Window(0, 1))
    drawn = slice_picture(volume, 0, 1, Window(0, 1), mask, colour=(0, 255, 0))
    changed = np.argwhere((np.asarray(plain) != np.asarray(drawn)).any(axis=-1))
    scale = plain.width / 60
    np.testing.assert_allclose(changed.min(axis=0), [40 * scale, 5 * scale], atol=scale)
    np.testing.assert_allclose(changed.max(axis=0), [50 * scale, 15 * scale], atol=scale)
    saved = save_pictures([plain, drawn], tmp_path / "two.png")
    with Image.open(saved) as picture:
        assert picture.size == (2 * plain.width, plain.height)
