from __future__ import annotations

import resource
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from made_scans import PLAN, scan, source, volume

from napari_medssl.errors import SaveError, UnreadableFileError, UsageError
from napari_medssl.io import atomic_write
from napari_medssl.pretrain.images.prepared import PreparedImage, Source, prepare_images


def prepare(sources, folder: Path, plan=PLAN) -> tuple[list[PreparedImage], dict[str, str]]:
    return prepare_images(sources, plan, folder, atomic_write, lambda _: None)


def made(array: np.ndarray, **rest) -> Source:
    return Source("odd", lambda: volume(array, **rest))


def test_they_are_prepared_once_and_then_looked_up(tmp_path: Path):
    read: list[int] = []

    def counted() -> object:
        read.append(1)
        return volume(scan(0))

    sources = [Source("a", counted)]
    first, _ = prepare(sources, tmp_path)
    again, _ = prepare(sources, tmp_path)
    assert len(read) == 1
    assert first[0].array.dtype == np.float16
    assert np.array_equal(first[0].array, again[0].array)
    assert first[0].sides == (20, 24, 28)
    assert 0 <= first[0].array.min() < first[0].array.max() <= 1


def test_whether_anybody_knows_the_sides_is_kept(tmp_path: Path):
    unknown = Source("b", lambda: replace(volume(scan(1)), orientation_known=False))
    for _ in range(2):
        images, _ = prepare([source(0), unknown], tmp_path)
        assert [image.orientation_known for image in images] == [True, False]


@pytest.mark.parametrize(
    ("array", "words"),
    [
        (np.full((20, 20, 20), 7.0, np.float32), "every voxel has the same value"),
        (np.full((20, 20, 20), np.nan, np.float32), "every voxel has the same value"),
        (scan(0, (3, 20, 20)), "3 x 20 x 20 voxels, of which a crop of 8 x 8 x 8 wants more"),
    ],
)
def test_what_cannot_be_learned_from_is_left_out_and_said_why(tmp_path: Path, array, words):
    images, why = prepare([source(0), made(array)], tmp_path)
    assert len(images) == 1
    assert words in why["odd"]


def test_single_voxels_that_are_no_number_do_no_harm(tmp_path: Path):
    array = scan(0)
    array[3, 4, 5], array[6, 7, 8] = np.nan, np.inf
    [image], _ = prepare([made(array)], tmp_path)
    assert np.isfinite(image.array).all()


def test_none_left_is_an_error_with_the_first_reason(tmp_path: Path):
    def read():
        raise UnreadableFileError("'x.nii' is cut off")

    with pytest.raises(UsageError, match=r"all 1 were left out, the first because 'x\.nii'"):
        prepare([Source("a", read)], tmp_path)


def test_grey_becomes_as_many_channels_as_the_network_takes(tmp_path: Path):
    [image], _ = prepare([source(0)], tmp_path, replace(PLAN, in_channels=3))
    assert image.array.shape == (3, 20, 24, 28)
    assert np.array_equal(image.array[0], image.array[2])


def test_an_open_image_holds_no_file(tmp_path: Path):
    """There may be more images than files a process may open."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    there = len(list(Path("/proc/self/fd").iterdir())) if Path("/proc/self/fd").exists() else 64
    resource.setrlimit(resource.RLIMIT_NOFILE, (there + 30, hard))
    try:
        images, _ = prepare([source(n, (8, 8, 8)) for n in range(60)], tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert len({float(image.array.astype(np.float64).sum()) for image in images}) == 60


def test_what_was_drawn_goes_along_on_the_same_grid(tmp_path: Path):
    plan = replace(PLAN, preparation=({"do": "resample", "spacing_mm": (2.0, 2.0, 2.0),
                                       "interpolation": "linear"},))  # fmt: skip
    drawn = np.zeros((20, 24, 28), np.uint8)
    drawn[4:12, 4:12, 4:12] = 3
    labelled = replace(source(0), read_labels=lambda _: drawn)
    images, _ = prepare([labelled, source(1)], tmp_path, plan)
    assert images[0].inside is not None
    assert images[0].inside.shape == images[0].sides == (10, 12, 14)
    assert images[0].inside.sum() == 4**3
    assert images[1].inside is None


def test_one_that_cannot_be_read_is_not_tried_again(tmp_path: Path):
    tried: list[int] = []

    def read():
        tried.append(1)
        raise UnreadableFileError("'x.nii' is cut off")

    for _ in range(2):
        _, why = prepare([source(0), Source("b", read)], tmp_path)
        assert "'x.nii' is cut off" in why["b"]
    assert len(tried) == 1


def test_a_full_disk_is_no_fault_of_the_image(tmp_path: Path):
    def full(*_: object) -> None:
        raise SaveError("no room is left on the disk")

    with pytest.raises(SaveError):
        prepare_images([source(0)], PLAN, tmp_path, full, lambda _: None)
