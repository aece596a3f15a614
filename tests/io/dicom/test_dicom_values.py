"""Stored values to what they mean, and the type they are kept in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from dicom_phantoms import SliceMaker, plain_image, save

from napari_medssl.io.dicom import read_dicom
from napari_medssl.io.dicom.values import rescaled

if TYPE_CHECKING:
    from pathlib import Path

    from napari_medssl.volume import Volume

CT = SliceMaker(rows=2, columns=3)


def _read(path: Path, stored: list[list[int]], dtype: str = "u2", **tags: object) -> Volume:
    pixels = np.array(stored, dtype)
    ds = CT.dataset((0, 0, 0), 1, RescaleIntercept=0, **tags)
    plain = plain_image(pixels)
    for keyword in ("PixelData", "BitsAllocated", "PixelRepresentation", "Rows", "Columns"):
        ds[keyword] = plain[keyword]
    for keyword in ("BitsStored", "HighBit"):
        ds[keyword] = ds[keyword] if keyword in tags else plain[keyword]
    return read_dicom(save(path / "x.dcm", ds))


@pytest.mark.parametrize(
    ("dtype", "slope", "intercept", "kept"),
    [
        ("u2", 1, 0, "u2"),
        ("u1", 1, 0, "u1"),
        ("i2", 1, 0, "i2"),
        ("u2", 1, -1024, "i2"),
        ("u2", 1000, 0, "i4"),
        ("u2", 0.5, 0, "f4"),
        ("u2", 1, 0.25, "f4"),
        ("u2", 1e9, 0, "f4"),
    ],
)
def test_the_smallest_exact_type_is_kept(
    dtype: str, slope: float, intercept: float, kept: str
) -> None:
    stored = np.array([[[0, 7], [200, 3]]], dtype)
    array = rescaled(stored, [slope], [intercept])
    assert array.dtype == np.dtype(kept)
    np.testing.assert_allclose(array, stored.astype(float) * slope + intercept, rtol=1e-6)


def test_each_slice_has_its_own_slope() -> None:
    stored = np.full((2, 1, 1), 10, "u2")
    assert rescaled(stored, [0.5, 2.0], [0.0, 1.0]).ravel().tolist() == [5.0, 21.0]


def test_ct_is_hounsfield_and_pet_says_its_unit(tmp_path: Path) -> None:
    assert _read(tmp_path, [[1, 2, 3], [4, 5, 6]]).units == "HU"
    pet = _read(tmp_path, [[1, 2, 3], [4, 5, 6]], Modality="PT", Units="BQML", RescaleSlope=0.5)
    assert (pet.modality, pet.units, pet.array.dtype) == ("PT", "Bq/ml", np.float32)
    assert pet.array.ravel().tolist() == [0.5, 1, 1.5, 2, 2.5, 3]
    assert _read(tmp_path, [[1, 2, 3], [4, 5, 6]], RescaleType="US").units == ""


def test_bits_above_those_stored_are_cleared(tmp_path: Path) -> None:
    overlay = _read(tmp_path, [[0xF001, 2, 3], [4, 5, 0x1FFF]], BitsStored=12, HighBit=11)
    assert overlay.array.ravel().tolist() == [1, 2, 3, 4, 5, 4095]
    signed = _read(tmp_path, [[0x0FFF, 2, 3], [4, 5, 6]], "i2", BitsStored=12, HighBit=11)
    assert signed.array.ravel().tolist() == [-1, 2, 3, 4, 5, 6]


def test_bits_stored_at_the_top_are_moved_down(tmp_path: Path) -> None:
    volume = _read(tmp_path, [[0x0010, 0x0020, 0], [0, 0, 0xFFF0]], BitsStored=12, HighBit=15)
    assert volume.array.ravel().tolist() == [1, 2, 0, 0, 0, 4095]


def test_monochrome1_is_inverted_and_said_but_a_measurement_is_not(tmp_path: Path) -> None:
    tags = {"PhotometricInterpretation": "MONOCHROME1", "BitsStored": 8, "HighBit": 7}
    picture = _read(tmp_path, [[0, 1, 2], [3, 4, 255]], Modality="DX", **tags)
    assert picture.array.ravel().tolist() == [255, 254, 253, 252, 251, 0]
    assert "inverted" in {n.code for n in picture.notices}
    ct = _read(tmp_path, [[0, 1, 2], [3, 4, 255]], **tags)
    assert ct.array.ravel().tolist() == [0, 1, 2, 3, 4, 255]


def test_padding_that_would_shine_is_darkened_and_other_padding_kept(tmp_path: Path) -> None:
    bright = _read(tmp_path, [[63536, 1, 2], [3, 4, 63536]], PixelPaddingValue=63536)
    assert bright.array.ravel().tolist() == [1, 1, 2, 3, 4, 1]
    assert "padding-darkened" in {n.code for n in bright.notices}
    dark = _read(tmp_path, [[-2000, 1, 2], [3, 4, -2000]], "i2", PixelPaddingValue=-2000)
    assert dark.array.ravel().tolist() == [-2000, 1, 2, 3, 4, -2000]


def test_planes_and_pixels_of_colour_are_the_same_picture(tmp_path: Path) -> None:
    colours = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)
    by_pixel = plain_image(colours)
    by_plane = plain_image(colours)
    by_plane.PlanarConfiguration = 1
    by_plane.PixelData = np.moveaxis(colours, -1, 0).tobytes()
    for ds in (by_pixel, by_plane):
        volume = read_dicom(save(tmp_path / "x.dcm", ds))
        assert volume.is_rgb
        assert (np.moveaxis(volume.array[:, 0], 0, -1) == colours).all()


def test_palette_becomes_colour(tmp_path: Path) -> None:
    ds = plain_image(np.array([[0, 1], [2, 1]], np.uint8))
    ds.PhotometricInterpretation = "PALETTE COLOR"
    for n, colour in enumerate(("Red", "Green", "Blue")):
        setattr(ds, f"{colour}PaletteColorLookupTableDescriptor", [4, 0, 8])
        setattr(ds, f"{colour}PaletteColorLookupTableData", bytes([n, 10 + n, 20 + n, 30 + n]))
    volume = read_dicom(save(tmp_path / "x.dcm", ds))
    assert volume.array[:, 0].tolist() == [
        [[0, 10], [20, 10]],
        [[1, 11], [21, 11]],
        [[2, 12], [22, 12]],
    ]


def test_a_palette_that_is_missing_is_a_sentence(tmp_path: Path) -> None:
    from napari_medssl.errors import UnreadableFileError

    ds = plain_image(np.zeros((2, 2), np.uint8))
    ds.PhotometricInterpretation = "PALETTE COLOR"
    with pytest.raises(UnreadableFileError, match="colour table"):
        read_dicom(save(tmp_path / "x.dcm", ds))
