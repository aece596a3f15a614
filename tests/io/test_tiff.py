"""TIFF, as tifffile and Pillow wrote it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import tifffile
from PIL import Image

from napari_medssl.errors import (
    MedSSLError,
    UnsupportedFormatError,
    UsageError,
)
from napari_medssl.io.read import read_volume
from napari_medssl.io.tiff import read_tiff

if TYPE_CHECKING:
    from pathlib import Path

RNG = np.random.default_rng(5)


def noise(dtype: Any, *shape: int) -> np.ndarray[Any, Any]:
    return RNG.integers(0, 200, shape).astype(dtype)


@pytest.mark.parametrize("dtype", ["u1", "u2", "i2", "u4", "f4", "f8", ">u2"])
@pytest.mark.parametrize("shape", [(5, 7), (4, 5, 7)], ids=["page", "stack"])
def test_plain(tmp_path: Path, dtype: str, shape: tuple[int, ...]) -> None:
    data = noise(dtype, *shape)
    order = ">" if dtype[0] == ">" else "<"
    tifffile.imwrite(tmp_path / "a.tif", data, photometric="minisblack", byteorder=order)
    volume = read_tiff(tmp_path / "a.tif")
    np.testing.assert_array_equal(volume.array, data.reshape(-1, 5, 7))
    assert volume.array.dtype == np.dtype(dtype).newbyteorder("=")
    assert not volume.spacing_known
    with pytest.raises(UsageError, match="expected 0 to 0"):
        read_tiff(tmp_path / "a.tif", volume=1)


@pytest.mark.parametrize("planar", ["contig", "separate"])
@pytest.mark.parametrize("pages", [1, 3])
def test_colour(tmp_path: Path, planar: str, pages: int) -> None:
    data = noise("u1", pages, 5, 7, 3)
    written = data if planar == "contig" else np.moveaxis(data, -1, 1)
    tifffile.imwrite(tmp_path / "a.tif", written, photometric="rgb", planarconfig=planar)
    volume = read_tiff(tmp_path / "a.tif")
    np.testing.assert_array_equal(volume.array, np.moveaxis(data, -1, 0))


@pytest.mark.parametrize("packing", ["tiff_lzw", "tiff_adobe_deflate", "packbits"])
@pytest.mark.parametrize("kind", ["u1", "u2", "rgb"])
def test_packed(tmp_path: Path, packing: str, kind: str) -> None:
    data = noise("u1" if kind == "rgb" else kind, 3, 5, 7, *((3,) if kind == "rgb" else ()))
    pages = [Image.fromarray(page) for page in data]
    pages[0].save(tmp_path / "a.tif", save_all=True, append_images=pages[1:], compression=packing)
    volume = read_tiff(tmp_path / "a.tif")
    expected = np.moveaxis(data, -1, 0) if kind == "rgb" else data
    np.testing.assert_array_equal(volume.array, expected)
    assert volume.array.dtype == data.dtype


def test_imagej_stack_and_time(tmp_path: Path) -> None:
    data = noise("u1", 4, 5, 7)
    for axes in ("ZYX", "TYX"):
        tifffile.imwrite(tmp_path / "a.tif", data, imagej=True, metadata={"axes": axes})
        np.testing.assert_array_equal(read_tiff(tmp_path / "a.tif").array, data)


def test_what_is_no_stack(tmp_path: Path) -> None:
    for axes, shape in (("TZYX", (2, 3, 5, 7)), ("CYX", (2, 5, 7))):
        data = noise("u1", *shape)
        tifffile.imwrite(tmp_path / "a.tif", data, imagej=True, metadata={"axes": axes})
        with pytest.raises(UnsupportedFormatError, match="has the axes"):
            read_tiff(tmp_path / "a.tif")
    tifffile.imwrite(tmp_path / "b.tif", noise("u2", 5, 7, 3), photometric="rgb")
    with pytest.raises(UnsupportedFormatError, match="uint16 numbers in 3 channels"):
        read_tiff(tmp_path / "b.tif")
    with tifffile.TiffWriter(tmp_path / "c.tif") as tiff:
        tiff.write(noise("u1", 5, 7))
        tiff.write(noise("u1", 6, 7))
    with pytest.raises(UnsupportedFormatError, match="differ in size"):
        read_tiff(tmp_path / "c.tif")


@pytest.mark.parametrize("packing", [None, "tiff_lzw", "tiff_adobe_deflate"])
@pytest.mark.parametrize("percent", range(5, 100, 5))
def test_cut_off(tmp_path: Path, packing: str | None, percent: int) -> None:
    path = tmp_path / "a.tif"
    Image.fromarray(noise("u1", 64, 64)).save(path, compression=packing)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) * percent // 100])
    with pytest.raises(MedSSLError, match=r"'a\.tif'"):
        read_volume(path)


def test_strip_that_inflates_beyond_its_page(tmp_path: Path) -> None:
    """A page of 64 x 64 whose packed strip holds 64 MiB: libtiff stops at the page's size."""
    import zlib

    path = tmp_path / "a.tif"
    tifffile.imwrite(path, noise("u1", 64, 64), compression="zlib")
    with tifffile.TiffFile(path) as tiff:
        tags = tiff.pages[0].tags
        offset_at, count_at = tags["StripOffsets"].valueoffset, tags["StripByteCounts"].valueoffset
    bomb, data = zlib.compress(bytes(1 << 26)), bytearray(path.read_bytes())
    data[offset_at : offset_at + 4] = len(data).to_bytes(4, "little")
    data[count_at : count_at + 4] = len(bomb).to_bytes(4, "little")
    path.write_bytes(bytes(data) + bomb)
    assert read_volume(path).array.nbytes == 64 * 64
