from __future__ import annotations

import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from napari_medssl.segment import Plane

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
