"""The JSON file beside a saved mask: what its labels mean and how its outlines came about."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from napari_medssl.errors import MedSSLError, SaveError, UnreadableFileError
from napari_medssl.io.atomic import atomic_write
from napari_medssl.io.label_table import Code, LabelInfo

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from napari_medssl.volume import Volume

_WRITTEN_BY = "written_by"
_SUFFIXES = (".nii.gz", ".nii", ".nrrd", ".nhdr", ".mha", ".mhd", ".dcm", ".png", ".jpg", ".tif")


@dataclass(frozen=True)
class Sidecar:
    """What the file beside a mask tells.

    Parameters
    ----------
    labels : tuple of LabelInfo
        Sorted by value.
    outlines : tuple of mapping
        How each outline came about: prompts, engine, hash of its weights.
    """

    labels: tuple[LabelInfo, ...] = ()
    outlines: tuple[Mapping[str, Any], ...] = field(default=())


def stem(name: str) -> str:
    """Return a file's name without what its format adds: ``"scan.nii.gz"`` -> ``"scan"``."""
    ending = next((s for s in _SUFFIXES if name.lower().endswith(s)), "")
    return name[: len(name) - len(ending)]


def sidecar_of(mask: Path) -> Path:
    """Return where the file beside a mask is."""
    return mask.with_name(f"{stem(mask.name)}.json")


def read_sidecar(mask: Path) -> Sidecar:
    """Read the file beside a mask; empty where there is none, or none of ours."""
    try:
        told = json.loads(sidecar_of(mask).read_text("utf-8"))
        labels = sorted((_label(row) for row in told["labels"]), key=lambda label: label.value)
        outlines = told.get("provenance", {}).get("outlines", ())
        return Sidecar(tuple(labels), tuple(o for o in outlines if isinstance(o, dict)))
    except (OSError, ValueError, TypeError, KeyError, AttributeError, MedSSLError):
        return Sidecar()


def require_ours(sidecar: Path) -> None:
    """Refuse to write over a JSON file of another program, such as a scan's own description.

    Raises
    ------
    SaveError
        If ``sidecar`` exists and is not ours.
    """
    if not sidecar.exists():
        return
    try:
        ours = _WRITTEN_BY in json.loads(sidecar.read_text("utf-8"))
    except (OSError, ValueError, TypeError):
        ours = False
    if not ours:
        raise SaveError(
            f"'{sidecar.name}', where the label names would go, belongs to another program",
            do="Choose another name for the mask",
        )


def write_sidecar(
    mask: Path, volume: Volume, labels: Sequence[LabelInfo], provenance: Mapping[str, Any]
) -> None:
    """Write the file beside a mask that was just saved.

    Raises
    ------
    SaveError
        If it could not be written; the mask itself is saved then.
    """
    sidecar, text = sidecar_of(mask), _text(mask, volume, labels, provenance)

    def verify(part: Path) -> None:
        if part.read_text("utf-8") != text:
            raise UnreadableFileError(f"'{sidecar.name}' does not hold what it was given")

    try:
        atomic_write(sidecar, lambda part: _write_text(part, text), verify)
    except SaveError as error:
        raise SaveError(
            f"the mask '{mask.name}' is saved, but not its label names: {error.came}", do=error.do
        ) from error


def _label(row: Mapping[str, Any]) -> LabelInfo:
    red, green, blue = (int(part) for part in row["colour"])
    code = Code(**row["code"]) if row.get("code") else None
    return LabelInfo(int(row["value"]), str(row["name"]), (red, green, blue), code)


def _row(label: LabelInfo) -> dict[str, Any]:
    return {key: told for key, told in asdict(label).items() if told is not None}


def _text(
    path: Path, volume: Volume, labels: Sequence[LabelInfo], provenance: Mapping[str, Any]
) -> str:
    source = volume.source
    # a DICOM folder is often called by its patient's name
    named = source.format != "dicom" and (source.path is None or not source.path.is_dir())
    content = {
        _WRITTEN_BY: f"napari-medssl {version('napari-medssl')}",
        "note": "Research use only. Not a medical device.",
        "mask": path.name,
        "image": source.name if named else "",
        "image_volume": source.volume,
        "labels": [_row(label) for label in labels],
        "provenance": dict(provenance),
    }
    # numpy numbers and arrays know how to become plain ones
    return json.dumps(content, indent=2, ensure_ascii=False, default=lambda o: o.tolist()) + "\n"


def _write_text(part: Path, text: str) -> None:
    with part.open("w", encoding="utf-8", newline="\n") as file:
        file.write(text)
