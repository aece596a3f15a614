"""Damaged, cut off, huge and hostile files: a verdict for each, never anything but a sentence."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import nibabel as nib
import numpy as np
import pytest
import SimpleITK
import tifffile
from PIL import Image

from napari_medssl.errors import (
    GeometryError,
    MedSSLError,
    UnreadableFileError,
    UnsupportedFormatError,
)
from napari_medssl.io import read_volume
from napari_medssl.volume import Volume

if TYPE_CHECKING:
    from pathlib import Path

FEWEST_FLIPS = 100
LONGEST_S = 10.0

#: file of malformed-generated -> what it is refused with, or the notices it is loaded with
VERDICTS: dict[str, type[MedSSLError] | set[str]] = {
    "empty.nii.gz": UnreadableFileError,
    "truncated_gzip.nii.gz": UnreadableFileError,
    "not_gzip.nii.gz": UnreadableFileError,
    "uncompressed_named_gz.nii.gz": {"modality-guessed"},
    "bad_magic.nii": UnreadableFileError,
    "truncated_pixels.nii": UnreadableFileError,
    "zero_spacing.nii": GeometryError,
    "nan_affine.nii": {"sform-unusable", "modality-guessed"},
    "no_form_codes.nii": {"orientation-unknown", "modality-guessed"},
    "unknown_datatype.nii": UnreadableFileError,
    "nan_inf_voxels.nii.gz": {"not-finite-voxels", "modality-guessed"},
    "constant_image.nii.gz": {"constant-image", "modality-guessed"},
    "four_d.nii.gz": {"several-volumes", "modality-guessed"},
    "two_d.nii.gz": {"single-slice", "modality-guessed"},
    # as images these are whole; as labels they are refused (test_labels.py)
    "label_wrong_shape.nii.gz": {"modality-guessed"},
    "label_float_noninteger.nii.gz": {"modality-guessed"},
    "label_negative.nii.gz": {"modality-guessed"},
    "label_shifted_affine.nii.gz": {"modality-guessed"},
    "truncated.dcm": UnreadableFileError,
    "no_preamble.dcm": set(),
}


@pytest.mark.parametrize("name", VERDICTS)
def test_verdict(shared_data: Path, name: str) -> None:
    path, verdict = shared_data / "malformed-generated" / name, VERDICTS[name]
    if isinstance(verdict, set):
        volume = read_volume(path)
        found = {notice.code for notice in volume.notices}
        # what a DICOM file lacks is told by its own tests
        assert found == verdict or (name.endswith(".dcm") and volume.source.format == "dicom")
    else:
        with pytest.raises(verdict) as caught:
            read_volume(path)
        _is_a_sentence(str(caught.value), name, path)


def test_every_malformed_file_has_a_verdict(shared_data: Path) -> None:
    there = {path.name for path in (shared_data / "malformed-generated").iterdir()}
    assert there - {"SOURCES.md"} == set(VERDICTS)


def _is_a_sentence(words: str, name: str, path: Path) -> None:
    assert name in words
    assert str(path.parent) not in words
    assert words.endswith(".")
    assert "Error" not in words
    assert "\n" not in words


def write_all(folder: Path) -> dict[str, Path]:
    """One small, whole image of every format."""
    rng = np.random.default_rng(10)
    data = rng.integers(-1000, 1000, (9, 10, 11)).astype(np.int16)
    paths = {
        name: folder / name
        for name in (
            *("one.nii", "two.nii", "gz.nii.gz", "a.nrrd", "z.nrrd", "a.mha", "z.mha"),
            *("a.png", "a.jpg", "a.tif", "lzw.tif"),
        )
    }
    affine = np.diag([1.0, 2, 3, 1])
    nib.Nifti1Image(data, affine).to_filename(paths["one.nii"])
    nib.Nifti1Image(data, affine).to_filename(paths["gz.nii.gz"])
    nib.Nifti2Image(data, affine).to_filename(paths["two.nii"])
    for name in ("a.nrrd", "z.nrrd", "a.mha", "z.mha"):
        SimpleITK.WriteImage(SimpleITK.GetImageFromArray(data), str(paths[name]), name[0] == "z")
    grey = Image.fromarray(rng.integers(0, 255, (64, 64), np.uint8))
    grey.save(paths["a.png"])
    grey.save(paths["a.jpg"])
    grey.save(paths["lzw.tif"], compression="tiff_lzw")
    tifffile.imwrite(paths["a.tif"], data.astype("u2"))
    return paths


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return write_all(tmp_path_factory.mktemp("whole"))


NAMES = [
    *("one.nii", "two.nii", "gz.nii.gz", "a.nrrd", "z.nrrd", "a.mha", "z.mha"),
    *("a.png", "a.jpg", "a.tif", "lzw.tif"),
]


def verdict_of(path: Path) -> Volume | MedSSLError:
    started = time.perf_counter()
    try:
        return read_volume(path)
    except MedSSLError as error:
        _is_a_sentence(str(error), path.name, path)
        return error
    finally:
        assert time.perf_counter() - started < LONGEST_S


@pytest.mark.parametrize("name", NAMES)
def test_whole_files_are_loaded(whole: dict[str, Path], name: str) -> None:
    assert isinstance(verdict_of(whole[name]), Volume)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("percent", range(0, 100, 5))
def test_cut_off_is_never_loaded_in_part(
    whole: dict[str, Path], tmp_path: Path, name: str, percent: int
) -> None:
    data = whole[name].read_bytes()
    path = tmp_path / name
    path.write_bytes(data[: len(data) * percent // 100])
    verdict = verdict_of(path)
    if isinstance(verdict, Volume):  # a TIFF that lost only notes after its voxels
        assert name == "a.tif"
        assert "damaged-tags" in {notice.code for notice in verdict.notices}
        np.testing.assert_array_equal(verdict.array, read_volume(whole[name]).array)


@pytest.mark.parametrize("name", NAMES)
def test_flipped_bytes_of_the_header(whole: dict[str, Path], tmp_path: Path, name: str) -> None:
    """100 files a format, each with one to three random bytes of its header changed."""
    raw, path = whole[name].read_bytes(), tmp_path / name
    packed = name == "gz.nii.gz"
    raw = gzip.decompress(raw) if packed else raw
    head = {"one.nii": 352, "two.nii": 544, "gz.nii.gz": 352}.get(name, min(len(raw), 600))
    rng = np.random.default_rng(11)
    loaded = 0
    for _ in range(FEWEST_FLIPS):
        damaged = bytearray(raw)
        for place in rng.integers(0, head, rng.integers(1, 4)):
            damaged[place] ^= int(rng.integers(1, 256))
        path.write_bytes(gzip.compress(damaged, 1) if packed else damaged)
        loaded += isinstance(verdict_of(path), Volume)
    assert loaded < FEWEST_FLIPS  # some flip must have mattered


@pytest.mark.parametrize("name", ["gz.nii.gz", "z.nrrd", "z.mha", "a.png"])
def test_flipped_bytes_of_packed_voxels_are_always_seen(
    whole: dict[str, Path], tmp_path: Path, name: str
) -> None:
    raw, path = whole[name].read_bytes(), tmp_path / name
    rng = np.random.default_rng(12)
    for place in rng.integers(len(raw) // 2, len(raw), 30):
        damaged = bytearray(raw)
        damaged[place] ^= int(rng.integers(1, 256))
        path.write_bytes(damaged)
        verdict = verdict_of(path)
        # the last bytes of a PNG are its end mark, also checked
        assert isinstance(verdict, UnreadableFileError), place


def nifti_head(*sizes: int) -> bytes:
    header = nib.Nifti1Header()
    header.set_data_dtype(np.float32)
    header["dim"] = [len(sizes), *sizes, *[1] * (7 - len(sizes))]
    header["magic"], header["vox_offset"] = b"n+1", 352
    header.set_sform(np.eye(4), 1)
    return bytes(header.binaryblock) + bytes(68)


def bombs() -> dict[str, bytes]:
    zeros = gzip.compress(bytes(1 << 26), 6)
    nrrd = (
        "NRRD0005\ntype: float\ndimension: 3\nsizes: {0}\nspace: LPS\n"
        "space directions: (1,0,0) (0,1,0) (0,0,1)\nendian: little\nencoding: {1}\n\n"
    )
    meta = (
        "ObjectType = Image\nNDims = 3\nDimSize = {0}\nElementType = MET_FLOAT\n"
        "CompressedData = {1}\nElementDataFile = LOCAL\n"
    )
    huge = "60000 60000 60000"
    return {
        "dims.nii": nifti_head(32000, 32000, 32000),
        "dims.nii.gz": gzip.compress(nifti_head(32000, 32000, 32000)),
        "more.nii.gz": gzip.compress(nifti_head(10, 10, 10) + bytes(1 << 26), 6),
        "volumes.nii.gz": gzip.compress(nifti_head(64, 64, 64, 32000)),
        "dims.nrrd": nrrd.format(huge, "raw").encode() + bytes(100),
        "dims_gz.nrrd": nrrd.format(huge, "gzip").encode() + zeros,
        "more.nrrd": nrrd.format("10 10 10", "gzip").encode() + zeros,
        "dims.mha": meta.format(huge, "False").encode() + bytes(100),
        "dims_z.mha": meta.format(huge, "True").encode() + zeros,
        "more.mha": meta.format("10 10 10", "True").encode() + zeros,
        "memory.nii": nifti_head(30000, 30000, 4000),
    }


def test_bombs(tmp_path: Path) -> None:
    """Each refused in under two seconds, in a process that grows by less than 50 MB in all."""
    for name, data in bombs().items():
        (tmp_path / name).write_bytes(data)
    with (tmp_path / "memory.nii").open("rb+") as file:  # whole, sparse: more than any memory
        file.truncate(352 + 4 * 30000 * 30000 * 4000)
    code = f"""
import json, resource, time
from pathlib import Path
from napari_medssl.io import read_volume
from napari_medssl.errors import MedSSLError
import psutil
grown, told = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, {{}}
for path in Path({str(tmp_path)!r}).iterdir():
    started = time.perf_counter()
    try:
        read_volume(path)
    except MedSSLError as error:
        told[path.name] = str(error), time.perf_counter() - started
print(json.dumps([told, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - grown]))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    told, grown = json.loads(done.stdout)
    assert told.keys() == bombs().keys()
    for name, (words, seconds) in told.items():
        _is_a_sentence(words, name, tmp_path / name)
        assert seconds < 10, "as long as inflating it would take"
    assert "GB of memory" in told["memory.nii"][0]
    assert grown < 50_000  # kB


@pytest.mark.parametrize(
    "named",
    ["/etc/passwd", "../secret.raw", "sub/../../secret.raw", "link.raw", "up/secret.raw"],
)
@pytest.mark.parametrize("suffix", ["nhdr", "mhd"])
def test_detached_headers_stay_in_their_folder(tmp_path: Path, suffix: str, named: str) -> None:
    folder = tmp_path / "case"
    (folder / "sub").mkdir(parents=True)
    (tmp_path / "secret.raw").write_bytes(b"root:x:0" * 100)
    (folder / "link.raw").symlink_to(tmp_path / "secret.raw")
    (folder / "up").symlink_to(tmp_path)
    text = {
        "nhdr": "NRRD0005\ntype: uint8\ndimension: 3\nsizes: 2 2 2\nspace: LPS\n"
        "space directions: (1,0,0) (0,1,0) (0,0,1)\nencoding: raw\n"
        f"data file: {named}\n",
        "mhd": "ObjectType = Image\nNDims = 3\nDimSize = 2 2 2\nElementType = MET_UCHAR\n"
        f"ElementDataFile = {named}\n",
    }[suffix]
    path = folder / f"a.{suffix}"
    path.write_text(text)
    verdict = verdict_of(path)
    assert isinstance(verdict, UnreadableFileError)
    assert "outside its own folder" in str(verdict)


def test_data_file_that_is_a_pipe_does_not_hang(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.raw")
    (tmp_path / "a.mhd").write_text(
        "ObjectType = Image\nNDims = 3\nDimSize = 2 2 2\nElementType = MET_UCHAR\n"
        "ElementDataFile = a.raw\n"
    )
    assert isinstance(verdict_of(tmp_path / "a.mhd"), UnreadableFileError)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.gif", b"GIF89a" + bytes(100)),
        ("a.bmp", b"BM" + bytes(100)),
        ("a.zip", b"PK\3\4" + bytes(100)),
        ("a.txt", b"hello " * 100),
        ("a.raw", bytes(5000)),
        ("a.gz", gzip.compress(b"hello " * 100, mtime=0)),
    ],
)
def test_other_formats(tmp_path: Path, name: str, content: Any) -> None:
    (tmp_path / name).write_bytes(content)
    verdict = verdict_of(tmp_path / name)
    assert isinstance(verdict, UnsupportedFormatError)
    assert "NIfTI (.nii, .nii.gz)" in str(verdict)
