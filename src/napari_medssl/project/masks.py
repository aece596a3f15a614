"""One mask out of a project into a file, and from a file into a project."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_medssl.errors import UsageError
from napari_medssl.io.label_table import unnamed_label

if TYPE_CHECKING:
    from pathlib import Path

    from napari_medssl.project.project import Project
    from napari_medssl.volume import Notice


def export_mask(project: Project, case_id: str, out: Path) -> None:
    """Write a case's mask on the grid of its image, with the project's label names.

    Raises
    ------
    MedSSLError
        If the image cannot be read, or the file cannot be written.
    """
    from napari_medssl.io import write_labels

    volume, state = project.read_image(case_id), project.read_state(case_id)
    labels = [label.info for label in project.labels()]
    outlines = {"outlines": list(state.outlines)}
    write_labels(state.labels, volume, out, labels=labels, provenance=outlines)


def import_mask(project: Project, case_id: str, source: Path) -> tuple[Notice, ...]:
    """Make a mask of any format a case's own, in one step; new labels join the project's.

    Returns
    -------
    tuple of Notice
        What was decided while reading.

    Raises
    ------
    UsageError
        If the file calls a label otherwise than the project does.
    MedSSLError
        If the file cannot be read, or is not of this image.
    """
    from napari_medssl.io import read_mask

    mask = read_mask(source, project.read_image(case_id))
    states = project.labels()
    known = {state.info.value: state.info for state in states}
    for label in mask.labels:
        name = known.get(label.value, label).name
        if label.name not in (name, unnamed_label(label.value).name):
            raise UsageError(
                f"'{source.name}' calls label {label.value} '{label.name}'",
                expected=f"'{name}', as in the project",
                do="Rename one of them, or give it another value",
            )
    new = [label for label in mask.labels if label.value not in known]
    project.replace_mask(case_id, mask.array, "Mask from a file", outlines=mask.outlines)
    if new:
        project.set_labels((*states, *new))
    return mask.notices
