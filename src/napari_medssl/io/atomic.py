"""Writing a file, or a folder, so that whatever happens there is the old one or the whole new."""

from __future__ import annotations

import errno
import os
import secrets
import shutil
import stat
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from napari_medssl.errors import MedSSLError, SaveError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_FORBIDDEN = (errno.EACCES, errno.EPERM, errno.EROFS)
_MARK = ".medssl-part"
_ABANDONED_AFTER_S = 600.0
_SHARING_RETRIES = 20
_ANYONE_MAY_WRITE = stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH


def atomic_write(
    path: Path,
    write: Callable[[Path], None],
    verify: Callable[[Path], None] | None = None,
) -> None:
    """Write a file beside its target, check it, and only then let it take the target's place.

    Parameters
    ----------
    path : Path
        The target. A symbolic link is followed; its folder must exist.
    write : callable
        Gets a temporary path in the target's folder, with the target's suffixes, and fills it.
    verify : callable, optional
        Gets the same path once the bytes are on the disk; raises `MedSSLError` to refuse them.

    Raises
    ------
    SaveError
        If anything failed, or the target is write-protected. What stood at ``path`` before is
        untouched and no temporary is left.
    """
    target = Path(os.path.realpath(path))
    if target.is_dir():
        raise SaveError(f"'{path.name}' is a folder", expected="a file name to save under")
    if not target.parent.is_dir():
        raise SaveError(
            f"the folder '{target.parent.name}' for '{path.name}' does not exist",
            do="Make the folder, or choose another",
        )
    if _is_protected(target):
        raise SaveError(f"'{path.name}' is write-protected", do="Choose another name")
    part = target.with_name(f".{target.name}{_MARK}-{secrets.token_hex(4)}{_suffixes(target)}")
    try:
        _sweep(target)
        write(part)
        _flush(part)
        if verify is not None:
            _verify(part, path.name, verify)
        if target.exists():
            shutil.copymode(target, part)
        _replace(part, target)
        _flush_folder(target.parent)
    except OSError as error:
        raise _no_room_or_right(error, path.name, target.parent) from error
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


@contextmanager
def atomic_folder(target: Path) -> Iterator[Path]:
    """Give a folder to fill; only when all is well does what it holds appear at the target.

    Parameters
    ----------
    target : Path
        A folder that does not exist, or is empty.

    Yields
    ------
    Path
        A temporary folder beside the target, or in it where it exists: it may be a disk's root.

    Raises
    ------
    SaveError
        If the disk failed. After this or any other error nothing is left at the target.
    """
    place = Path(os.path.realpath(target))
    exists = place.is_dir()
    within = place if exists else place.parent
    part = within / f".{place.name}{_MARK}-{secrets.token_hex(4)}"
    try:
        part.mkdir(parents=True)
        yield part
        if exists:
            for finished in list(part.iterdir()):
                finished.rename(place / finished.name)
        else:
            part.rename(place)
        _flush_folder(place if exists else within)
    except OSError as error:
        raise _no_room_or_right(error, place.name, within) from error
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _is_protected(target: Path) -> bool:
    """Tell whether a file says that it shall not change; replacing it would not ask, nor root."""
    try:
        return not target.stat().st_mode & _ANYONE_MAY_WRITE
    except OSError:
        return False


def _suffixes(target: Path) -> str:
    name = target.name.lower()  # ITK does not know ".MHA"
    return ".nii.gz" if name.endswith(".nii.gz") else Path(name).suffix


def _sweep(target: Path) -> None:
    """Remove what a killed process left of this same target; a young file may be in use."""
    beginning = f".{target.name}{_MARK}-"
    for left in target.parent.iterdir():
        if left.name.startswith(beginning):
            with suppress(OSError):
                if time.time() - left.stat().st_mtime > _ABANDONED_AFTER_S:
                    left.unlink()


def _verify(part: Path, name: str, verify: Callable[[Path], None]) -> None:
    try:
        verify(part)
    except MedSSLError as error:
        raise SaveError(
            f"'{name}' did not read back as it was written, so it was not saved",
            do="Save it again, on another disk if this one keeps failing",
        ) from error


def _flush(part: Path) -> None:
    with part.open("rb+") as stream:
        os.fsync(stream.fileno())


def _flush_folder(folder: Path) -> None:
    """Make the new name itself survive a power cut; Windows has no such call."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno != errno.EINVAL:  # some network shares cannot flush a folder
            raise
    finally:
        os.close(handle)


def _replace(part: Path, target: Path) -> None:
    """Move into place; on Windows a virus scanner may hold the target for a moment."""
    for _ in range(_SHARING_RETRIES if os.name == "nt" else 0):
        with suppress(PermissionError):
            os.replace(part, target)
            return
        time.sleep(0.1)
    os.replace(part, target)


def _no_room_or_right(error: OSError, name: str, folder: Path) -> SaveError:
    if error.errno in _FULL:
        with suppress(OSError):
            free = shutil.disk_usage(folder).free / 1e6
            return SaveError(
                f"'{name}' did not fit on the disk, where {free:,.1f} MB are free",
                do="Make room or choose another folder; the file that was there is unchanged",
            )
    if error.errno in _FORBIDDEN:
        return SaveError(
            f"'{name}' may not be written in the folder '{folder.name}'",
            do="Choose a folder in which you may write",
        )
    return SaveError(
        f"'{name}' could not be written: {(error.strerror or 'the disk failed').lower()}",
        do="Choose another folder; the file that was there is unchanged",
    )
