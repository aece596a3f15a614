"""Plain words for people and plain data for programs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import nibabel as nib
import numpy as np
import pytest

from napari_medssl.io import read_volume
from napari_medssl.io.summary import describe, plain_words
from napari_medssl.volume import Geometry, Volume

if TYPE_CHECKING:
    from pathlib import Path


def made(stored: np.ndarray[Any, Any], affine: Any = None, **rest: Any) -> Volume:
    affine = np.diag([2.0, 3, 4, 1]) if affine is None else affine
    geometry = Geometry.from_affine(stored.shape[-3:], affine)
    return Volume.from_source_array(stored, geometry, name="made", format="made", **rest)


def test_real_ct(shared_data: Path) -> None:
    volume = read_volume(shared_data / "msd-spleen-ct" / "spleen_2_crop_ct.nii.gz")
    words = plain_words(volume)
    assert words[0] == "CT, 164 x 166 x 26 voxels of 0.79 x 0.79 x 5.00 mm"
    assert words[1] == "Field of view 130 x 132 x 130 mm"
    assert words[2] == "Axes: stored R-A-S"
    assert words[3].startswith("Values: -")
    assert words[3].endswith(" HU (float32)")


def test_description_is_json(shared_data: Path) -> None:
    volume = read_volume(shared_data / "oblique-orientation" / "CT_pitch.nii.gz")
    told = json.loads(json.dumps(describe(volume), allow_nan=False))
    image = nib.load(shared_data / "oblique-orientation" / "CT_pitch.nii.gz")
    assert told["size"] == list(image.shape)
    np.testing.assert_allclose(told["spacing_mm"], image.header.get_zooms(), rtol=1e-5)
    assert told["axes"] == "".join(nib.aff2axcodes(image.affine))
    assert told["oblique_degrees"] == pytest.approx(16.5, abs=0.2)
    assert told["notices"][0].keys() == {"code", "text"}
    assert "tilted by 16.5 degrees" in plain_words(volume)[2]


def test_what_is_not_known_is_not_said() -> None:
    volume = made(np.zeros((5, 6, 1), np.uint8), spacing_known=False, orientation_known=False)
    assert plain_words(volume) == [
        "Image, 5 x 6 pixels of unknown size",
        "Field of view unknown",
        "Axes: the sides of the patient are not known",
        "Values: 0 to 0 (uint8)",
    ]


def test_cine_colour_and_single_slice() -> None:
    cine = made(np.zeros((3, 5, 6, 7), np.uint8), modality="US", stack="time")
    assert (
        plain_words(cine)[0] == "Ultrasound in colour, 5 x 6 x 7 frames of pixels of 2.00 x 3.00 mm"
    )
    assert plain_words(cine)[1] == "Field of view 10 x 18 mm"
    assert plain_words(made(np.zeros((5, 6, 1), np.uint8)))[0] == (
        "Image, 5 x 6 pixels of 2.00 x 3.00 mm"
    )


@pytest.mark.parametrize(("value", "words"), [(1.5, "Values: 1.5 to 1.5"), (np.nan, "none is")])
def test_values_that_are_no_numbers(value: float, words: str) -> None:
    stored = np.full((2, 3, 4), np.nan, np.float32)
    stored[0, 0, 0], stored[0, 0, 1] = value, np.inf
    volume = made(stored)
    assert words in plain_words(volume)[3]
    json.dumps(describe(volume), allow_nan=False)


def test_which_volume_of_how_many() -> None:
    volume = made(np.zeros((2, 3, 4), np.uint8), volume=1, volumes=3)
    assert plain_words(volume)[-1] == "Volume 1 of 0 to 2"
