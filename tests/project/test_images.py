from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from case_studies import SHAPE, write_image

from napari_medssl.io import read_volume, write_volume
from napari_medssl.project.images import content_of, find_images
from napari_medssl.volume import Geometry, Volume


def made(array: np.ndarray, **grid: object) -> Volume:
    geometry = Geometry(array.shape, **grid)  # type: ignore[arg-type]
    return Volume.from_source_array(array, geometry, name="a.nii", format="made")


def test_content_is_voxels_and_place_and_nothing_else(tmp_path: Path) -> None:
    array = np.arange(np.prod(SHAPE), dtype=np.int16).reshape(SHAPE)
    contents = {
        content_of(made(array)),
        content_of(made(array[::-1])),
        content_of(made(array.astype(np.int32))),
        content_of(made(array, spacing_mm=(1.0, 1.0, 1.1))),
        content_of(made(array, origin_mm=(1.0, 0.0, 0.0))),
    }
    assert len(contents) == 5
    for name in ("a.nii", "b.nii.gz", "c.mha", "d.nrrd"):
        write_volume(made(array, spacing_mm=(1.0, 0.7, 3.0)), tmp_path / name)
    assert len({content_of(read_volume(path)) for path in tmp_path.iterdir()}) == 1


@pytest.mark.parametrize("pair", [(".hdr", ".img")])
def test_a_pair_of_files_is_one_image(tmp_path: Path, pair: tuple[str, str]) -> None:
    for ending in pair:
        (tmp_path / f"scan{ending}").write_bytes(bytes(400))
    (tmp_path / "lone.img").write_bytes(bytes(400))
    assert [found.path.name for found in find_images(tmp_path).images] == ["lone.img", "scan.hdr"]


def test_hidden_files_are_passed_over(tmp_path: Path) -> None:
    write_image(tmp_path / "a.nii")
    (tmp_path / "._a.nii").write_bytes(b"what macOS leaves")
    assert [found.name for found in find_images(tmp_path).images] == ["a"]
