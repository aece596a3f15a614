"""Folder layouts of training sets: what they have in common, and which one a folder has."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from napari_medssl.errors import UnreadableFileError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from napari_medssl.io import LabelInfo

DESCRIPTION = "dataset.json"
IMAGES, LABELS, TEST_IMAGES = "imagesTr", "labelsTr", "imagesTs"


@dataclass(frozen=True)
class Content:
    """What a training set holds, ready to be written.

    Parameters
    ----------
    name : str
        What it is called.
    channels : tuple of str
        What each number of a voxel is: ``("CT",)``, or red, green and blue.
    labels : tuple of LabelInfo
        With the values that the masks are written with.
    suffix : str
        Of images and masks alike: ``".nii.gz"`` or ``".png"``.
    training, test : tuple of str
        Ids of cases with and without a mask.
    """

    name: str
    channels: tuple[str, ...]
    labels: tuple[LabelInfo, ...]
    suffix: str
    training: tuple[str, ...]
    test: tuple[str, ...]


@dataclass(frozen=True)
class Pair:
    """An image of a training set, and its mask if it has one."""

    image: Path
    mask: Path | None


@dataclass(frozen=True)
class Found:
    """What a training set on the disk holds.

    Parameters
    ----------
    names : mapping of int to str
        Names of the label values.
    pairs : tuple of Pair
        Images with their masks.
    told : tuple of str
        What is missing or was passed over, a sentence each.
    """

    names: Mapping[int, str]
    pairs: tuple[Pair, ...]
    told: tuple[str, ...] = ()


class Layout(Protocol):
    """How one kind of training set lies in its folder."""

    #: for messages
    title: str
    #: whether label values must be 1, 2, 3 and so on
    consecutive: bool
    #: whether pictures without a place in space can be in it
    takes_pictures: bool

    def folder(self, target: Path, name: str, number: int) -> Path:
        """Return where the training set goes when it is to be written to ``target``."""

    def image_names(self, case: str, channels: int, suffix: str) -> Sequence[str]:
        """Return the names of a case's image files, one unless each channel has its own."""

    def description(self, content: Content) -> dict[str, Any]:
        """Return what goes into dataset.json."""

    def recognises(self, description: Mapping[str, Any]) -> bool:
        """Tell whether a dataset.json is of this layout."""

    def find(self, folder: Path, description: Mapping[str, Any]) -> Found:
        """List what a folder of this layout holds."""


def read_description(folder: Path) -> dict[str, Any]:
    """Read a folder's dataset.json.

    Raises
    ------
    UnreadableFileError
        If there is none, or it is damaged.
    """
    file = folder / DESCRIPTION
    try:
        told = json.loads(file.read_text("utf-8"))
    except OSError as error:
        raise UnreadableFileError(
            f"there is no '{DESCRIPTION}' in '{folder.absolute().name}'",
            expected="the folder of a training set in the layout of MSD or nnU-Net",
            do="Choose the folder that holds imagesTr and labelsTr",
        ) from error
    except ValueError as error:
        raise UnreadableFileError(f"'{DESCRIPTION}' is damaged") from error
    if not isinstance(told, dict) or not isinstance(told.get("labels"), dict):
        raise UnreadableFileError(f"'{DESCRIPTION}' does not tell the labels")
    return told


def files_in(folder: Path, suffix: str) -> dict[str, Path]:
    """Return a folder's files by their names without the suffix.

    Hidden files are passed over: macOS leaves a ``._`` twin of each file on foreign disks.
    """
    if not folder.is_dir():
        return {}
    return {
        file.name[: -len(suffix)]: file
        for file in sorted(folder.iterdir())
        if file.name.endswith(suffix) and not file.name.startswith(".") and file.is_file()
    }


def matched(images: Mapping[str, Path], masks: Mapping[str, Path]) -> tuple[list[Pair], list[str]]:
    """Pair images and masks of the same name; say of which the other half is missing."""
    pairs = [Pair(image, masks.get(name)) for name, image in images.items()]
    told = [f"'{pair.image.name}' has no mask." for pair in pairs if pair.mask is None]
    told += [f"'{masks[name].name}' has no image." for name in masks if name not in images]
    return pairs, told


def whole_numbers(pairs: Iterable[tuple[Any, Any]]) -> dict[int, str]:
    """Return label names by value, without the background and what is no single value."""
    names = {}
    for value, name in pairs:
        if isinstance(value, int | str) and str(value).isdecimal() and int(value):
            names[int(value)] = str(name)
    return names
