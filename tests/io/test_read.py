"""The one door: content before name, and a sentence for whatever comes."""

from __future__ import annotations

import gzip
import shutil
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest
from PIL import Image

from napari_medssl.errors import (
    GeometryError,
    UnreadableFileError,
    UnsupportedFormatError,
    UsageError,
)
from napari_medssl.io import can_read, list_series, read, read_volume, write_volume
from napari_medssl.volume import Volume


@pytest.fixture
def nifti(tmp_path: Path) -> Path:
    path = tmp_path / "a.nii"
    nib.Nifti1Image(np.arange(24, dtype=np.int16).reshape(2, 3, 4), np.eye(4)).to_filename(path)
    return path


@pytest.mark.parametrize("name", ["b.nrrd", "b.png", "b.dcm", "b", "b.tar.gz", "b.img.txt"])
def test_content_decides_before_the_name(nifti: Path, name: str) -> None:
    for data in (nifti.read_bytes(), gzip.compress(nifti.read_bytes())):
        (nifti.parent / name).write_bytes(data)
        assert read_volume(nifti.parent / name).source.format == "nifti"


def test_formats_by_content(nifti: Path, tmp_path: Path) -> None:
    volume = read_volume(nifti)
    for suffix, format in ((".nrrd", "nrrd"), (".mha", "mha"), (".nii.gz", "nifti")):
        path = write_volume(volume, tmp_path / f"c{suffix}")
        shutil.copy(path, tmp_path / "plain")
        assert read.format_of(tmp_path / "plain") == format
        assert read_volume(str(tmp_path / "plain")).source.format == format
    for suffix in ("png", "jpg", "tif"):
        Image.fromarray(np.zeros((5, 6), np.uint8)).save(tmp_path / f"d.{suffix}")
        shutil.copy(tmp_path / f"d.{suffix}", tmp_path / "plain")
        assert read_volume(tmp_path / "plain").source.format == "picture"


def test_can_read(nifti: Path, tmp_path: Path, shared_data: Path) -> None:
    for name in ("a.nii", "A.NII.GZ", "b.nrrd", "c.mhd", "d.png", "e.tiff", "f.dcm", "g.hdr"):
        assert can_read(tmp_path / name)
    (tmp_path / "notes.txt").write_text("some words " * 100)
    (tmp_path / "empty").touch()
    (tmp_path / "folder").mkdir()
    for name in ("notes.txt", "empty", "folder", "gone", "a\0b"):
        assert not can_read(tmp_path / name)
    shutil.copy(nifti, tmp_path / "nameless")
    assert can_read(str(tmp_path / "nameless"))
    assert can_read(shared_data / "dicom-difficult" / "gantrytilting")


@pytest.mark.parametrize("number", [-1, 1, 99])
def test_volume_that_is_not_there(nifti: Path, number: int) -> None:
    with pytest.raises(UsageError, match=f"volume {number} of 'a.nii'"):
        read_volume(nifti, volume=number)


def test_series_of_a_file(nifti: Path) -> None:
    with pytest.raises(UsageError, match=r"series 2 of 'a.nii'; expected a folder of DICOM"):
        read_volume(nifti, series=2)


def test_what_is_not_there_or_unknown(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFileError, match=r"there is no 'gone.nii'"):
        read_volume(tmp_path / "gone.nii")
    (tmp_path / "notes.txt").write_text("some words " * 100)
    with pytest.raises(UnsupportedFormatError, match=r"'notes.txt' is of no known .* NIfTI \("):
        read_volume(tmp_path / "notes.txt")
    (tmp_path / "a\n.nii").write_bytes(b"")
    with pytest.raises(UnreadableFileError, match="empty"):
        read_volume(tmp_path / "a\n.nii")
    with pytest.raises(UnreadableFileError):
        read_volume("nul\0l.nii")
    with pytest.raises(UnreadableFileError):
        read_volume(tmp_path / ("n" * 300 + ".nii"))


@pytest.mark.parametrize(
    ("raised", "words"),
    [
        (PermissionError(13, "Permission denied", "/secret/path"), "may not be opened"),
        (MemoryError(), "does not fit into memory"),
        (OSError(5, "Input/output error", "/secret/path"), "is damaged or not what its name says"),
        (RecursionError("deep"), "is damaged"),
        (KeyError("x"), "is damaged"),
        (GeometryError("a grid that cannot be"), "'a.nii': a grid that cannot be"),
    ],
)
def test_nothing_else_comes_through(
    nifti: Path, monkeypatch: pytest.MonkeyPatch, raised: Exception, words: str
) -> None:
    def fail(path: Path, **_: Any) -> Volume:
        raise raised

    monkeypatch.setitem(read._READERS, "nifti", fail)
    with pytest.raises((UnreadableFileError, GeometryError), match=words) as caught:
        read_volume(nifti)
    assert "secret" not in str(caught.value)
    assert str(nifti.parent) not in str(caught.value)


def test_source_is_not_touched(nifti: Path) -> None:
    before = nifti.read_bytes(), nifti.stat().st_mtime_ns
    nifti.chmod(0o444)
    read_volume(nifti)
    assert (nifti.read_bytes(), nifti.stat().st_mtime_ns) == before


def test_folder_of_dicom(shared_data: Path) -> None:
    folder = shared_data / "us-dicom"
    assert list_series(folder)
    assert read_volume(folder).source.format == "dicom"
