"""The gate every file passes before a library sees its pixels.

A reader that raises nothing proves nothing: common ones fill a cut-off file up with zeros, follow
a detached header to any file of the machine, and allocate whatever a header claims.
"""

from __future__ import annotations

import re
import stat
from pathlib import Path, PurePosixPath, PureWindowsPath

from napari_medssl.errors import UnreadableFileError, UsageError

COPY_AGAIN = "Copy or download it again, or export it once more"
_APPLE_DOUBLE = b"\x00\x05\x16\x07"
_SHARE_OF_FREE_MEMORY = 0.9


def regular_file(path: Path) -> int:
    """Return the size in bytes of an ordinary, non-empty file.

    Raises
    ------
    UnreadableFileError
        If there is none, or it is a device, a pipe, empty, or a macOS companion (``._scan.nii``).
    """
    try:
        status = path.stat()
    except FileNotFoundError:
        raise UnreadableFileError(
            f"there is no '{path.name}'", do="Check the name and the folder"
        ) from None
    if not stat.S_ISREG(status.st_mode):
        raise UnreadableFileError(f"'{path.name}' is not an ordinary file", expected="an image")
    if status.st_size == 0:
        raise UnreadableFileError(f"'{path.name}' is empty (0 bytes)", do=COPY_AGAIN)
    with path.open("rb") as stream:
        if stream.read(4) == _APPLE_DOUBLE:
            raise UnreadableFileError(
                f"'{path.name}' is a companion file that macOS makes, not an image",
                do="Open the file of the same name without the leading '._'",
            )
    return status.st_size


def check_sizes(name: str, sizes: tuple[int, ...]) -> None:
    """Raise `UnreadableFileError` unless every size of a grid is at least 1."""
    if not sizes or min(sizes) < 1:
        shown = " x ".join(str(n) for n in sizes) or "no"
        raise UnreadableFileError(
            f"the header of '{name}' declares {shown} voxels", expected="sizes of at least 1"
        )


def check_memory(name: str, wanted: int) -> None:
    """Raise `UnreadableFileError` if ``wanted`` bytes do not fit into the memory now free."""
    import psutil

    free = int(psutil.virtual_memory().available * _SHARE_OF_FREE_MEMORY)
    if wanted > free:
        raise UnreadableFileError(
            f"'{name}' needs {wanted / 1e9:,.1f} GB of memory, and {free / 1e9:,.1f} GB are free",
            do="Close other programs, or cut the image into parts",
        )


def check_volume(name: str, volume: int, volumes: int) -> None:
    """Raise `UsageError` unless ``volume`` is one of 0 .. ``volumes`` - 1."""
    if not 0 <= volume < volumes:
        raise UsageError(f"volume {volume} of '{name}'", expected=f"0 to {volumes - 1}")


def inside_folder(header: Path, named: str) -> Path:
    """Return the data file that a detached header names, if it lies in the header's own folder.

    Raises
    ------
    UnreadableFileError
        If the name is absolute, climbs out, or leads out through a symbolic link, or if there
        is no such file.
    """
    windows, posix = PureWindowsPath(named), PurePosixPath(named)
    parts = re.split(r"[\\/]", named)
    folder = header.parent.resolve()
    data = header.parent / named
    leaves = (
        posix.is_absolute()
        or bool(windows.drive or windows.root)
        or ".." in parts
        or "\0" in named
        or not data.resolve().is_relative_to(folder)
    )
    if leaves:
        raise UnreadableFileError(
            f"the header '{header.name}' points to a file outside its own folder",
            expected="a data file beside the header",
            do="Put both files into one folder and name the data file without a path",
        )
    if not data.is_file():
        raise UnreadableFileError(
            f"the data file '{data.name}' that '{header.name}' names is missing",
            do="Put it beside the header",
        )
    return data
