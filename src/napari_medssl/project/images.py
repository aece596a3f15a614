"""Images on their way into a project: found below a folder, read, and known by their content."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_medssl.io.sidecar import sidecar_of, stem

if TYPE_CHECKING:
    from pathlib import Path

    from napari_medssl.errors import MedSSLError
    from napari_medssl.volume import Volume

_MASK_FOLDERS = {"labelstr", "labelsts", "labels", "label", "masks", "mask", "segmentations"}
_MASK_WORDS = {"mask", "masks", "label", "labels", "seg", "gmseg", "segmentation", "labelmap"}
#: names of folders that tell nothing of the series in them
_SAYING_NOTHING = {"image", "images", "dicom", "dcm", "series", "scan", "data"}
_KEY_ROUNDS = 100_000


@dataclass(frozen=True)
class FoundImage:
    """An image that `io.read_volume` can open.

    Parameters
    ----------
    path : Path
        A file, one file of a DICOM series, or the folder of a series that lies in several.
    series : int or None
        Which series of that folder.
    name : str
        What to call it.
    sample : Path
        One of its files.
    """

    path: Path
    series: int | None
    name: str
    sample: Path


@dataclass(frozen=True)
class Finds:
    """What lies below a folder.

    Parameters
    ----------
    images : tuple of FoundImage
        One an image, or a DICOM series.
    masks : tuple of str
        Names of files that were passed over as they are masks.
    broken : tuple of (str, str)
        Names of DICOM files that cannot be read, and why.
    """

    images: tuple[FoundImage, ...]
    masks: tuple[str, ...] = ()
    broken: tuple[tuple[str, str], ...] = ()


def find_images(path: Path, series: int | None = None) -> Finds:
    """Return the image that a path names, or all images below a folder, or one series of it."""
    if not path.is_dir():
        if is_own_mask(path):
            return Finds((), (path.name,))
        name = _series_name(path.absolute().parent) if _is_dicom(path) else stem(path.name)
        return Finds((FoundImage(path, series, name, path),))
    from napari_medssl.io import can_read
    from napari_medssl.io.dicom.files import files_below

    masks: list[str] = []
    images: list[FoundImage] = []
    dicom: list[Path] = []
    for file in files_below(path):
        if _is_dicom(file):
            dicom.append(file)
        elif series is not None or not can_read(file) or _second_of_a_pair(file):
            continue
        elif _looks_like_a_mask(file, path) or is_own_mask(file):
            masks.append(file.name)
        else:
            images.append(FoundImage(file, None, stem(file.name), file))
    found, broken = _series(path, dicom)
    if series is not None:
        return Finds(found[series : series + 1])
    return Finds((*images, *found), tuple(masks), broken)


def is_own_mask(path: Path) -> bool:
    """Tell whether the file beside it says that a file is a mask we wrote."""
    try:
        told = json.loads(sidecar_of(path).read_text("utf-8"))
        return "written_by" in told and told["mask"] == path.name
    except (OSError, ValueError, TypeError, KeyError):
        return False


def content_of(volume: Volume) -> str:
    """Return a hash of an image's voxels and of where they lie; file names do not count."""
    mark = hashlib.sha256(f"{volume.array.dtype.str} {volume.array.shape}".encode())
    affine = np.round(volume.geometry.affine, 4) + 0.0  # no negative zeros
    mark.update(np.ascontiguousarray(affine, "<f8").data)
    mark.update(np.ascontiguousarray(volume.array).data)
    return mark.hexdigest()


def patient_key(path: Path, salt: str) -> str | None:
    """Return what is the same for all images of a patient and does not tell who it is.

    Parameters
    ----------
    path : Path
        A DICOM file; others, and those that do not say whose they are, give None.
    salt : str
        The project's own: two projects give the same patient different keys.
    """
    if not _is_dicom(path):
        return None
    from pydicom.filereader import dcmread

    from napari_medssl.io.dicom.tags import PARSER_FAILURES, Tags, quietly

    try:
        with quietly():
            header = dcmread(path, specific_tags=["PatientID"], stop_before_pixels=True, force=True)
            patient = Tags.of(header).text("PatientID")
    except PARSER_FAILURES:
        return None
    if not patient:
        return None
    # slow on purpose: numbers of a hospital are few, and could be tried one after the other
    return hashlib.pbkdf2_hmac("sha256", patient.encode(), salt.encode(), _KEY_ROUNDS, 16).hex()


def _is_dicom(path: Path) -> bool:
    from napari_medssl.io.dicom import looks_like_dicom

    return path.is_file() and looks_like_dicom(path)


def _second_of_a_pair(file: Path) -> bool:
    """Tell whether a file is the .img that is read through the .hdr beside it."""
    first, ending, packed = file.name.rpartition(".img")
    return bool(ending) and file.with_name(f"{first}.hdr{packed}").exists()


def _looks_like_a_mask(file: Path, top: Path) -> bool:
    folders = {part.lower() for part in (top.absolute().name, *file.relative_to(top).parts[:-1])}
    words = set(re.split("[^a-z]+", stem(file.name).lower()))
    return bool(folders & _MASK_FOLDERS or words & _MASK_WORDS)


def _series(
    top: Path, files: list[Path]
) -> tuple[tuple[FoundImage, ...], tuple[tuple[str, str], ...]]:
    """Sort DICOM files into series, each known by one of its files where that is enough."""
    if not files:
        return (), ()
    from napari_medssl.io.dicom.files import find_images as find_dicom
    from napari_medssl.io.dicom.stacks import stacks_of

    found = find_dicom(files)
    images = []
    for number, stack in enumerate(stacks_of(found.images)):
        sample = stack.first.file.path
        parents = {one.file.path.parent for slices in stack.volumes for one in slices}
        if len(parents) == 1:
            images.append(FoundImage(sample, None, _series_name(sample.absolute().parent), sample))
        else:
            images.append(FoundImage(top, number, _series_name(top.absolute()), sample))
    return tuple(images), tuple((_named(error), str(error)) for error in found.broken)


def _series_name(folder: Path) -> str:
    """Name a series after its folder, with the folder above where the name says nothing."""
    if folder.name.lower() in _SAYING_NOTHING and folder.parent.name:
        return f"{folder.parent.name}/{folder.name}"
    return folder.name


def _named(error: MedSSLError) -> str:
    """Return the file name that a sentence quotes."""
    parts = error.came.split("'")
    return parts[1] if len(parts) > 2 else ""
