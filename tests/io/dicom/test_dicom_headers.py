"""Hostile and damaged headers: a sentence each, at once, and nothing that grows."""

from __future__ import annotations

import random
import struct
import time
import zlib
from pathlib import Path

import numpy as np
import pydicom.data
import pytest
from dicom_phantoms import SliceMaker, axial, enhanced, plain_image, save
from pydicom import uid
from pydicom.encaps import encapsulate

from napari_medssl.errors import MedSSLError, UnreadableFileError
from napari_medssl.io.dicom import read_dicom
from napari_medssl.io.dicom.headers import read_image_file

PYDICOM_FILES = Path(pydicom.data.__file__).parent / "test_files"
ITEM, ITEM_END, END = b"\xfe\xff\x00\xe0", b"\xfe\xff\x0d\xe0\0\0\0\0", b"\xfe\xff\xdd\xe0\0\0\0\0"
UNDEFINED = b"\xff\xff\xff\xff"


def _slice(path: Path, **tags: object) -> Path:
    return SliceMaker().write(path, (0, 0, 0), 1, **tags)


def _nested(levels: int, *, defined: bool) -> bytes:
    """A sequence in a sequence in ... of group 0009."""
    head = b"\x09\x00\x01\x10SQ\0\0"
    if not defined:
        return (head + UNDEFINED + ITEM + UNDEFINED) * levels + (ITEM_END + END) * levels
    body = b""
    for _ in range(levels):
        item = ITEM + struct.pack("<I", len(body)) + body
        body = head + struct.pack("<I", len(item)) + item
    return body


@pytest.mark.parametrize("defined", [True, False])
@pytest.mark.parametrize("levels", [300, 20_000])
def test_deeply_nested_sequences_do_no_harm(tmp_path: Path, levels: int, defined: bool) -> None:
    path = _slice(tmp_path / "x.dcm")
    plain = path.read_bytes()
    at = plain.index(b"\x28\x00\x02\x00US")
    path.write_bytes(plain[:at] + _nested(levels, defined=defined) + plain[at:])
    started = time.perf_counter()
    if defined:  # its length lets us step over it unread, so the image is read right
        assert read_dicom(path).array.shape == (1, 12, 10)
    else:
        with pytest.raises(UnreadableFileError, match="nested too deeply"):
            read_dicom(path)
    assert time.perf_counter() - started < 10


@pytest.mark.parametrize("name", ["MR_small.dcm", "MR_small_RLE.dcm", "MR_small_implicit.dcm"])
def test_truncated_anywhere_is_never_silently_short(tmp_path: Path, name: str) -> None:
    whole = (PYDICOM_FILES / name).read_bytes()
    expected = _read_bytes(tmp_path, whole)
    assert isinstance(expected, np.ndarray)
    for percent in range(0, 100, 5):
        result = _read_bytes(tmp_path, whole[: len(whole) * percent // 100])
        assert isinstance(result, MedSSLError), f"{percent} % was read"


def test_random_damage_gives_a_volume_or_a_sentence(tmp_path: Path) -> None:
    names = ("CT_small.dcm", "MR_small_RLE.dcm", "MR_small_bigendian.dcm", "image_dfl.dcm")
    seeds = [(PYDICOM_FILES / name).read_bytes() for name in names]
    path = save(tmp_path / "e.dcm", enhanced(SliceMaker(), axial([0, 2, 4]), (1.0, 2.0)))
    seeds.append(path.read_bytes())
    path.unlink()
    draw = random.Random(7)  # noqa: S311 - damage, not secrets
    refused = 0
    for _ in range(300):
        damaged = bytearray(draw.choice(seeds))
        for _ in range(draw.choice((1, 5, 20))):
            at = draw.randrange(min(len(damaged), 4000) - 4)
            damaged[at : at + 4] = draw.choice(
                (UNDEFINED, b"\xfe\xff\xff\xff", bytes(4), draw.randbytes(4))
            )
        refused += isinstance(_read_bytes(tmp_path, bytes(damaged)), MedSSLError)
    assert 100 < refused < 300


def _read_bytes(folder: Path, content: bytes) -> object:
    """Read a file of these bytes; whatever is raised but a sentence fails the test."""
    path = folder / "x.dcm"
    path.write_bytes(content)
    try:
        return read_dicom(path).array
    except MedSSLError as error:
        return error


def test_more_frames_than_the_file_can_hold(tmp_path: Path) -> None:
    for syntax in (uid.ExplicitVRLittleEndian, uid.RLELossless, uid.JPEGBaseline8Bit):
        ds = plain_image(np.zeros((8, 8), np.uint8), syntax)
        if syntax != uid.ExplicitVRLittleEndian:
            ds.PixelData = encapsulate([bytes(200)])
            ds["PixelData"].is_undefined_length = True
        ds.NumberOfFrames = 2_000_000_000
        path = save(tmp_path / "x.dcm", ds)
        with pytest.raises(UnreadableFileError, match="bytes of pixels"):
            read_image_file(path)


def test_deflate_bomb_is_refused_without_inflating_it(tmp_path: Path) -> None:
    path = _slice(tmp_path / "x.dcm")
    plain = path.read_bytes()
    at = plain.index(b"\x08\x00\x16\x00")
    head = plain[:at].replace(b"\x1a\x001.2.840.10008.1.2.1\0", b"")
    ds = pydicom.Dataset()
    ds.file_meta = pydicom.dataset.FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = uid.DeflatedExplicitVRLittleEndian
    ds.SOPClassUID, ds.SOPInstanceUID = uid.CTImageStorage, "1.2.3"
    save(path, ds)
    head = path.read_bytes()
    head = head[: head.index(b"1.2.840.10008.1.2.1.99") + 22]
    bomb = zlib.compressobj(9, zlib.DEFLATED, -15)
    body = bomb.compress(b"\x08\x00\x70\x00LO\xff\x7f" + bytes(200_000_000)) + bomb.flush()
    path.write_bytes(head + body)
    started = time.perf_counter()
    with pytest.raises(UnreadableFileError):
        read_dicom(path)
    assert time.perf_counter() - started < 10


def test_pixels_beyond_those_declared_are_said(tmp_path: Path) -> None:
    path = _slice(tmp_path / "x.dcm", Rows=6)
    (unread, _) = read_dicom(path).notices
    assert unread.code == "unread-pixels"
    assert "120 bytes" in unread.text


@pytest.mark.parametrize(
    ("tags", "words"),
    [
        ({"Rows": 0}, "how many rows"),
        ({"BitsAllocated": 12}, "12 bits, highest"),
        ({"BitsStored": 17}, "stores 17 of 16 bits"),
        ({"SamplesPerPixel": 2}, "has 2 samples"),
        ({"PhotometricInterpretation": "CMYK"}, "of the kind 'CMYK'"),
        ({"Rows": 13}, "is cut off: 240 of 260 bytes"),
    ],
)
def test_impossible_pixels_are_refused(tmp_path: Path, tags: dict[str, object], words: str) -> None:
    with pytest.raises(UnreadableFileError, match=words):
        read_image_file(_slice(tmp_path / "x.dcm", **tags))


def test_many_headers_are_read_fast(tmp_path: Path) -> None:
    maker = SliceMaker()
    for n in range(300):
        maker.write(tmp_path / f"{n}", (0, 0, n), n)
    read_dicom(tmp_path / "0")
    started = time.perf_counter()
    assert read_dicom(tmp_path).source.geometry.shape[2] == 300
    assert time.perf_counter() - started < 4
