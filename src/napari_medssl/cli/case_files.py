"""Files of two folders that belong together, by their names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_medssl.errors import UnreadableFileError, UsageError

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class CaseFiles:
    """What two places have in common.

    Parameters
    ----------
    pairs : mapping of str to (Path, Path)
        Name of a case -> its file in the first and in the second place.
    only_first, only_second : tuple of str
        Names of files that have no partner.
    """

    pairs: dict[str, tuple[Path, Path]]
    only_first: tuple[str, ...] = ()
    only_second: tuple[str, ...] = ()


def match_files(first: Path, second: Path) -> CaseFiles:
    """Pair two files, whatever they are called, or the files of two folders by their names.

    Names count without what their format adds: ``a.nii.gz`` belongs to ``a.nrrd``. Only files
    that can be read as images are looked at, and none in folders below.

    Raises
    ------
    UnreadableFileError
        If one of them is not there.
    UsageError
        If one is a file and the other a folder, a folder holds nothing to read or two files of
        one name, or no name is in both.
    """
    from napari_medssl.io.sidecar import stem

    for path in (first, second):
        if not path.exists():
            raise UnreadableFileError(f"there is no '{path.name}'", do="Check the path")
    if first.is_dir() != second.is_dir():
        raise UsageError(
            f"'{first.name}' and '{second.name}'", expected="two files, or two folders of files"
        )
    if not first.is_dir():
        return CaseFiles({stem(second.name): (first, second)})
    one, other = files_by_stem(first), files_by_stem(second)
    pairs = {name: (one[name], other[name]) for name in one if name in other}
    if not pairs:
        raise UsageError(
            f"no file of '{first.absolute().name}' is called as one of '{second.absolute().name}'",
            expected=f"the same names, such as '{next(iter(other))}' in both",
        )
    return CaseFiles(
        pairs,
        tuple(file.name for name, file in one.items() if name not in other),
        tuple(file.name for name, file in other.items() if name not in one),
    )


def files_by_stem(folder: Path) -> dict[str, Path]:
    """Return the files of a folder that can be read as images, by their names without ending.

    Raises
    ------
    UsageError
        If there is none, or two of one name.
    """
    from napari_medssl.io import can_read
    from napari_medssl.io.sidecar import stem

    found: dict[str, Path] = {}
    for file in sorted(folder.iterdir()):
        # macOS leaves a "._" twin of each file on foreign disks
        if file.name.startswith(".") or not file.is_file() or not can_read(file):
            continue
        name = stem(file.name)
        if name in found:
            raise UsageError(
                f"'{found[name].name}' and '{file.name}' in '{folder.absolute().name}'",
                expected="one file of a name",
            )
        found[name] = file
    if not found:
        raise UsageError(
            f"nothing to read in the folder '{folder.absolute().name}'",
            expected="masks: NIfTI, NRRD, MetaImage or PNG",
        )
    return found
