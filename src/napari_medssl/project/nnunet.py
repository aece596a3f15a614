"""The layout of nnU-Net, version 2."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from napari_medssl.errors import UnreadableFileError, UsageError
from napari_medssl.project.layouts import (
    IMAGES,
    LABELS,
    TEST_IMAGES,
    Found,
    Pair,
    files_in,
    matched,
    whole_numbers,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from napari_medssl.project.layouts import Content

_CHANNEL = re.compile(r"(.+)_(\d{4})")


class NnunetLayout:
    """One file a case and channel, numbered; label values 1, 2, 3; any lossless format.

    A colour picture is the exception: all its channels are in one PNG.
    """

    title = "nnU-Net"
    consecutive = True
    takes_pictures = True

    def folder(self, target: Path, name: str, number: int) -> Path:
        """Return the dataset's own folder below ``target``, such as Dataset501_Liver.

        Raises
        ------
        UsageError
            If the number is not one of nnU-Net's, or another dataset there has it.
        """
        if not 1 <= number <= 999:
            raise UsageError(f"the dataset number {number}", expected="1 to 999")
        own = f"Dataset{number:03}_{_plain(name)}"
        others = [p.name for p in target.glob(f"Dataset{number:03}_*")] if target.is_dir() else []
        if taken := sorted(set(others) - {own}):
            raise UsageError(
                f"the dataset number {number} is that of '{taken[0]}'",
                do="Choose another with --number",
            )
        return target / own

    def image_names(self, case: str, channels: int, suffix: str) -> tuple[str, ...]:
        """Return a name for each channel; one for a picture."""
        files = 1 if suffix == ".png" else channels
        return tuple(f"{case}_{n:04}{suffix}" for n in range(files))

    def description(self, content: Content) -> dict[str, Any]:
        """Return the fields that nnU-Net asks for."""
        labels = {"background": 0}
        for label in content.labels:
            labels[_free(label.name, labels)] = label.value
        return {
            "name": content.name,
            "description": "Outlined with napari-medssl. Research use only.",
            "channel_names": {str(n): name for n, name in enumerate(content.channels)},
            "labels": labels,
            "numTraining": len(content.training),
            "file_ending": content.suffix,
        }

    def recognises(self, description: Mapping[str, Any]) -> bool:
        """Tell by the fields that only version 2 has."""
        return "channel_names" in description and "file_ending" in description

    def find(self, folder: Path, description: Mapping[str, Any]) -> Found:
        """Pair masks with the first channel of their images.

        Raises
        ------
        UnreadableFileError
            If the images lie elsewhere.
        """
        if "dataset" in description:
            raise UnreadableFileError(
                "'dataset.json' says that the images lie in other folders",
                expected="images in imagesTr",
                do="Copy them there under nnU-Net's names",
            )
        suffix = str(description["file_ending"])
        images, extra = _first_channels(files_in(folder / IMAGES, suffix))
        pairs, told = matched(images, files_in(folder / LABELS, suffix))
        test, _ = _first_channels(files_in(folder / TEST_IMAGES, suffix))
        if extra:
            told.append(f"{extra:,} images of further channels were passed over.")
        labels = description["labels"]
        if any(isinstance(value, list) for value in labels.values()):
            told.append("Labels that are made of others were passed over.")
        names = whole_numbers((value, name) for name, value in labels.items())
        return Found(names, (*pairs, *(Pair(file, None) for file in test.values())), tuple(told))


def _first_channels(files: Mapping[str, Path]) -> tuple[dict[str, Path], int]:
    """Return files by case, and how many files of other channels there are."""
    cases = {}
    for stem, file in files.items():
        found = _CHANNEL.fullmatch(stem)
        if found and int(found[2]) == 0:
            cases[found[1]] = file
    return cases, len(files) - len(cases)


def _plain(name: str) -> str:
    """Keep of a name what nnU-Net takes in a folder's name."""
    return re.sub(r"[^A-Za-z0-9-]+", "", name.title()) or "Project"


def _free(name: str, taken: Mapping[str, int]) -> str:
    """Return the name, or with a number behind it where it is taken."""
    if name not in taken:
        return name
    return next(n for n in (f"{name} ({k})" for k in range(2, len(taken) + 3)) if n not in taken)
