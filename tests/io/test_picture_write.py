from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from napari_medssl.errors import SaveError
from napari_medssl.io.picture_write import write_png
from napari_medssl.volume import Geometry, Volume


def volume(form: str = "picture") -> Volume:
    stored = np.zeros((5, 4, 1), np.uint8)
    return Volume.from_source_array(stored, Geometry(stored.shape), name="p.png", format=form)


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_columns_and_rows_lie_where_a_viewer_shows_them(tmp_path: Path, kind: type) -> None:
    stored = np.zeros((5, 4, 1), kind)
    stored[3, 1] = 200  # the fourth column, the second row
    write_png(tmp_path / "m.png", stored, volume().source, labels=True)
    with Image.open(tmp_path / "m.png") as seen:
        assert seen.size == (5, 4)
        assert seen.getpixel((3, 1)) == 200
        assert (np.asarray(seen) > 0).sum() == 1


def test_colour_keeps_its_order(tmp_path: Path) -> None:
    stored = np.zeros((3, 5, 4, 1), np.uint8)
    stored[:, 2, 3, 0] = (10, 20, 30)
    write_png(tmp_path / "c.png", stored, volume().source, labels=False)
    with Image.open(tmp_path / "c.png") as seen:
        assert seen.getpixel((2, 3)) == (10, 20, 30)


@pytest.mark.parametrize(
    ("form", "shape", "kind", "labels", "said"),
    [
        ("nifti", (5, 4, 1), np.uint8, True, "where a scan lies in the patient"),
        ("picture", (5, 4, 2), np.uint8, True, "where a scan lies in the patient"),
        ("picture", (5, 4, 1), np.uint32, True, "labels above 65,535"),
        ("picture", (5, 4, 1), np.float32, False, "numbers of the type float32"),
        ("picture", (3, 5, 4, 1), np.uint16, False, "numbers of the type uint16"),
    ],
)
def test_what_a_picture_cannot_hold_is_refused(
    tmp_path: Path, form: str, shape: tuple[int, ...], kind: type, labels: bool, said: str
) -> None:
    with pytest.raises(SaveError, match=said):
        write_png(tmp_path / "m.png", np.zeros(shape, kind), volume(form).source, labels=labels)
    assert not (tmp_path / "m.png").exists()
