"""Payloads: unpacked no further than declared, checksums compared, sizes checked first."""

from __future__ import annotations

import gzip
import io
import subprocess
import sys
import time
import zlib
from typing import TYPE_CHECKING

import numpy as np
import pytest

from napari_medssl.errors import UnreadableFileError
from napari_medssl.io.packed import gzip_writer, packing_of, read_head
from napari_medssl.io.payload import Payload

if TYPE_CHECKING:
    from pathlib import Path

VOXELS = np.random.default_rng(0).integers(0, 9, 300_000, np.uint8).tobytes()
PACK = {
    "raw": lambda data: data,
    "gzip": lambda data: gzip.compress(data, 1),
    "zlib": lambda data: zlib.compress(data, 1),
}
PACKINGS = sorted(PACK)


def payload(tmp_path: Path, packing: str, data: bytes = VOXELS, **rest: int) -> Payload:
    path = tmp_path / "a.bin"
    path.write_bytes(b"head" + PACK[packing](data))
    return Payload(path, len(VOXELS), packing, offset=4, **rest)  # type: ignore[arg-type]


@pytest.mark.parametrize("packing", PACKINGS)
def test_reads_the_whole_and_a_part(tmp_path: Path, packing: str) -> None:
    whole, notices = payload(tmp_path, packing).read(0, len(VOXELS))
    assert whole.tobytes() == VOXELS
    assert notices == ()
    part, _ = payload(tmp_path, packing).read(150_000, 1000)
    assert part.tobytes() == VOXELS[150_000:151_000]


@pytest.mark.parametrize("packing", PACKINGS)
def test_skips_before_the_voxels(tmp_path: Path, packing: str) -> None:
    voxels, _ = payload(tmp_path, packing, b"skipped" + VOXELS, skip=7).read(0, 100)
    assert voxels.tobytes() == VOXELS[:100]


@pytest.mark.parametrize("packing", PACKINGS)
@pytest.mark.parametrize("extra", [1, 4096])
def test_a_few_bytes_more_are_said(tmp_path: Path, packing: str, extra: int) -> None:
    voxels, notices = payload(tmp_path, packing, VOXELS + bytes(extra)).read(0, len(VOXELS))
    assert voxels.tobytes() == VOXELS
    assert [notice.code for notice in notices] == ["trailing-bytes"]
    assert f"{extra:,} bytes" in notices[0].text


@pytest.mark.parametrize("packing", PACKINGS)
def test_many_bytes_more_are_refused(tmp_path: Path, packing: str) -> None:
    with pytest.raises(UnreadableFileError, match="more voxels than its header declares"):
        payload(tmp_path, packing, VOXELS + bytes(4097)).read(0, len(VOXELS))


@pytest.mark.parametrize("packing", PACKINGS)
@pytest.mark.parametrize("percent", range(0, 100, 5))
def test_cut_off(tmp_path: Path, packing: str, percent: int) -> None:
    cut = payload(tmp_path, packing)
    data = cut.path.read_bytes()
    cut.path.write_bytes(data[: 4 + (len(data) - 4) * percent // 100])
    with pytest.raises(UnreadableFileError, match=r"'a.bin' is cut off"):
        cut.read(0, 100)


@pytest.mark.parametrize("packing", ["gzip", "zlib"])
@pytest.mark.parametrize("place", [0.001, 0.3, 0.7, 0.9999])
def test_damaged(tmp_path: Path, packing: str, place: float) -> None:
    damaged = payload(tmp_path, packing)
    data = bytearray(damaged.path.read_bytes())
    data[4 + int((len(data) - 4) * place)] ^= 0xFF
    damaged.path.write_bytes(data)
    with pytest.raises(UnreadableFileError, match=r"damaged|cut off"):
        damaged.read(0, len(VOXELS))


@pytest.mark.parametrize("byte", range(-8, -4))
def test_flipped_checksum(tmp_path: Path, byte: int) -> None:
    flipped = payload(tmp_path, "gzip")
    data = bytearray(flipped.path.read_bytes())
    data[byte] ^= 1
    flipped.path.write_bytes(data)
    with pytest.raises(UnreadableFileError, match="are damaged"):
        flipped.read(0, 10)


def test_members_follow_one_another(tmp_path: Path) -> None:
    path = tmp_path / "a.gz"
    path.write_bytes(gzip.compress(VOXELS[:999], 1) + gzip.compress(VOXELS[999:], 1) + bytes(64))
    assert Payload(path, len(VOXELS), "gzip").read(0, len(VOXELS))[0].tobytes() == VOXELS


def test_bomb_is_refused_quickly_and_small(tmp_path: Path) -> None:
    """A packed quarter of a gigabyte behind a header of 64 kB, in a process of its own."""
    packer, path = zlib.compressobj(6, wbits=31), tmp_path / "bomb.gz"
    chunk = bytes(1 << 24)
    path.write_bytes(b"".join(packer.compress(chunk) for _ in range(16)) + packer.flush())
    assert path.stat().st_size < 3e5
    code = f"""
import resource
from pathlib import Path
from napari_medssl.errors import MedSSLError
from napari_medssl.io.payload import Payload
bomb = Payload(Path({str(path)!r}), 1 << 16, "gzip")
import psutil, isal.igzip
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    bomb.read(0, 1 << 16)
except MedSSLError as error:
    print(error)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""
    started = time.perf_counter()
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    words, grown = done.stdout.splitlines()
    assert "holds more voxels than its header declares" in words
    assert int(grown) < 20_000  # kB
    assert time.perf_counter() - started < 10  # most of it is starting Python


def test_declared_size_beyond_any_packing_is_refused_at_once(tmp_path: Path) -> None:
    path = tmp_path / "a.gz"
    path.write_bytes(gzip.compress(bytes(1000)))
    for packing in ("raw", "gzip", "zlib"):
        with pytest.raises(UnreadableFileError, match="cut off"):
            Payload(path, 32_000**3, packing).read(0, 32_000**3)  # type: ignore[arg-type]


def test_packing_is_told_by_content(tmp_path: Path) -> None:
    path = tmp_path / "a.nii"
    path.write_bytes(gzip.compress(b"abc"))
    assert packing_of(path) == "gzip"
    assert read_head(path, 2) == b"ab"
    assert read_head(path, 20) == b"abc"
    path.write_bytes(b"abc")
    assert packing_of(path) == "raw"
    assert read_head(path, 2) == b"ab"


def test_head_of_a_damaged_stream(tmp_path: Path) -> None:
    path = tmp_path / "a.nii.gz"
    data = gzip.compress(bytes(1000))
    path.write_bytes(data[:12])
    assert read_head(path, 348) == b""
    path.write_bytes(data[:2] + b"\x63" + data[3:])
    with pytest.raises(UnreadableFileError, match="damaged"):
        read_head(path, 348)


def test_gzip_writer_is_reproducible() -> None:
    streams = [io.BytesIO(), io.BytesIO()]
    for stream in streams:
        with gzip_writer(stream) as packed:
            packed.write(VOXELS)
        time.sleep(0.001)
    assert streams[0].getvalue() == streams[1].getvalue()
    assert gzip.decompress(streams[0].getvalue()) == VOXELS
