from __future__ import annotations

import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from bright_engine import BrightEngine
from PIL import Image

from napari_medssl.segment import EmbeddingCache, InteractiveSegmenter, Plane

FILE = Path(__file__).resolve().parents[2] / "benchmarks" / "prompt_accuracy.py"


@pytest.fixture(scope="module")
def benchmark_script() -> ModuleType:
    spec = spec_from_file_location("prompt_accuracy", FILE)
    assert spec is not None
    assert spec.loader is not None
    script = module_from_spec(spec)
    sys.modules["prompt_accuracy"] = script
    spec.loader.exec_module(script)
    return script


def test_masks_belong_to_the_image_of_their_name(
    benchmark_script: ModuleType, tmp_path: Path
) -> None:
    for name in ("images/a.png", "images/b.jpg", "images/c.nii.gz", "images/lone.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "masks").mkdir()
    for name in ("a.png", "a_1.png", "a_10.png", "b.png", "c.nii.gz", "ab.png"):
        (tmp_path / "masks" / name).touch()
    found = benchmark_script.pairs(tmp_path / "images", tmp_path / "masks")
    assert {image.name: [mask.name for mask in masks] for image, masks in found} == {
        "a.png": ["a.png", "a_1.png"],
        "b.jpg": ["b.png"],
        "c.nii.gz": ["c.nii.gz"],
    }


def test_prompts_are_taken_from_the_object(benchmark_script: ModuleType) -> None:
    object_ = np.zeros((30, 40), bool)
    object_[0:11, 5:16] = True
    object_[5, 16:30] = True
    (box,) = benchmark_script.box_of(Plane(1, 7), object_).boxes
    assert (box.low_zyx, box.high_zyx) == ((0, 7, 5), (10, 7, 29))
    (point,) = benchmark_script.point_of(Plane(0, 7), object_).points
    assert point.zyx == (7, 5, 10)


def test_each_click_mends_the_outline_before(benchmark_script: ModuleType, tmp_path: Path) -> None:
    """Two blocks of one label: the second click finds the one that the first did not."""
    grey = np.zeros((64, 96), np.uint8)
    grey[10:34, 10:34] = grey[40:56, 60:76] = 255
    for name in ("image.png", "mask.png"):
        Image.fromarray(grey).save(tmp_path / name)
    segmenter = InteractiveSegmenter(BrightEngine(), EmbeddingCache(None))
    files = (tmp_path / "image.png", [tmp_path / "mask.png"])
    tally = benchmark_script.score(segmenter, *files, clicks=(1, 2))
    assert set(tally.scores) == {"box", "1 point", "2 points"}
    first, second = (tally.scores[kind][0] for kind in ("1 point", "2 points"))
    assert first == pytest.approx(2 * 576 / (576 + 832), abs=0.05)
    assert second > 0.95
    tally.join(benchmark_script.score(segmenter, *files, box=False))
    assert (tally.images, len(tally.scores["box"]), len(tally.scores["1 point"])) == (2, 1, 2)
