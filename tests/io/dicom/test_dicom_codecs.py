"""Every compression against another decoder or what went in; bombs and broken streams."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import numpy as np
import pydicom.data
import pytest
from dicom_phantoms import plain_image, save
from PIL import Image
from pydicom import uid
from pydicom.encaps import encapsulate

from napari_medssl.errors import UnreadableFileError
from napari_medssl.io.dicom import codecs as dicom_codecs
from napari_medssl.io.dicom.codecs import check_fragments, codec_for
from napari_medssl.io.dicom.headers import read_image_file
from napari_medssl.io.dicom.pixels import Wanted, decode, decode_here

PYDICOM_FILES = Path(pydicom.data.__file__).parent / "test_files"
SMOOTH = np.add.outer(np.arange(32), np.arange(40)).astype(np.uint8)


def _decoded(path: Path) -> np.ndarray:
    pixels = read_image_file(path).pixels
    return decode_here([Wanted(path, pixels, tuple(range(pixels.frames)))])


@pytest.mark.parametrize(
    "name",
    [
        *("MR_small_RLE", "MR_small_implicit", "MR_small_bigendian", "MR_small_jp2klossless"),
        *("MR_small_jpeg_ls_lossless", "MR_small_padded"),
    ],
)
def test_lossless_copies_of_one_image_are_alike(name: str) -> None:
    plain = _decoded(PYDICOM_FILES / "MR_small.dcm")
    copy = _decoded(PYDICOM_FILES / f"{name}.dcm")
    assert copy.dtype == plain.dtype
    assert (copy == plain).all()


@pytest.mark.parametrize(
    "name",
    [
        *("JPGExtended", "JPEG-lossy", "SC_rgb_jpeg_gdcm", "SC_rgb_dcmtk_+eb+cr"),
        *("SC_rgb_gdcm_KY", "SC_rgb_dcmtk_+eb+cy+np", "SC_rgb_jls_lossy_line", "SC_rgb_rle"),
        *("SC_jpeg_no_color_transform", "SC_rgb_small_odd_big_endian", "image_dfl"),
        *("SC_ybr_full_422_uncompressed", "693_J2KI"),
    ],
)
def test_pixels_agree_with_simpleitk(name: str) -> None:
    import SimpleITK

    path = PYDICOM_FILES / f"{name}.dcm"
    file = read_image_file(path)
    theirs = SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(str(path)))
    theirs = theirs.reshape(_decoded(path).shape) - int(file.frames[0].intercept)
    assert np.abs(_decoded(path).astype(int) - theirs).max() <= 1


def test_a_package_that_happens_to_be_installed_is_not_asked() -> None:
    chosen = {name: uid.UID(syntax).name for syntax, name in dicom_codecs._PLUGINS.items()}
    assert set(chosen) == {"pydicom", "pillow", "pyjpegls", "pylibjpeg"}
    by_pylibjpeg = [s for s, name in dicom_codecs._PLUGINS.items() if name == "pylibjpeg"]
    assert all("2000" in uid.UID(s).name for s in by_pylibjpeg)
    lossless = read_image_file(PYDICOM_FILES / "SC_rgb_jpeg_gdcm.dcm").pixels
    assert codec_for(lossless) == "SimpleITK"


def _jpeg_frames(count: int) -> list[bytes]:
    frames = []
    for n in range(count):
        buffer = io.BytesIO()
        Image.fromarray(SMOOTH + np.uint8(20 * n)).save(buffer, "JPEG", quality=95)
        frames.append(buffer.getvalue())
    return frames


def _compressed(path: Path, frames: list[bytes], syntax: str, *, table: bool = True) -> Path:
    ds = plain_image(np.zeros((len(frames), *SMOOTH.shape), np.uint8), syntax)
    ds.PixelData = encapsulate(frames, has_bot=table)
    ds["PixelData"].is_undefined_length = True
    return save(path, ds)


@pytest.mark.parametrize("table", [True, False])
def test_single_frames_of_many_are_decoded_in_the_order_asked(tmp_path: Path, table: bool) -> None:
    path = _compressed(tmp_path / "x.dcm", _jpeg_frames(5), uid.JPEGBaseline8Bit, table=table)
    pixels = read_image_file(path).pixels
    levels = decode_here([Wanted(path, pixels, (3, 0, 4))])[:, 0, 0].astype(int)
    assert np.abs(levels - [60, 0, 80]).max() <= 3


def test_compressed_pixels_that_end_early_are_refused(tmp_path: Path) -> None:
    path = _compressed(tmp_path / "x.dcm", _jpeg_frames(3), uid.JPEGBaseline8Bit)
    path.write_bytes(path.read_bytes()[:-400])
    with pytest.raises(UnreadableFileError, match="cut off in the middle"):
        _decoded(path)


def test_fewer_frames_than_declared_are_refused(tmp_path: Path) -> None:
    path = _compressed(tmp_path / "x.dcm", _jpeg_frames(3), uid.JPEGBaseline8Bit, table=False)
    ds = pydicom.dcmread(path)
    ds.NumberOfFrames = 4
    with pytest.raises(UnreadableFileError, match=r"damaged|cut off"):
        _decoded(save(tmp_path / "y.dcm", ds))


def test_fragments_are_walked_and_the_stream_left_where_it_was() -> None:
    whole = encapsulate(_jpeg_frames(2))
    stream = io.BytesIO(b"head" + whole)
    stream.seek(4)
    check_fragments(stream, "x.dcm")
    assert stream.tell() == 4
    with pytest.raises(UnreadableFileError, match=r"'x\.dcm' is cut off"):
        check_fragments(io.BytesIO(whole[:-20]), "x.dcm")


def test_a_picture_far_larger_than_declared_ends_in_its_child(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    Image.fromarray(SMOOTH).save(buffer, "JPEG2000", no_jp2=True, irreversible=False)
    stream = bytearray(buffer.getvalue())
    at = stream.index(b"\xff\x51") + 6  # image size, in the codestream's own header
    stream[at : at + 8] = struct.pack(">II", 60_000, 60_000)
    path = _compressed(tmp_path / "x.dcm", [bytes(stream)], uid.JPEG2000Lossless)
    pixels = read_image_file(path).pixels
    with pytest.raises(UnreadableFileError, match=r"damaged|memory|decoder stop"):
        decode([Wanted(path, pixels, (0,))])


def test_paths_need_not_be_absolute(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(PYDICOM_FILES)
    path = Path("MR_small_jpeg_ls_lossless.dcm")
    frames = decode([Wanted(path, read_image_file(path).pixels, (0,))])
    assert (frames == _decoded(PYDICOM_FILES / "MR_small.dcm")).all()
