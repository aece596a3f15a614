"""Finding the DICOM images of a folder, safely."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import numpy as np
from dicom_phantoms import SliceMaker, plain_image, save
from pydicom import uid

from napari_medssl.io.dicom.files import (
    files_below,
    files_beside,
    find_images,
    is_dicomdir,
    looks_like_dicom,
)

if TYPE_CHECKING:
    from pathlib import Path


def _image(path: Path) -> Path:
    return SliceMaker().write(path, (0, 0, 0), 1)


def test_images_others_and_broken_files_are_told_apart(tmp_path: Path) -> None:
    _image(tmp_path / "image")
    report = plain_image(np.zeros((2, 2), np.uint8))
    report.SOPClassUID, report.Modality = uid.ComprehensiveSRStorage, "SR"
    save(tmp_path / "report", report)
    short = _image(tmp_path / "short")
    short.write_bytes(short.read_bytes()[:-9])
    (tmp_path / "text.txt").write_text("words " * 99)
    (tmp_path / "text.dcm").write_text("words " * 99)
    found = find_images(files_below(tmp_path))
    assert [f.path.name for f in found.images] == ["image"]
    assert ["report" in e.came for e in found.others] == [True]
    assert len(found.broken) == 2


def test_walking_skips_what_is_hidden_and_what_is_no_file(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    for name in ("a", "._a", ".hidden", "b/c"):
        (tmp_path / name).write_bytes(b"x")
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe")
    (tmp_path / "b" / "round").symlink_to(tmp_path)
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    assert [p.name for p in files_below(tmp_path)] == ["a", "c"]
    assert [p.name for p in files_beside(tmp_path / "a")] == ["a"]


def test_a_named_file_comes_first_of_its_folder(tmp_path: Path) -> None:
    for name in "abc":
        (tmp_path / name).write_bytes(b"x")
    assert [p.name for p in files_beside(tmp_path / "b")] == ["b", "a", "c"]


def test_a_pipe_or_a_device_is_never_read(tmp_path: Path) -> None:
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe.dcm")
        assert not looks_like_dicom(tmp_path / "pipe.dcm")
        assert not is_dicomdir(tmp_path / "pipe.dcm")


def test_dicomdir_is_known_by_its_content(tmp_path: Path) -> None:
    ds = plain_image(np.zeros((2, 2), np.uint8))
    ds.SOPClassUID = uid.MediaStorageDirectoryStorage
    assert is_dicomdir(save(tmp_path / "x", ds))
    assert not is_dicomdir(_image(tmp_path / "DICOMDIR"))
    assert not is_dicomdir(tmp_path / "nothing")
