"""From slices to voxels on a grid."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from dicom_phantoms import SliceMaker, axial, misplaced

from napari_medssl.errors import UnreadableFileError
from napari_medssl.io import gate
from napari_medssl.io.dicom import read_dicom
from napari_medssl.io.dicom.geometry import fit_grid
from napari_medssl.io.dicom.volume import on_grid

if TYPE_CHECKING:
    from pathlib import Path

AXIAL = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)


@pytest.mark.parametrize("dtype", ["u1", "i2", "f4"])
@pytest.mark.parametrize("colour", [(), (3,)])
def test_filled_slices_lie_between_their_neighbours(dtype: str, colour: tuple[int, ...]) -> None:
    grid = fit_grid([(0, 0, z) for z in (0, 1, 2, 4)], AXIAL, thickness_mm=1, pixel_mm=1)
    values = np.array([10, 20, 30, 41], dtype).reshape(4, 1, 1, *(1 for _ in colour))
    values = np.broadcast_to(values, (4, 2, 3, *colour))
    filled = on_grid(values, grid)
    assert filled.dtype == values.dtype
    assert filled.shape == (5, 2, 3, *colour)
    expected = [10, 20, 30, 35.5 if dtype == "f4" else 36, 41]
    assert filled.reshape(5, -1)[:, 0].tolist() == expected


def test_an_even_grid_copies_nothing() -> None:
    grid = fit_grid([(0, 0, z) for z in (0, 1, 2)], AXIAL, thickness_mm=1, pixel_mm=1)
    values = np.zeros((3, 2, 2), "i2")
    assert on_grid(values, grid) is values


def test_a_mask_returns_to_column_row_slice(tmp_path: Path) -> None:
    SliceMaker().write_all(tmp_path, axial([6, 4, 2, 0]))
    volume = read_dicom(tmp_path)
    assert volume.source.format == "dicom"
    assert volume.source.name == tmp_path.name
    assert volume.to_source(volume.array).shape == (10, 12, 4)
    z, y, x = volume.index_from_source((1, 2, 3))
    assert volume.to_source(volume.array)[1, 2, 3] == volume.array[int(z), int(y), int(x)]
    assert misplaced(volume) < 1.01


def test_more_than_the_memory_is_refused_before_decoding(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    SliceMaker().write_all(tmp_path, axial([0, 2]))
    monkeypatch.setattr(gate, "_SHARE_OF_FREE_MEMORY", 0.0)
    with pytest.raises(UnreadableFileError, match="GB of memory"):
        read_dicom(tmp_path)
