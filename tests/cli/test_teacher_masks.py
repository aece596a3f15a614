from __future__ import annotations

import sys
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from bright_engine import BrightEngine
from PIL import Image

from napari_medssl.cli.teacher_masks import Teaching, taught_pictures
from napari_medssl.errors import UsageError
from napari_medssl.finetune import Picture
from napari_medssl.project.images import find_images

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "finetune"))
from tiny_sam import Heard

TEACHING = Teaching(slices=3, boxes=40)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A picture with one bright block, a scan with one through all slices, and no image."""
    images = tmp_path / "images"
    images.mkdir()
    grey = np.random.default_rng(0).integers(0, 60, (100, 128)).astype(np.uint8)
    grey[30:60, 40:80] += 180
    Image.fromarray(grey).save(images / "picture.png")
    scan = np.zeros((64, 64, 11), np.int16)
    scan[20:40, 16:44] = 400
    nib.Nifti1Image(scan, np.diag([1.0, 1, 3, 1])).to_filename(images / "scan.nii.gz")
    (images / "broken.png").write_bytes(b"no picture")
    return images


def taught(folder: Path, out: Path, teaching: Teaching = TEACHING) -> tuple[list[Picture], Heard]:
    heard, engine = Heard(), BrightEngine()
    found = taught_pictures(engine, find_images(folder).images, teaching, out, heard)
    heard.encoded = engine.encoded
    return found, heard


def test_slices_of_all_images_get_masks_of_what_stands_out(folder: Path, tmp_path: Path) -> None:
    pictures, heard = taught(folder, tmp_path / "out")
    assert {(p.case, p.index) for p in pictures} <= {
        ("picture", 0),
        ("scan", 1),
        ("scan", 5),
        ("scan", 9),
    }
    assert {p.case for p in pictures} == {"picture", "scan"}
    assert any("broken.png" in text for text in heard.warnings)
    blocks = {"picture": (30, 40), "scan": (20, 28)}
    for picture in pictures:
        assert picture.grey.ndim == 2
        largest = max(picture.things, key=lambda thing: thing.mask.sum())
        assert np.allclose(sorted(largest.mask.shape), sorted(blocks[picture.case]), atol=6)


def test_nothing_is_asked_twice_and_other_boxes_are_other_masks(
    folder: Path, tmp_path: Path
) -> None:
    first, heard = taught(folder, tmp_path / "out")
    again, later = taught(folder, tmp_path / "out")
    assert len(heard.encoded) == 2  # the scan's slices are all alike
    assert later.encoded == []
    for one, other in zip(first, again, strict=True):
        assert (one.case, one.index, len(one.things)) == (
            other.case,
            other.index,
            len(other.things),
        )
        for a, b in zip(one.things, other.things, strict=True):
            assert a.corner == b.corner
            np.testing.assert_array_equal(a.mask, b.mask)
    kept = set((tmp_path / "out" / "teacher").iterdir())
    taught(folder, tmp_path / "out", Teaching(slices=3, boxes=40, seed=1))
    assert len(set((tmp_path / "out" / "teacher").iterdir())) == 2 * len(kept)


def test_what_cannot_be_asked_is_refused() -> None:
    for wrong in ({"slices": 0}, {"boxes": 0}, {"shortest": 0.97}, {"longest": 1.5}):
        with pytest.raises(UsageError):
            Teaching(**wrong)
