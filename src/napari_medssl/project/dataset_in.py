"""A training set in the layout of MSD or nnU-Net as cases of a project."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_medssl.errors import MedSSLError, UnreadableFileError
from napari_medssl.io.label_table import Code, LabelInfo, unnamed_label
from napari_medssl.project.export_folder import read_log
from napari_medssl.project.layouts import DESCRIPTION, read_description
from napari_medssl.project.msd import MsdLayout
from napari_medssl.project.nnunet import NnunetLayout
from napari_medssl.volume.label_types import smallest_unsigned

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_medssl.project.layouts import Layout, Pair
    from napari_medssl.project.project import Project

LAYOUTS: tuple[Layout, ...] = (NnunetLayout(), MsdLayout())


@dataclass(frozen=True)
class ImportReport:
    """What became of an import.

    Parameters
    ----------
    layout : str
        The layout that was found.
    cases : tuple of str
        Ids of the cases that came with a mask.
    without_mask : tuple of str
        Ids of those that came without one.
    refused : tuple of (file, sentence)
        Files that could not be taken, and why.
    told : tuple of str
        What is missing or was passed over.
    values : mapping of int to int
        Label values of the files, and what they became in the project.
    """

    layout: str
    cases: tuple[str, ...]
    without_mask: tuple[str, ...]
    refused: tuple[tuple[str, str], ...]
    told: tuple[str, ...]
    values: Mapping[int, int]


def import_dataset(
    project: Project, folder: Path, *, progress: Callable[[int, int], None] | None = None
) -> ImportReport:
    """Add the images of a training set to a project, with their masks.

    Images stay where they are. Cases with a mask are done. Labels join those of the project by
    their names; the values of one that was exported from a project come back. A case that has a
    mask already keeps it.

    Parameters
    ----------
    project : Project
        An open project.
    folder : Path
        The folder that holds dataset.json.
    progress : callable, optional
        Is told after each image how many of how many were looked at.

    Raises
    ------
    UnreadableFileError
        If the folder is not of a layout we know.
    """
    description = read_description(folder)
    layout = _layout_of(description)
    found = layout.find(folder, description)
    if not found.pairs:
        raise UnreadableFileError(
            f"'{folder.absolute().name}' holds a '{DESCRIPTION}', but no images",
            expected="images in imagesTr",
        )
    labels = _labels(folder, found.names)
    values = _join(project, labels)
    cases: list[str] = []
    without: list[str] = []
    refused: list[tuple[str, str]] = []
    for count, pair in enumerate(found.pairs, start=1):
        try:
            case = _add(project, pair.image)
            with_mask = pair.mask is not None and _take_mask(project, case, pair, values)
            (cases if with_mask else without).append(case)
        except MedSSLError as error:
            refused.append((pair.image.name, str(error)))
        if progress is not None:
            progress(count, len(found.pairs))
    return ImportReport(
        layout.title, tuple(cases), tuple(without), tuple(refused), found.told, values
    )


def _layout_of(description: Mapping[str, Any]) -> Layout:
    for layout in LAYOUTS:
        if layout.recognises(description):
            return layout
    raise UnreadableFileError(
        f"'{DESCRIPTION}' is of no layout we know",
        expected=f"that of {' or '.join(layout.title for layout in LAYOUTS)}",
    )


def _labels(folder: Path, names: Mapping[int, str]) -> dict[int, LabelInfo]:
    """Return labels by the values of the files; one of our own exports tells colours too."""
    labels = {v: replace(unnamed_label(v), name=name) for v, name in names.items()}
    log = read_log(folder)
    if log is None:
        return labels
    try:
        back = {int(new): int(value) for value, new in log["plan"]["values"]}
        for row in log["plan"]["labels"]:
            red, green, blue = (int(part) for part in row["colour"])
            new = int(row["value"])
            code = Code(**row["code"]) if row["code"] else None
            labels[new] = LabelInfo(back[new], str(row["name"]), (red, green, blue), code)
    except (KeyError, TypeError, ValueError) as error:
        raise UnreadableFileError("the log of the export is damaged") from error
    return labels


def _join(project: Project, labels: Mapping[int, LabelInfo]) -> dict[int, int]:
    """Add labels to the project's; return what each value of the files becomes there."""
    states = project.labels()
    by_name = {state.info.name.casefold(): state.info.value for state in states}
    taken = {state.info.value for state in states}
    values, new = {}, []
    for written, label in labels.items():
        value = by_name.get(label.name.casefold())
        if value is None:
            value = label.value if label.value not in taken else max(taken) + 1
            taken.add(value)
            new.append(replace(label, value=value))
        values[written] = value
    if new:
        project.set_labels((*states, *new))
    return values


def _add(project: Project, image: Path) -> str:
    report = project.add(image)
    if report.refused:
        raise UnreadableFileError(report.refused[0][1])
    ids: Sequence[str] = (*report.added, *report.already)
    if not ids:
        raise UnreadableFileError(f"'{image.name}' is a mask", expected="an image")
    return ids[0]


def _take_mask(project: Project, case: str, pair: Pair, values: dict[int, int]) -> bool:
    """Make a file a case's mask and the case done; tell whether it has a mask now."""
    from napari_medssl.io import read_mask

    if pair.mask is None:
        return False
    mask = read_mask(pair.mask, project.read_image(case))
    unknown = {label.value: label for label in mask.labels if label.value not in values}
    values.update(_join(project, unknown))
    wanted = _renumbered(mask.array, values)
    if project.case(case).steps:
        if np.array_equal(project.read_state(case).labels, wanted):
            return True
        raise UnreadableFileError(
            f"'{pair.image.name}' is {case} of the project, which has a mask of its own",
            do="It was left as it is; replace it by 'medssl project mask --from'",
        )
    project.replace_mask(case, wanted, "Mask from a training set")
    project.set_status(case, "done")
    return True


def _renumbered(array: NDArray[Any], values: Mapping[int, int]) -> NDArray[Any]:
    from napari_medssl.io.labels import values_in

    new = np.zeros(array.shape, np.uint32)
    for value in values_in(array):
        new[array == value] = values[value]
    return smallest_unsigned(new)
