"""How images come into a project, are opened from it, and are found again when they moved."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_medssl.errors import (
    ChangedImageError,
    MedSSLError,
    MissingImageError,
    ProjectError,
    UnreadableFileError,
)
from napari_medssl.project.cases import Grid, id_of, now, read_case, require_case
from napari_medssl.project.images import content_of, find_images, patient_key
from napari_medssl.project.place import stored_path

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from napari_medssl.project.images import FoundImage
    from napari_medssl.project.store import Store
    from napari_medssl.volume import Volume


@dataclass(frozen=True)
class AddReport:
    """What became of the files that were to be added.

    Parameters
    ----------
    added, already : tuple of str
        Ids of the new cases, and of those whose very image was there before.
    refused : tuple of (name, sentence)
        Files that cannot be opened, and why.
    masks : tuple of str
        Names of files that were passed over because they are masks.
    """

    added: tuple[str, ...] = ()
    already: tuple[str, ...] = ()
    refused: tuple[tuple[str, str], ...] = ()
    masks: tuple[str, ...] = ()


def add_images(
    store: Store,
    path: Path,
    *,
    volume: int = 0,
    series: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> AddReport:
    """Add an image, or all images and series below a folder; each is on the disk at once."""
    store.require_writable()  # before anything is read
    if not path.exists():
        raise UnreadableFileError(f"there is no '{path.name}'", do="Check the path")
    finds = find_images(path, series)
    added: list[str] = []
    already: list[str] = []
    refused = list(finds.broken)
    for count, found in enumerate(finds.images, 1):
        try:
            image = _read(found, volume)
        except MedSSLError as error:
            refused.append((found.path.name, str(error)))
        else:
            case, new = _insert(store, found, image)
            (added if new else already).append(case)
        if progress is not None:
            progress(count, len(finds.images))
    return AddReport(tuple(added), tuple(already), tuple(refused), finds.masks)


def read_image(store: Store, case_id: str) -> Volume:
    """Open a case's image, and make sure that it is the one that was added.

    Raises
    ------
    MissingImageError
        If it is not where it was.
    ChangedImageError
        If another image is there now.
    MedSSLError
        If it cannot be read.
    """
    from napari_medssl.io import read_volume

    case = read_case(store, case_id)
    if not case.image.exists():
        raise MissingImageError(
            f"the image '{case.image.name}' of {case.id} is not where it was",
            do="Show where it is now: nothing drawn on it is lost",
        )
    series, content = store.rows(
        "SELECT series, content FROM image_case WHERE id = ?", require_case(store, case_id)
    )[0]
    image = read_volume(case.image, volume=case.volume, series=series)
    if content_of(image) != content:
        raise ChangedImageError(
            f"'{case.image.name}' of {case.id} is not the image that was added to the project",
            expected="the very same voxels at the same places",
            do="Show where the old image is, or add the new one as a case of its own",
        )
    return image


def relocate(store: Store, case_id: str, path: Path) -> None:
    """Take a new place for a case's image, in which only the very same image may be.

    Parameters
    ----------
    store : Store
        The project's file.
    case_id : str
        The case.
    path : Path
        The image, or a folder somewhere below which it is.

    Raises
    ------
    MissingImageError
        If there is nothing at the path.
    ChangedImageError
        If no image there is the case's.
    """
    case, number = read_case(store, case_id), require_case(store, case_id)
    if not path.exists():
        raise MissingImageError(f"there is no '{path.name}'", do="Check the path")
    content = store.one("SELECT content FROM image_case WHERE id = ?", number)
    likely_first = sorted(find_images(path).images, key=lambda f: f.path.name != case.image.name)
    for found in likely_first:
        try:
            image = _read(found, case.volume)
        except MedSSLError:
            continue
        if content_of(image) == content:
            place = stored_path(found.path, store.file.parent)
            with store.transaction() as db:
                db.execute(
                    "UPDATE image_case SET path = ?, series = ? WHERE id = ?",
                    (place, found.series, number),
                )
            return
    raise ChangedImageError(
        f"'{path.name}' is not the image of {case.id}, and holds none that is",
        expected="the very same voxels at the same places",
        do="Choose the image itself, or add this one as a case of its own",
    )


def _read(found: FoundImage, volume: int) -> Volume:
    from napari_medssl.io import read_volume

    return read_volume(found.path, volume=volume, series=found.series)


def _insert(store: Store, found: FoundImage, image: Volume) -> tuple[str, bool]:
    """Add a case, and return its id and whether it is new."""
    content = content_of(image)
    if (known := store.one("SELECT id FROM image_case WHERE content = ?", content)) is not None:
        return id_of(known), False
    patient = patient_key(found.sample, store.one("SELECT value FROM setting WHERE key = 'salt'"))
    row = (
        _free_name(store, found.name, image),
        stored_path(found.path, store.file.parent),
        image.source.volume,
        found.series,
        content,
        patient,
        image.modality,
        Grid.of(image).to_json(),
        now(),
    )
    with store.transaction() as db:
        added = db.execute(
            "INSERT INTO image_case"
            " (name, path, volume, series, content, patient, modality, grid, added)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            row,
        ).lastrowid
    if added is None:
        raise ProjectError(f"'{found.path.name}' could not be added")
    return id_of(added), True


def _free_name(store: Store, name: str, image: Volume) -> str:
    """Return the name, or with a number behind it where another case has it."""
    name = name.encode("utf-8", "replace").decode()  # a name of other bytes cannot be shown
    if image.source.volumes > 1:
        name = f"{name}, volume {image.source.volume}"
    taken = {row[0] for row in store.rows("SELECT name FROM image_case")}
    numbered = (f"{name} ({n})" for n in range(2, len(taken) + 3))
    return name if name not in taken else next(n for n in numbered if n not in taken)
