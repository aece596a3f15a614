"""Whether declared pixels can be in the file."""

from __future__ import annotations

import numpy as np
import pytest
from dicom_phantoms import plain_image
from pydicom import uid

from napari_medssl.errors import UnreadableFileError
from napari_medssl.io.dicom.extent import check_extent, unread_bytes
from napari_medssl.io.dicom.stored import StoredPixels
from napari_medssl.io.dicom.tags import Tags


def _stored(syntax: str, frames: int = 1) -> StoredPixels:
    ds = plain_image(np.zeros((100, 100), "u1"))
    ds.NumberOfFrames = frames
    return StoredPixels.from_tags(Tags.of(ds), syntax, "PixelData", "OB", 500)


@pytest.mark.parametrize(
    ("syntax", "least"),
    [
        (uid.ExplicitVRLittleEndian, 500 + 10_000),
        (uid.RLELossless, 500 + 157),
        (uid.DeflatedExplicitVRLittleEndian, 10),
        (uid.JPEGBaseline8Bit, 500 + 8),
    ],
)
def test_the_least_file_that_can_hold_its_pixels(syntax: str, least: int) -> None:
    stored = _stored(syntax)
    check_extent(stored, None, least, "x.dcm")
    with pytest.raises(UnreadableFileError, match=r"'x\.dcm' .*10,000 bytes of pixels"):
        check_extent(stored, None, least - 1, "x.dcm")


def test_a_short_pixel_element_in_a_long_file_is_short() -> None:
    with pytest.raises(UnreadableFileError, match=r"9,000 of 10,000"):
        check_extent(_stored(uid.ExplicitVRLittleEndian), 9_000, 99_999, "x.dcm")


def test_bytes_beyond_those_declared_are_counted_but_for_an_even_length() -> None:
    stored = _stored(uid.ExplicitVRLittleEndian)
    assert unread_bytes(stored, 10_000) == 0
    assert unread_bytes(stored, 10_001) == 0
    assert unread_bytes(stored, 20_000) == 10_000
    assert unread_bytes(_stored(uid.RLELossless), None) == 0
