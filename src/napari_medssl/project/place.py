"""Where a project lies: on this machine or on a share, and where its images are from there."""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import psutil

if TYPE_CHECKING:
    from collections.abc import Iterable

_SHARED = (
    *("nfs", "cifs", "smb", "9p", "afs", "ncp", "davfs", "webdav", "sshfs", "virtiofs", "vboxsf"),
    *("prl_fs", "ceph", "lustre", "gpfs", "beegfs", "glusterfs"),
    *("fuse.sshfs", "fuse.davfs", "fuse.glusterfs", "fuse.ceph", "fuse.rclone", "fuse.vmhgfs"),
)


def on_a_share(folder: Path) -> bool:
    """Tell whether a folder is on a network share, where SQLite's write-ahead log may not be."""
    folder = Path(os.path.realpath(folder))
    if str(folder).startswith("\\\\"):
        return True
    mounts = [(m.mountpoint, m.fstype, m.opts) for m in psutil.disk_partitions(all=True)]
    return is_shared(folder, mounts)


def is_shared(folder: Path, mounts: Iterable[tuple[str, str, str]]) -> bool:
    """Tell the same from a table of mounts: (mount point, type, options)."""
    above = [m for m in mounts if folder.is_relative_to(m[0])]
    if not above:
        return False
    _, kind, options = max(above, key=lambda m: len(Path(m[0]).parts))
    return kind.lower().startswith(_SHARED) or "remote" in options.split(",")


def stored_path(image: Path, project: Path) -> bytes:
    """Return an image's path as the project keeps it.

    Relative when the image lies below the project's folder or beside it, so that both can be
    moved together; absolute otherwise.
    """
    image, project = Path(os.path.abspath(image)), Path(os.path.abspath(project))
    if not image.is_relative_to(project.parent) or project.parent == Path(project.anchor):
        return os.fsencode(image.as_posix())
    return os.fsencode(Path(os.path.relpath(image, project)).as_posix())


def found_path(stored: bytes, project: Path) -> Path:
    """Return where an image is now."""
    path = PurePosixPath(os.fsdecode(stored))
    return Path(os.path.abspath(project / path))
