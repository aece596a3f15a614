from __future__ import annotations

from pathlib import Path

import pytest

from napari_medssl.cli.case_files import match_files
from napari_medssl.errors import UnreadableFileError, UsageError


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    made = tmp_path / "ours", tmp_path / "theirs"
    for folder in made:
        folder.mkdir()
    return made


def fill(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).touch()


def test_files_of_one_name_belong_together_whatever_their_format(folders):
    ours, theirs = folders
    fill(ours, "b.nrrd", "a.nii.gz", "only.nii", "a.json", "._a.nii.gz", "notes.txt")
    fill(theirs, "a.mha", "b.nii", "lonely.nii.gz")
    (theirs / "c.nii").mkdir()
    found = match_files(ours, theirs)
    assert found.pairs == {
        "a": (ours / "a.nii.gz", theirs / "a.mha"),
        "b": (ours / "b.nrrd", theirs / "b.nii"),
    }
    assert (found.only_first, found.only_second) == (("only.nii",), ("lonely.nii.gz",))


def test_two_files_belong_together_whatever_their_names(folders):
    ours, theirs = folders
    fill(ours, "mine.nii")
    fill(theirs, "truth.nii.gz")
    found = match_files(ours / "mine.nii", theirs / "truth.nii.gz")
    assert found.pairs == {"truth": (ours / "mine.nii", theirs / "truth.nii.gz")}


@pytest.mark.parametrize(
    ("in_ours", "in_theirs", "said"),
    [
        ((), ("a.nii",), "nothing to read in the folder 'ours'"),
        (("a.nii",), ("readme.txt",), "nothing to read in the folder 'theirs'"),
        (("a.nii",), ("b.nii",), "no file of 'ours' is called as one of 'theirs'"),
        (("a.nii", "a.nrrd"), ("a.nii",), "'a.nii' and 'a.nrrd' in 'ours'"),
    ],
)
def test_folders_that_cannot_be_matched(folders, in_ours, in_theirs, said):
    fill(folders[0], *in_ours)
    fill(folders[1], *in_theirs)
    with pytest.raises(UsageError, match=said):
        match_files(*folders)


def test_a_file_and_a_folder_are_no_pair(folders):
    fill(folders[0], "a.nii")
    with pytest.raises(UsageError, match="two files, or two folders"):
        match_files(folders[0] / "a.nii", folders[1])
    with pytest.raises(UnreadableFileError, match="there is no 'gone'"):
        match_files(folders[0] / "gone", folders[1])
