"""The gate: what is no ordinary file, what is too large, and what points out of its folder."""

from __future__ import annotations

import os
from types import SimpleNamespace
from typing import TYPE_CHECKING

import psutil
import pytest

from napari_medssl.errors import UnreadableFileError, UsageError
from napari_medssl.io import gate

if TYPE_CHECKING:
    from pathlib import Path


def test_size_of_an_ordinary_file(tmp_path: Path) -> None:
    (tmp_path / "a.nii").write_bytes(b"12345")
    assert gate.regular_file(tmp_path / "a.nii") == 5


def test_no_ordinary_file(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFileError, match=r"there is no 'a.nii'"):
        gate.regular_file(tmp_path / "a.nii")
    with pytest.raises(UnreadableFileError, match="not an ordinary file"):
        gate.regular_file(tmp_path)
    (tmp_path / "b.nii").touch()
    with pytest.raises(UnreadableFileError, match="empty"):
        gate.regular_file(tmp_path / "b.nii")
    (tmp_path / "._c.nii").write_bytes(b"\0\5\x16\7\0\2")
    with pytest.raises(UnreadableFileError, match="macOS"):
        gate.regular_file(tmp_path / "._c.nii")


def test_pipe_does_not_hang(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.nii")
    with pytest.raises(UnreadableFileError, match="not an ordinary file"):
        gate.regular_file(tmp_path / "pipe.nii")


def test_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(available=1000))
    gate.check_memory("a.nii", 900)
    with pytest.raises(UnreadableFileError, match=r"'a.nii' needs .* GB of memory"):
        gate.check_memory("a.nii", 901)


@pytest.mark.parametrize("sizes", [(), (0, 3, 3), (3, -1, 3)])
def test_sizes(sizes: tuple[int, ...]) -> None:
    with pytest.raises(UnreadableFileError, match="declares"):
        gate.check_sizes("a.nii", sizes)


@pytest.mark.parametrize("volume", [-1, 3])
def test_volume_number(volume: int) -> None:
    with pytest.raises(UsageError, match="expected 0 to 2"):
        gate.check_volume("a.nii", volume, 3)


@pytest.fixture
def header(tmp_path: Path) -> Path:
    """A header with data beside it and below it, and a secret next door."""
    folder = tmp_path / "case"
    (folder / "sub").mkdir(parents=True)
    (tmp_path / "secret.raw").write_bytes(b"root:x:0")
    for name in ("a.raw", "sub/b.raw", "a b.raw"):
        (folder / name).write_bytes(b"data")
    (folder / "out.raw").symlink_to(tmp_path / "secret.raw")
    (folder / "in.raw").symlink_to(folder / "a.raw")
    (folder / "up").symlink_to(tmp_path)
    return folder / "a.nhdr"


@pytest.mark.parametrize("named", ["a.raw", "sub/b.raw", "a b.raw", "in.raw", "./a.raw"])
def test_data_inside_the_folder(header: Path, named: str) -> None:
    assert gate.inside_folder(header, named).read_bytes() == b"data"


@pytest.mark.parametrize(
    "named",
    [
        *("/etc/passwd", "../secret.raw", "sub/../../secret.raw", "out.raw", "up/secret.raw"),
        *("..\\secret.raw", "C:\\secret.raw", "C:secret.raw", "\\\\host\\share\\a.raw"),
        *("\\secret.raw", "//host/share/a.raw", "sub/..", "a.raw\0.png"),
    ],
)
def test_data_outside_the_folder(header: Path, named: str) -> None:
    with pytest.raises(UnreadableFileError, match="outside its own folder") as caught:
        gate.inside_folder(header, named)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("named", ["gone.raw", "sub", "", "."])
def test_data_missing(header: Path, named: str) -> None:
    with pytest.raises(UnreadableFileError, match="is missing"):
        gate.inside_folder(header, named)
