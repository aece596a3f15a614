"""The old file or the whole new one: whatever fails, and wherever the process is killed."""

from __future__ import annotations

import errno
import os
import resource
import signal
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from napari_medssl.errors import SaveError, UnreadableFileError
from napari_medssl.io import atomic
from napari_medssl.io.atomic import atomic_write

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

OLD, NEW = b"old" * 1000, b"new" * 50_000
CHUNKS = 16
posix_only = pytest.mark.skipif(sys.platform == "win32", reason="forks and signals")


def write_new(part: Path) -> None:
    part.write_bytes(NEW)


@pytest.fixture
def target(tmp_path: Path) -> Path:
    path = tmp_path / "mask.nii.gz"
    path.write_bytes(OLD)
    return path


def in_child(work: Callable[[], None]) -> int:
    """Run ``work`` in a forked child; return its wait status."""
    child = os.fork()
    if child == 0:
        with suppress(BaseException):
            work()
            os._exit(0)
        os._exit(1)
    return os.waitpid(child, 0)[1]


def test_writes_beside_and_replaces(target: Path) -> None:
    seen: list[Path] = []

    def write(part: Path) -> None:
        seen.append(part)
        assert target.read_bytes() == OLD
        write_new(part)

    atomic_write(target, write, verify=seen.append)
    assert target.read_bytes() == NEW
    assert seen[0] == seen[1]
    assert seen[0].parent == target.parent
    assert seen[0].name.endswith(".nii.gz")
    assert os.listdir(target.parent) == [target.name]


def test_makes_a_new_file(tmp_path: Path) -> None:
    atomic_write(tmp_path / "new.json", write_new)
    assert (tmp_path / "new.json").read_bytes() == NEW


@posix_only
@pytest.mark.parametrize("point", range(CHUNKS + 7))
def test_kill_leaves_old_or_new(target: Path, monkeypatch: pytest.MonkeyPatch, point: int) -> None:
    """kill -9 at the n-th of 23 points: between chunks, and around every call that follows."""
    passed = 0

    def here() -> None:
        nonlocal passed
        if passed == point:
            os.kill(os.getpid(), signal.SIGKILL)
        passed += 1

    def write(part: Path) -> None:
        with part.open("wb", buffering=0) as file:
            step = len(NEW) // CHUNKS
            for start in range(0, len(NEW), step):
                here()
                file.write(NEW[start : start + step])

    def around(function: Callable[..., object]) -> Callable[..., object]:
        def wrapped(*args: object) -> object:
            here()
            result = function(*args)
            here()
            return result

        return wrapped

    monkeypatch.setattr(atomic.os, "fsync", around(os.fsync))
    monkeypatch.setattr(atomic.os, "replace", around(os.replace))
    status = in_child(lambda: atomic_write(target, write, verify=lambda _: here()))
    assert os.WIFSIGNALED(status) == (point < CHUNKS + 7 and os.WTERMSIG(status) == signal.SIGKILL)
    assert os.WTERMSIG(status) == signal.SIGKILL
    assert target.read_bytes() in (OLD, NEW)
    assert (target.read_bytes() == NEW) == (point > CHUNKS + 3)


@posix_only
def test_next_write_sweeps_what_a_killed_one_left(target: Path) -> None:
    def killed(part: Path) -> None:
        part.write_bytes(b"half")
        os.kill(os.getpid(), signal.SIGKILL)

    in_child(lambda: atomic_write(target, killed))
    (left,) = set(target.parent.iterdir()) - {target}
    atomic_write(target, write_new)
    assert left.exists(), "a young temporary may belong to a running process"
    os.utime(left, (0, 0))
    other = target.with_name("other.nii.gz")
    other.write_bytes(b"")
    os.utime(other, (0, 0))
    atomic_write(target, write_new)
    assert set(target.parent.iterdir()) == {target, other}


@posix_only
@pytest.mark.parametrize("room", range(0, len(NEW), len(NEW) // 30))
def test_full_disk_keeps_the_old_file(target: Path, room: int) -> None:
    def limited() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (room, resource.RLIM_INFINITY))
        with pytest.raises(SaveError, match=r"'mask.nii.gz' did not fit on the disk.* MB are free"):
            atomic_write(target, write_new)

    assert in_child(limited) == 0
    assert target.read_bytes() == OLD
    assert os.listdir(target.parent) == [target.name]


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (errno.ENOSPC, "did not fit"),
        (errno.EROFS, "may not be written"),
        (errno.EACCES, "may not be written"),
        (errno.EIO, "could not be written"),
    ],
)
def test_failures_are_sentences(target: Path, code: int, words: str) -> None:
    def fail(part: Path) -> None:
        part.write_bytes(b"half")
        raise OSError(code, os.strerror(code))

    with pytest.raises(SaveError, match=words) as caught:
        atomic_write(target, fail)
    assert str(target.parent.parent) not in str(caught.value)
    assert target.read_bytes() == OLD
    assert os.listdir(target.parent) == [target.name]


@pytest.mark.parametrize("bit", range(0, 8 * len(NEW), 8 * len(NEW) // 49))
def test_flipped_bit_is_caught(target: Path, bit: int) -> None:
    """50 single bits flipped on the way to the disk; each is seen on reading back."""

    def write(part: Path) -> None:
        damaged = bytearray(NEW)
        damaged[bit // 8] ^= 1 << bit % 8
        part.write_bytes(damaged)

    def verify(part: Path) -> None:
        if part.read_bytes() != NEW:
            raise UnreadableFileError("'mask.nii.gz' differs")

    with pytest.raises(SaveError, match="did not read back as it was written"):
        atomic_write(target, write, verify)
    assert target.read_bytes() == OLD
    assert os.listdir(target.parent) == [target.name]


def test_any_other_failure_cleans_up(target: Path) -> None:
    def stopped(part: Path) -> None:
        part.write_bytes(b"half")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        atomic_write(target, stopped)
    assert os.listdir(target.parent) == [target.name]


def test_target_must_be_a_file_in_a_folder(tmp_path: Path) -> None:
    with pytest.raises(SaveError, match="is a folder"):
        atomic_write(tmp_path, write_new)
    with pytest.raises(SaveError, match=r"'gone' for 'mask.nii' does not exist"):
        atomic_write(tmp_path / "gone" / "mask.nii", write_new)


def test_link_is_followed_and_rights_are_kept(target: Path, tmp_path: Path) -> None:
    target.chmod(0o640)
    link = tmp_path / "link.nii.gz"
    link.symlink_to(target)
    atomic_write(link, write_new)
    assert link.is_symlink()
    assert target.read_bytes() == NEW
    assert target.stat().st_mode & 0o777 == 0o640


def test_a_write_protected_file_is_never_replaced(tmp_path: Path) -> None:
    target = tmp_path / "expert.nii"
    target.write_bytes(b"an afternoon")
    target.chmod(0o444)
    with pytest.raises(SaveError, match="write-protected"):
        atomic_write(target, lambda part: part.write_bytes(b"gone"))
    assert target.read_bytes() == b"an afternoon"
