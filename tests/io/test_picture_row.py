from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from napari_medssl.io.picture_row import write_picture_row


def test_pictures_of_any_size_stand_in_a_row(tmp_path: Path):
    shapes = {"one": (8, 16), "two": (300, 20), "three": (1, 1)}
    pictures = {title: np.full(shape, 1.0) for title, shape in shapes.items()}
    write_picture_row(tmp_path / "row.png", pictures)
    row = np.asarray(Image.open(tmp_path / "row.png"))
    assert row.shape == (264, 3 * 248 - 8, 3)
    assert (row[24:] == 255).any()


def test_values_beyond_and_none_at_all_do_no_harm(tmp_path: Path):
    picture = np.array([[-3.0, 7.0], [np.nan, 0.5]])
    write_picture_row(tmp_path / "row.png", {"Überblick": picture})
    row = np.asarray(Image.open(tmp_path / "row.png"))[24:, :240, 0]
    assert {int(row[60, 60]), int(row[60, 180]), int(row[180, 60])} == {0, 255}
    assert int(row[180, 180]) == 127
