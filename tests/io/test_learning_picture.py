from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from napari_medssl.io.learning_picture import write_learning_picture


def test_drawn_is_on_the_left_and_found_on_the_right(tmp_path: Path):
    image = np.random.default_rng(0).normal(size=(4, 30, 40)).astype(np.float16)
    drawn, found = np.zeros(image.shape, np.uint8), np.zeros(image.shape, np.uint8)
    drawn[2, 5:15, 5:20] = 1
    path = tmp_path / "preview.png"
    write_learning_picture(path, image, drawn, found, (3.0, 1.0, 1.0))
    with Image.open(path) as picture:
        pixels = np.asarray(picture).astype(int)[30:]
    coloured = np.abs(pixels[..., 0] - pixels[..., 2]) > 20
    half = pixels.shape[1] // 2
    assert coloured[:, : half - 8].mean() > 0.05
    assert not coloured[:, half + 8 :].any()


def test_a_picture_of_one_slice_and_a_constant_one(tmp_path: Path):
    for shape in ((1, 20, 30), (20, 30, 1)):
        path = tmp_path / f"{shape[0]}.png"
        empty = np.zeros(shape, np.uint8)
        write_learning_picture(path, np.ones(shape, np.float16), empty, empty, (1.0, 1.0, 1.0))
        with Image.open(path) as picture:
            assert picture.width > 300
