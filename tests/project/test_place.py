from __future__ import annotations

import os
from pathlib import Path

import pytest

from napari_medssl.project.place import found_path, is_shared, on_a_share, stored_path

MOUNTS = [
    ("/", "ext4", "rw"),
    ("/data", "nfs4", "rw,relatime"),
    ("/data/fast", "xfs", "rw"),
    ("/home/mac", "smbfs", "rw"),
    ("/mnt/share", "cifs", "rw"),
    ("/mnt/ssh", "fuse.sshfs", "rw"),
    ("/mnt/host", "9p", "rw"),
    ("/mnt/usb", "fuseblk", "rw"),
    ("/mnt/net", "NTFS", "rw,remote"),
]


@pytest.mark.parametrize(
    ("folder", "shared"),
    [
        ("/home/me/project", False),
        ("/data/project", True),
        ("/data/fast/project", False),
        ("/database/project", False),
        ("/home/mac/project", True),
        ("/mnt/share", True),
        ("/mnt/ssh/a/b", True),
        ("/mnt/host/a", True),
        ("/mnt/usb/a", False),
        ("/mnt/net/a", True),
    ],
)
def test_a_share_is_known_by_the_mount_it_lies_on(folder: str, shared: bool) -> None:
    assert is_shared(Path(folder), MOUNTS) is shared
    assert is_shared(Path(folder), []) is False


def test_the_disk_of_the_tests_is_none(tmp_path: Path) -> None:
    assert not on_a_share(tmp_path)


def test_images_below_and_beside_move_along_and_others_stay(tmp_path: Path) -> None:
    project, moved = tmp_path / "study" / "project", tmp_path / "elsewhere" / "renamed"
    for place, expected in (
        ("study/project/a.nii", "elsewhere/renamed/a.nii"),
        ("study/images/deep/b.nii", "elsewhere/images/deep/b.nii"),
        ("archive/c.nii", "archive/c.nii"),
    ):
        stored = stored_path(tmp_path / place, project)
        assert found_path(stored, project) == tmp_path / place
        assert found_path(stored, moved) == tmp_path / expected


def test_names_that_are_no_text_are_kept(tmp_path: Path) -> None:
    image = tmp_path / os.fsdecode(b"caf\xe9.nii")
    stored = stored_path(image, tmp_path / "project")
    assert found_path(stored, tmp_path / "project") == image
