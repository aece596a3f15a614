from __future__ import annotations

import json
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from napari_medssl.cli import app


@pytest.mark.slow
def test_headless_saves_a_mask_a_picture_and_prints_figures(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["demo", "--headless", "--json", "--out", str(tmp_path)])
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    mask = nib.load(told["mask"])
    carried = Path(nib.__file__).parent / "tests" / "data" / "example4d.nii.gz"
    source = nib.load(carried)
    assert mask.shape == source.shape[:3]
    np.testing.assert_array_equal(mask.affine, source.affine)
    assert 1 < told["millilitres"] < 60
    with Image.open(told["picture"]) as picture:
        assert picture.width > 500
    assert told["encode_seconds"] > 0
    boxes = [row["box_dice"] for row in told["abdomen"]]
    points = [row["point_dice"] for row in told["abdomen"]]
    assert np.mean(boxes) > 0.9
    assert np.mean(points) > 0.7
