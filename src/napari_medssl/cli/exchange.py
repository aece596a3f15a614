"""What ``medssl convert`` does between systems: masks with their image, de-identified copies."""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_medssl.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from napari_medssl.io import SavedMask
    from napari_medssl.io.dicom.deidentify import Deidentifier
    from napari_medssl.volume import Notice, Volume


class DicomForm(StrEnum):
    """The two DICOM objects that a mask can become."""

    SEG = "seg"
    RTSTRUCT = "rtstruct"


@dataclass(frozen=True)
class MaskRequest:
    """A mask to write in another format.

    Parameters
    ----------
    mask, image, target : Path
        The mask, the image it was drawn on, and where to write.
    form : DicomForm or None
        Which DICOM object ``target`` is to be; only for ``.dcm``, a SEG where not given.
    label : int or None
        Only this label.
    volume : int
        Which volume of a 4-D image.
    series : int or None
        Which series of a folder.
    """

    mask: Path
    image: Path
    target: Path
    form: DicomForm | None = None
    label: int | None = None
    volume: int = 0
    series: int | None = None


def convert_mask(request: MaskRequest, deidentify: bool, key: str | None, as_json: bool) -> None:
    """Read a mask onto its image, write it, and say what was written.

    Raises
    ------
    MedSSLError
        If the mask does not belong to the image, or cannot be written as asked.
    """
    from napari_medssl.io import read_mask, read_volume, write_labels

    dicom = request.target.suffix.lower() == ".dcm"
    if not dicom and (request.form or deidentify):
        raise UsageError(
            f"--as or --deidentify for '{request.target.name}'",
            expected="a .dcm file to write: no other mask holds names or dates",
        )
    names = _deidentifier(key, of_mask=True) if deidentify else None
    image = read_volume(request.image, volume=request.volume, series=request.series)
    mask = read_mask(request.mask, image, label=request.label)
    if dicom:
        written = _write_dicom(mask, image, request, names)
    else:
        told = {"outlines": list(mask.outlines)}
        written = write_labels(
            mask.array, image, request.target, labels=mask.labels, provenance=told
        )
    notices = [n for n in image.notices if deidentify and n.code == "burnt-in-text"]
    facts = {
        "output": str(written),
        "labels": [{"value": info.value, "name": info.name} for info in mask.labels],
        "voxels": int((mask.array > 0).sum()),
        "notices": _told((*notices, *mask.notices)),
    }
    named = ", ".join(f"{info.value} {info.name}" for info in mask.labels)
    report(facts, f"Wrote '{written.name}': {facts['voxels']:,} voxels ({named}).", as_json)


def _write_dicom(
    mask: SavedMask, image: Volume, request: MaskRequest, deidentify: Deidentifier | None
) -> Path:
    from napari_medssl.io.dicom.rtstruct import write_rtstruct
    from napari_medssl.io.dicom.seg import write_seg

    write = write_rtstruct if request.form is DicomForm.RTSTRUCT else write_seg
    return write(mask.array, image, request.target, mask.labels, deidentify=deidentify)


def copy_series(source: Path, target: Path, key: str | None, as_json: bool) -> None:
    """Copy a DICOM folder with de-identified headers, and say what was written."""
    from napari_medssl.io.dicom.deidentified_copy import copy_deidentified

    if not source.is_dir():
        raise UsageError(
            f"--deidentify for '{source.name}'",
            expected="a DICOM folder, or a mask with --image; no other format holds names",
        )
    copy = copy_deidentified(source, target, _deidentifier(key))
    facts = {"output": str(target), "files": len(copy.files), "notices": _told(copy.notices)}
    report(facts, f"Wrote {len(copy.files)} files to '{target.name}'.", as_json)


def _deidentifier(key: str | None, *, of_mask: bool = False) -> Deidentifier:
    from napari_medssl.io.dicom.deidentify import Deidentifier

    if key is None and of_mask:
        raise UsageError(
            "--deidentify for a mask without --key",
            expected="the key that its image was de-identified with, so that they belong together",
        )
    return Deidentifier.fresh() if key is None else Deidentifier(key)


def _told(notices: Iterable[Notice]) -> list[dict[str, str]]:
    return [{"code": notice.code, "text": notice.text} for notice in notices]


def report(facts: dict[str, Any], sentence: str, as_json: bool) -> None:
    """Print what was done, for people or as one JSON object."""
    if as_json:
        print(json.dumps(facts))
        return
    from rich.console import Console

    console = Console(highlight=False, soft_wrap=True)
    console.print(sentence, markup=False)
    for notice in facts["notices"]:
        console.print(f"Note: {notice['text']}", markup=False)
