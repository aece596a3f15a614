from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from bright_engine import BrightEngine

from napari_medssl.errors import PromptError
from napari_medssl.segment import (
    BoxPrompt,
    EmbeddingCache,
    InteractiveSegmenter,
    Plane,
    PointPrompt,
    Prompts,
    load_engine,
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
