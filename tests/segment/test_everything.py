from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from bright_engine import BrightEngine

from napari_medssl.errors import PromptError, UsageError
from napari_medssl.segment import (
    EmbeddingCache,
    Everything,
    EverythingSettings,
    InteractiveSegmenter,
    find_everything,
    load_engine,
)
from napari_medssl.volume import Geometry, Volume, Window

WINDOW = Window(0, 100)
SETTINGS = EverythingSettings(points_per_side=12, least_area_mm2=5.0)


@pytest.fixture
def volume() -> Volume:
    """7 x 50 x 64 voxels of 5 x 1 x 1 mm: two bars, a block on one slice, and slices of air."""
    array = np.zeros((7, 50, 64), np.int16)
    array[1:6] = np.random.default_rng(0).integers(0, 30, (5, 50, 64))
    array[1:5, 8:20, 10:30] = 100
    array[2:4, 28:44, 36:60] = 100
    array[5, 30:40, 6:18] = 100
    stored = Geometry(array.shape[::-1], (1.0, 1.0, 5.0), direction=np.eye(3).tolist())
    return Volume.from_source_array(array.T, stored, name="bars", format="made")


def look(volume: Volume, **given) -> Everything:
    segmenter = InteractiveSegmenter(BrightEngine(points=True), EmbeddingCache(None))
    return find_everything(segmenter, volume, WINDOW, **{"settings": SETTINGS, **given})


def test_things_are_linked_to_objects_the_largest_first(volume: Volume) -> None:
    told: list[tuple[int, int]] = []
    found = look(volume, progress=lambda done, of: told.append((done, of)))
    assert found.complete
    assert (found.axis, found.slices) == (0, (0, 6))
    large, long = found.objects
    assert (large.value, large.low_zyx, large.last_zyx) == (1, (1, 8, 10), (4, 19, 29))
    assert (long.value, long.low_zyx, long.last_zyx) == (2, (2, 28, 36), (3, 43, 59))
    assert large.voxels == 4 * 12 * 20
    assert large.volume_ml == pytest.approx(4 * 12 * 20 * 5 / 1000)
    assert long.area_mm2 == 16 * 24
    labels = found.labels()
    assert labels.dtype == np.uint8
    np.testing.assert_array_equal(labels == 1, np.pad(large.mask, [(1, 2), (8, 30), (10, 34)]))
    assert told == [(n, 7) for n in range(1, 8)]
    only = found.labels([2])
    assert set(np.unique(only)) == {0, 2}
    np.testing.assert_array_equal(only == 2, labels == 2)


def test_one_slice_on_any_plane(volume: Volume) -> None:
    found = look(volume, index=5)
    assert [(o.low_zyx, o.last_zyx) for o in found.objects] == [((5, 30, 6), (5, 39, 17))]
    assert found.objects[0].volume_ml is None
    assert found.objects[0].area_mm2 == 120
    across = look(volume, axis=1, index=12)
    assert [(o.low_zyx, o.last_zyx) for o in across.objects] == [((1, 12, 10), (4, 12, 29))]
    assert across.objects[0].area_mm2 == 4 * 20 * 5


def test_small_things_are_painted_on_large_ones_and_large_ones_kept_whole() -> None:
    engine = BrightEngine(points=True)
    array = np.random.default_rng(0).integers(0, 30, (1, 60, 60)).astype(np.int16)
    array[0, 10:50, 10:50] = 100
    stored = Geometry((60, 60, 1), (1.0, 1.0, 1.0), direction=np.eye(3).tolist())
    volume = Volume.from_source_array(array.T, stored, name="m", format="made")
    found = find_everything(
        InteractiveSegmenter(engine, EmbeddingCache(None)), volume, WINDOW, settings=SETTINGS
    )
    (whole,) = found.objects
    inner = replace(whole, value=2, low_zyx=(0, 20, 20), mask=np.ones((1, 5, 5), bool))
    both = replace(found, objects=(whole, inner))
    assert (both.labels() == 2).sum() == 25
    assert (both.labels([1]) == 1).sum() == 1600
    with pytest.raises(UsageError, match="the object 3"):
        both.labels([1, 3])


def test_it_can_be_stopped(volume: Volume) -> None:
    done: list[int] = []
    found = look(volume, progress=lambda n, of: done.append(n), stop=lambda: len(done) >= 4)
    assert not found.complete
    assert [o.low_zyx[0] for o in found.objects] == [2, 1]
    assert [o.last_zyx[0] for o in found.objects] == [3, 3]


def test_a_record_tells_how_it_was_found(volume: Volume) -> None:
    found = look(volume)
    record = found.record(found.objects[0])
    assert record["label"] == 1
    assert record["method"] == "everything"
    assert record["weights_sha256"] == "0" * 64
    assert record["settings"]["points_per_side"] == 12


def test_slices_that_are_not_there_or_show_nothing_are_refused(volume: Volume) -> None:
    with pytest.raises(PromptError, match="the slice 7"):
        look(volume, index=7)
    with pytest.raises(PromptError, match="one value only"):
        look(volume, index=0)
    air = volume.with_values(np.zeros(volume.geometry.shape, np.int16))
    with pytest.raises(PromptError, match="one value only"):
        look(air)


@pytest.mark.slow
def test_litemedsam_finds_a_real_spleen(shared_data: Path) -> None:
    """A coarse look: fewer boxes than usual."""
    from napari_medssl.evaluate import dice
    from napari_medssl.io import read_labels, read_volume

    folder = shared_data / "msd-spleen-ct"
    volume = read_volume(folder / "spleen_2_crop_ct.nii.gz")
    spleen = read_labels(folder / "spleen_2_crop_label.nii.gz", volume) == 1
    engine = load_engine("litemedsam", device="cpu")
    settings = replace(EverythingSettings.for_engine(engine), box_sides=(0.6, 0.8), most_settled=12)
    found = find_everything(
        InteractiveSegmenter(engine, EmbeddingCache(None)),
        volume,
        Window(-160, 240),
        axis=0,
        index=8,
        settings=settings,
    )
    best = max(dice(found.labels([o.value])[8], spleen[8]) for o in found.objects)
    assert best > 0.85
