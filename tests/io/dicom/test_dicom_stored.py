"""What a header says of its stored pixels, and what it cannot say."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from dicom_phantoms import plain_image
from pydicom import uid

from napari_medssl.io.dicom.stored import StoredPixels
from napari_medssl.io.dicom.tags import Tags


def _stored(pixels: Any, syntax: str = uid.ExplicitVRLittleEndian, **tags: Any) -> StoredPixels:
    ds = plain_image(pixels)
    for keyword, value in tags.items():
        setattr(ds, keyword, value)
    return StoredPixels.from_tags(Tags.of(ds), syntax, "PixelData", "OW", 128)


@pytest.mark.parametrize("dtype", ["u1", "i2", "u2", "i4", "u4"])
def test_type_and_size_follow_the_header(dtype: str) -> None:
    stored = _stored(np.zeros((3, 4, 5), dtype))
    assert stored.dtype == np.dtype(dtype)
    assert (stored.frames, stored.rows, stored.columns) == (3, 4, 5)
    assert stored.native_bytes == 60 * np.dtype(dtype).itemsize


def test_single_bits_are_packed_across_frames() -> None:
    stored = _stored(np.zeros((3, 3, 3), "u1"), BitsAllocated=1, BitsStored=1, HighBit=0)
    assert stored.native_bytes == 4
    assert stored.dtype == np.uint8


def test_halved_colours_take_two_thirds() -> None:
    colours = np.zeros((2, 4, 3), "u1")
    assert _stored(colours).native_bytes == 24
    assert _stored(colours, PhotometricInterpretation="YBR_FULL_422").native_bytes == 16


def test_compressed_or_not() -> None:
    grey = np.zeros((2, 2), "u1")
    assert not _stored(grey).is_encapsulated
    assert not _stored(grey, uid.DeflatedExplicitVRLittleEndian).is_encapsulated
    assert _stored(grey, uid.RLELossless).is_encapsulated


def test_floating_point_pixels_keep_their_type() -> None:
    tags = Tags.of(plain_image(np.zeros((2, 2), "u4")))
    stored = StoredPixels.from_tags(tags, uid.ExplicitVRLittleEndian, "FloatPixelData", "OF", 0)
    assert stored.is_float
    assert stored.dtype == np.float32


@pytest.mark.parametrize(
    ("tags", "words"),
    [
        ({"NumberOfFrames": 0}, "how many frames"),
        ({"Columns": 0}, "how many rows, columns"),
        ({"HighBit": 20}, "impossible"),
        ({"SamplesPerPixel": 4}, "4 samples"),
    ],
)
def test_what_cannot_be_is_the_rest_of_a_sentence(tags: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        _stored(np.zeros((4, 4), "u2"), **tags)
