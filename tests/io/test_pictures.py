"""PNG and JPEG, as Pillow wrote them."""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image

from napari_medssl.errors import UnreadableFileError, UnsupportedFormatError, UsageError
from napari_medssl.io import pictures
from napari_medssl.io.pictures import read_picture

if TYPE_CHECKING:
    from pathlib import Path

    from napari_medssl.volume import Volume

RNG = np.random.default_rng(4)
GREY = RNG.integers(0, 255, (5, 7), np.uint8)
DEEP = RNG.integers(0, 65535, (5, 7), np.uint16)
COLOUR = RNG.integers(0, 255, (5, 7, 4), np.uint8)


def save(path: Path, data: Any, **options: Any) -> Path:
    image = data if isinstance(data, Image.Image) else Image.fromarray(data)
    image.save(path, **options)
    return path


def codes(volume: Volume) -> set[str]:
    return {notice.code for notice in volume.notices}


def png(path: Path, width: int, height: int, depth: int, colour: int, data: bytes) -> Path:
    """Write a PNG by hand."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(data)) + chunk(b"IEND", b"")
    path.write_bytes(pictures.PNG_MAGIC + body)
    return path


@pytest.mark.parametrize("data", [GREY, DEEP], ids=["8 bit", "16 bit"])
def test_grey(tmp_path: Path, data: Any) -> None:
    volume = read_picture(save(tmp_path / "a.png", data))
    np.testing.assert_array_equal(volume.array[0], data)
    assert volume.array.dtype == data.dtype
    assert volume.index_from_source((6, 4, 0)) == (0, 4, 6)


def test_what_a_picture_does_not_say(tmp_path: Path) -> None:
    path = save(tmp_path / "a.png", GREY, dpi=(300, 300))
    volume = read_picture(path)
    assert not volume.spacing_known
    assert not volume.orientation_known
    assert volume.geometry.spacing_mm == (1, 1, 1)
    assert (volume.modality, volume.source.format) == ("OT", "picture")
    assert codes(volume) == {"spacing-assumed", "single-slice"}
    with pytest.raises(UsageError, match="expected 0 to 0"):
        read_picture(path, volume=1)


def test_colour_and_opacity(tmp_path: Path) -> None:
    volume = read_picture(save(tmp_path / "a.png", COLOUR[..., :3]))
    np.testing.assert_array_equal(volume.array[:, 0], np.moveaxis(COLOUR[..., :3], -1, 0))
    volume = read_picture(save(tmp_path / "b.png", COLOUR))
    np.testing.assert_array_equal(volume.array[:, 0], np.moveaxis(COLOUR[..., :3], -1, 0))
    assert "alpha-dropped" in codes(volume)
    volume = read_picture(save(tmp_path / "c.png", Image.fromarray(COLOUR[..., :2], "LA")))
    np.testing.assert_array_equal(volume.array[0], COLOUR[..., 0])
    assert "alpha-dropped" in codes(volume)


def test_two_colours_and_palettes(tmp_path: Path) -> None:
    volume = read_picture(save(tmp_path / "a.png", GREY > 100))
    np.testing.assert_array_equal(volume.array[0], np.where(GREY > 100, 255, 0))
    entries = Image.fromarray(GREY % 3, "P")
    entries.putpalette([0, 0, 0, 255, 0, 0, 0, 0, 255])
    volume = read_picture(save(tmp_path / "b.png", entries))
    colours = np.array([[0, 0, 0], [255, 0, 0], [0, 0, 255]], np.uint8)[GREY % 3]
    np.testing.assert_array_equal(volume.array[:, 0], np.moveaxis(colours, -1, 0))
    volume = read_picture(tmp_path / "b.png", palette_as_values=True)
    np.testing.assert_array_equal(volume.array[0], GREY % 3)
    entries.putpalette([0, 0, 0, 9, 9, 9, 200, 200, 200])
    volume = read_picture(save(tmp_path / "c.png", entries))
    np.testing.assert_array_equal(volume.array[0], np.array([0, 9, 200])[GREY % 3])


def test_sixteen_bit_colour_is_told(tmp_path: Path) -> None:
    rows = b"".join(b"\0" + RNG.bytes(7 * 6) for _ in range(5))
    volume = read_picture(png(tmp_path / "a.png", 7, 5, 16, 2, rows))
    assert volume.array.shape == (3, 1, 5, 7)
    assert "depth-reduced" in codes(volume)


def test_jpeg(tmp_path: Path) -> None:
    smooth = np.add.outer(np.arange(40), np.arange(50)).astype(np.uint8)
    path = save(tmp_path / "a.jpg", smooth, quality=95)
    np.testing.assert_allclose(read_picture(path).array[0], smooth, atol=4)
    path = save(tmp_path / "b.jpg", Image.fromarray(smooth).convert("CMYK"))
    assert read_picture(path).is_rgb


@pytest.mark.parametrize("suffix", ["png", "jpg"])
@pytest.mark.parametrize("percent", range(5, 100, 5))
def test_cut_off(tmp_path: Path, suffix: str, percent: int) -> None:
    path = save(tmp_path / f"a.{suffix}", RNG.integers(0, 255, (64, 64), np.uint8))
    data = path.read_bytes()
    path.write_bytes(data[: len(data) * percent // 100])
    with pytest.raises(UnreadableFileError, match="damaged or cut off"):
        read_picture(path)


def test_every_flipped_byte_of_a_png_is_seen(tmp_path: Path) -> None:
    path = save(tmp_path / "a.png", GREY)
    data = path.read_bytes()
    for place in range(8, len(data)):
        damaged = bytearray(data)
        damaged[place] ^= 0x21
        path.write_bytes(damaged)
        with pytest.raises((UnreadableFileError, UnsupportedFormatError)):
            read_picture(path)


def test_bombs(tmp_path: Path) -> None:
    with pytest.raises(UnsupportedFormatError, match="32,000 x 32,000 pixels"):
        read_picture(png(tmp_path / "a.png", 32_000, 32_000, 8, 0, bytes(1000)))
    with pytest.raises(UnreadableFileError, match="damaged or cut off"):
        read_picture(png(tmp_path / "b.png", 10_000, 10_000, 8, 0, bytes(1000)))
    frame = save(tmp_path / "c.jpg", GREY).read_bytes()
    start = frame.index(b"\xff\xc0")
    huge = frame[: start + 5] + struct.pack(">HH", 60_000, 60_000) + frame[start + 9 :]
    (tmp_path / "c.jpg").write_bytes(huge)
    with pytest.raises(UnsupportedFormatError, match="60,000 x 60,000 pixels"):
        read_picture(tmp_path / "c.jpg")


def test_real_ultrasound(shared_data: Path) -> None:
    paths = sorted(shared_data.glob("usgra-nerve-vessel-us/**/*.png"))[:6]
    paths += sorted(shared_data.glob("busi-breast-us/images/*.png"))[:3]
    assert len(paths) == 9
    for path in paths:
        with Image.open(path) as image:
            width, height = image.size
        assert read_picture(path).geometry.shape == (1, height, width)
