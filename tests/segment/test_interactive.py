from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from bright_engine import BrightEngine

from napari_medssl.errors import OutOfMemoryError, PromptError
from napari_medssl.segment import (
    BoxPrompt,
    EmbeddingCache,
    InteractiveSegmenter,
    Plane,
    PointPrompt,
    Prompts,
    load_engine,
    point_from_source,
)
from napari_medssl.volume import Geometry, Volume, Window

WINDOW = Window(0, 100)


@pytest.fixture
def volume() -> Volume:
    """A bright block in thick slices: 12 x 40 x 50 voxels of 5 x 1 x 1 mm."""
    array = np.zeros((12, 40, 50), np.int16)
    array[3:9, 10:30, 15:40] = 100
    geometry = Geometry(array.shape, (5.0, 1.0, 1.0))
    stored = Geometry(array.shape[::-1], (1.0, 1.0, 5.0), direction=np.eye(3).tolist())
    made = Volume.from_source_array(array.T, stored, name="block", format="made")
    assert made.geometry == geometry
    return made


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_a_box_on_any_plane_comes_back_on_its_own_voxels(volume: Volume, axis: int) -> None:
    low, high = [2, 8, 12], [10, 32, 44]
    low[axis] = high[axis] = (low[axis] + high[axis]) // 2
    box = BoxPrompt((low[0], low[1], low[2]), (high[0], high[1], high[2]))
    segmenter = InteractiveSegmenter(BrightEngine(), EmbeddingCache(None))
    result = segmenter.segment(volume, Prompts(boxes=(box,)), WINDOW)
    assert result.plane == Plane(axis, low[axis])
    np.testing.assert_array_equal(result.mask, result.plane.view(volume.array) == 100)


def test_weights_for_points_are_named_where_a_point_was_a_prompt(volume: Volume) -> None:
    engine = BrightEngine(points_hash="beef")
    segmenter = InteractiveSegmenter(engine, EmbeddingCache(None))
    box = BoxPrompt((5.0, 8.0, 12.0), (5.0, 32.0, 44.0))
    for prompts, named in (
        (Prompts(boxes=(box,)), ""),
        (Prompts((PointPrompt((5, 20, 25)),)), "beef"),
    ):
        assert segmenter.segment(volume, prompts, WINDOW).points_hash == named


def test_a_slice_is_embedded_once(volume: Volume, tmp_path: Path) -> None:
    engine = BrightEngine()
    segmenter = InteractiveSegmenter(engine, EmbeddingCache(tmp_path))
    segmenter.prepare(volume, Plane(0, 5), WINDOW)
    point = Prompts((PointPrompt((5, 20, 25)),))
    result = segmenter.segment(volume, point, WINDOW)
    assert result.from_cache
    assert result.engine == "litemedsam"
    assert len(engine.encoded) == 1
    other = InteractiveSegmenter(engine, EmbeddingCache(tmp_path))
    again = other.segment(volume, point, WINDOW)
    assert again.from_cache
    np.testing.assert_array_equal(again.mask, result.mask)
    assert not other.segment(volume, point, Window(0, 150), axis=1).from_cache
    assert len(engine.encoded) == 2


def test_wrong_prompts_are_refused_before_the_slow_step(volume: Volume) -> None:
    engine = BrightEngine()
    segmenter = InteractiveSegmenter(engine, EmbeddingCache(None))
    with pytest.raises(PromptError):
        segmenter.segment(volume, Prompts((PointPrompt((99, 0, 0)),)), WINDOW)
    with pytest.raises(PromptError, match="one value only"):
        segmenter.segment(volume, Prompts((PointPrompt((0, 0, 0)),)), WINDOW)
    assert engine.encoded == []


def short_of_memory(engine: BrightEngine, times: int) -> None:
    """Let the network run out of memory so many times, as torch tells of it on a processor."""
    encode = engine.encode

    def try_to(*given: Any) -> Any:
        nonlocal times
        times -= 1
        if times >= 0:
            raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried 4 GB")
        return encode(*given)

    engine.encode = try_to  # type: ignore[method-assign]


def test_for_want_of_memory_kept_embeddings_are_let_go(volume: Volume) -> None:
    engine, cache = BrightEngine(), EmbeddingCache(None)
    segmenter = InteractiveSegmenter(engine, cache)
    segmenter.prepare(volume, Plane(1, 20), WINDOW)
    short_of_memory(engine, 1)
    point = Prompts((PointPrompt((5, 20, 25)),))
    result = segmenter.segment(volume, point, WINDOW)
    np.testing.assert_array_equal(result.mask, volume.array[5] == 100)
    segmenter.prepare(volume, Plane(1, 20), WINDOW)
    assert len(engine.encoded) == 3, "the first is not held any more"


def test_no_memory_at_all_is_one_sentence(volume: Volume) -> None:
    engine = BrightEngine()
    segmenter = InteractiveSegmenter(engine, EmbeddingCache(None))
    short_of_memory(engine, 4)
    with pytest.raises(OutOfMemoryError, match=r"axial slice 5\. Close other images"):
        segmenter.segment(volume, Prompts((PointPrompt((5, 20, 25)),)), WINDOW)
    with pytest.raises(OutOfMemoryError):
        segmenter.prepare(volume, Plane(0, 5), WINDOW)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_voxels_of_eight_to_one_are_outlined_on_every_plane(axis: int) -> None:
    """Oblique too: a tilt changes where the patient is, never which voxels are marked."""
    array = np.zeros((10, 40, 44), np.int16)
    array[3:7, 8:24, 12:30] = 100
    lean = np.array([[1, 0, 0], [0, 0.8, 0.6], [0, -0.6, 0.8]])
    stored = Geometry(array.shape[::-1], (1.0, 1.0, 8.0), direction=lean.tolist())
    thick = Volume.from_source_array(array.T, stored, name="thick", format="made")
    middle = point_from_source(thick, (20, 16, 4))
    segmenter = InteractiveSegmenter(BrightEngine(), EmbeddingCache(None))
    result = segmenter.segment(thick, Prompts((middle,)), WINDOW, axis=axis)
    np.testing.assert_array_equal(result.mask, result.plane.view(thick.array) == 100)
    assert thick.array[middle.voxel] == 100


def test_the_last_slice_of_two_thousand_is_outlined(tmp_path: Path) -> None:
    array = np.memmap(tmp_path / "long", np.int16, "w+", shape=(2000, 32, 32))
    array[1990:, 8:20, 10:24] = 100
    stored = Geometry(array.shape[::-1], direction=np.eye(3).tolist())
    long = Volume.from_source_array(array.T, stored, name="long", format="made")
    segmenter = InteractiveSegmenter(BrightEngine(), EmbeddingCache(None))
    result = segmenter.segment(long, Prompts((PointPrompt((1999, 12, 15)),)), WINDOW)
    assert (result.plane, int(result.mask.sum())) == (Plane(0, 1999), 12 * 14)
    with pytest.raises(PromptError, match="outside the image"):
        segmenter.segment(long, Prompts((PointPrompt((2000, 12, 15)),)), WINDOW)


@pytest.mark.slow
def test_litemedsam_outlines_a_real_spleen(shared_data: Path) -> None:
    """Box and point on the slice that shows most of it; the reference is an expert's."""
    from napari_medssl.evaluate import dice
    from napari_medssl.io import read_labels, read_volume

    folder = shared_data / "msd-spleen-ct"
    volume = read_volume(folder / "spleen_2_crop_ct.nii.gz")
    spleen = read_labels(folder / "spleen_2_crop_label.nii.gz", volume) == 1
    z = int(spleen.sum(axis=(1, 2)).argmax())
    rows, columns = np.flatnonzero(spleen[z].any(axis=1)), np.flatnonzero(spleen[z].any(axis=0))
    box = BoxPrompt((z, rows[0], columns[0]), (z, rows[-1], columns[-1]))
    point = PointPrompt((z, float(rows.mean()), float(columns.mean())))
    segmenter = InteractiveSegmenter(load_engine("litemedsam"), EmbeddingCache(None))
    abdomen = Window(-160, 240)
    by_box = segmenter.segment(volume, Prompts(boxes=(box,)), abdomen, axis=0)
    by_point = segmenter.segment(volume, Prompts((point,)), abdomen, axis=0)
    assert dice(by_box.mask, spleen[z]) > 0.9
    assert dice(by_point.mask, spleen[z]) > 0.85
    assert by_point.from_cache
