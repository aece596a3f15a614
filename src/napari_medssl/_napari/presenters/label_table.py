"""Names and colours of a saved mask's labels, from the JSON file beside it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from napari_medssl.errors import MedSSLError
from napari_medssl.io import LabelInfo

if TYPE_CHECKING:
    from pathlib import Path


def label_table(mask: Path) -> dict[int, LabelInfo]:
    """Return a mask's labels by value; empty where no file of ours lies beside it."""
    beside = mask.with_name(f"{stem(mask.name)}.json")
    try:
        rows = json.loads(beside.read_text("utf-8"))["labels"]
        labels = [LabelInfo(int(r["value"]), str(r["name"]), tuple(r["colour"])) for r in rows]
    except (OSError, ValueError, TypeError, KeyError, MedSSLError):
        return {}
    return {label.value: label for label in labels}


def stem(name: str) -> str:
    """Return a file's name without what its format adds: ``"scan.nii.gz"`` -> ``"scan"``."""
    lower = name.lower()
    for suffix in (".nii.gz", ".nii", ".nrrd", ".nhdr", ".mha", ".mhd", ".dcm", ".png", ".jpg"):
        if lower.endswith(suffix):
            return name[: -len(suffix)]
    return name
