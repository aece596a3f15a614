"""The layout of the Medical Segmentation Decathlon."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

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
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from napari_medssl.project.layouts import Content

_SUFFIX = ".nii.gz"
_FIRST_CHANNEL = "_0000"  # nnU-Net's first version added it to the files, not to their list


class MsdLayout:
    """NIfTI images and masks of one name, listed in dataset.json; label values as they are."""

    title = "MSD"
    consecutive = False
    takes_pictures = False

    def folder(self, target: Path, name: str, number: int) -> Path:
        """Return ``target`` itself."""
        return target

    def image_names(self, case: str, channels: int, suffix: str) -> tuple[str, ...]:
        """Return one name."""
        return (f"{case}{suffix}",)

    def description(self, content: Content) -> dict[str, Any]:
        """Return what the Decathlon's own dataset.json files say."""
        return {
            "name": content.name,
            "description": "Outlined with napari-medssl. Research use only.",
            "reference": "",
            "licence": "",
            "release": date.today().isoformat(),
            "tensorImageSize": "3D",
            "modality": {str(n): name for n, name in enumerate(content.channels)},
            "labels": {
                "0": "background",
                **{str(label.value): label.name for label in content.labels},
            },
            "numTraining": len(content.training),
            "numTest": len(content.test),
            "training": [
                {
                    "image": f"./{IMAGES}/{case}{content.suffix}",
                    "label": f"./{LABELS}/{case}{content.suffix}",
                }
                for case in content.training
            ],
            "test": [f"./{TEST_IMAGES}/{case}{content.suffix}" for case in content.test],
        }

    def recognises(self, description: Mapping[str, Any]) -> bool:
        """Tell by the modality, which others call channel names."""
        return "modality" in description and "channel_names" not in description

    def find(self, folder: Path, description: Mapping[str, Any]) -> Found:
        """Pair the files of the folders by name; the list in dataset.json is checked against."""
        images, masks = files_in(folder / IMAGES, _SUFFIX), files_in(folder / LABELS, _SUFFIX)
        images = {name.removesuffix(_FIRST_CHANNEL): file for name, file in images.items()}
        pairs, told = matched(images, masks)
        pairs += [Pair(file, None) for file in files_in(folder / TEST_IMAGES, _SUFFIX).values()]
        there = {name.removesuffix(_FIRST_CHANNEL) for name in images}
        for name in _listed(description.get("training")):
            if name not in there:
                told.append(f"'{name}{_SUFFIX}' is listed but not there.")
        return Found(whole_numbers(description["labels"].items()), tuple(pairs), tuple(told))


def _listed(training: Any) -> Iterable[str]:
    """Names of the images that dataset.json lists for training."""
    for row in training if isinstance(training, list) else ():
        image = row.get("image") if isinstance(row, dict) else None
        if isinstance(image, str):
            yield image.replace("\\", "/").rsplit("/", 1)[-1].removesuffix(_SUFFIX)
