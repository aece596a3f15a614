"""The masks of a project as files: on the images' own grids, or as DICOM objects."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from napari_medssl.errors import MedSSLError, UsageError
from napari_medssl.io.sidecar import sidecar_of
from napari_medssl.project.burnt_in import about_text, may_show_text
from napari_medssl.project.dataset_out import ExportReport
from napari_medssl.project.dataset_plan import PICTURES, is_drawn
from napari_medssl.project.export_folder import ExportFolder, is_of_the_disk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from napari_medssl.io.dicom.deidentify import Deidentifier
    from napari_medssl.project.cases import Case
    from napari_medssl.project.project import Project
    from napari_medssl.volume import Volume

Kind = Literal["masks", "seg", "rtstruct"]


def export_masks(
    project: Project,
    target: Path,
    kind: Kind = "masks",
    *,
    everything: bool = False,
    deidentify: Deidentifier | None = None,
    overwrite: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> ExportReport:
    """Write the masks of a project, a file each.

    Parameters
    ----------
    project : Project
        The project; it is only read.
    target : Path
        Folder to write to, made if need be.
    kind : {"masks", "seg", "rtstruct"}
        NIfTI (PNG for pictures) with label names beside it; DICOM segmentations; DICOM contours.
    everything : bool
        Whether every case with something drawn is written; else only those that are done.
    deidentify : Deidentifier, optional
        Call files by the ids of their cases, and the series that DICOM objects refer to as this
        one renames them.
    overwrite : bool
        Whether an earlier export there may be replaced.
    progress : callable, optional
        Is told after each case how many of how many are written.

    Raises
    ------
    UsageError
        If there is nothing to write, or the folder holds something else.
    SaveError
        If the disk is full or may not be written; finished files stay.
    """
    chosen = [case for case in project.cases() if is_drawn(case)]
    chosen = chosen if everything else [case for case in chosen if case.status == "done"]
    if not chosen:
        raise UsageError(
            "no mask to write" if everything else "no mask of a case that is done",
            do="Outline something first" if everything else "Mark cases as done, or export all",
        )
    names = _names(chosen, kind, by_id=deidentify is not None)
    plan = {"kind": kind, "cases": names}
    folder = ExportFolder(target, plan, _files(names.values(), kind), overwrite=overwrite)
    left_out: dict[str, str] = {}
    may_tell: list[str] = []
    for count, case in enumerate(chosen, start=1):
        try:
            volume = project.read_image(case.id)
            _write(project, case, volume, folder.path(names[case.id]), kind, deidentify)
            if deidentify is not None and may_show_text(volume):
                may_tell.append(case.id)
        except MedSSLError as error:
            if is_of_the_disk(error):
                raise  # the next case would be saved no better
            left_out[case.id] = str(error)
        if progress is not None:
            progress(count, len(chosen))
    if not left_out:
        folder.finish()
    written = tuple(case.id for case in chosen if case.id not in left_out)
    return ExportReport(target, written, (), left_out, {}, about_text(may_tell))


def _names(cases: Sequence[Case], kind: Kind, *, by_id: bool) -> dict[str, str]:
    """Name each case's file; no two alike, not even where capitals do not count."""
    stems: dict[str, str] = {}
    for case in cases:
        stem = case.id if by_id else re.sub(r"[^\w .()+-]", "_", case.name)
        taken = stem.casefold() in map(str.casefold, stems.values())
        stems[case.id] = f"{stem}_{case.id}" if taken else stem
    return {case.id: f"{stems[case.id]}_{_ending(case, kind)}" for case in cases}


def _files(masks: Iterable[str], kind: Kind) -> list[str]:
    """Name every file: a mask that is no DICOM object has its label names beside it."""
    names = list(masks)
    return names if kind != "masks" else [*names, *(sidecar_of(Path(n)).name for n in names)]


def _ending(case: Case, kind: Kind) -> str:
    if kind != "masks":
        return f"{kind}.dcm"
    is_picture = case.image.suffix.lower() in PICTURES and 1 in case.grid.shape
    return "mask.png" if is_picture else "mask.nii.gz"


def _write(
    project: Project,
    case: Case,
    volume: Volume,
    path: Path,
    kind: Kind,
    deidentify: Deidentifier | None,
) -> None:
    state = project.read_state(case.id)
    labels = [label.info for label in project.labels()]
    if kind == "seg":
        from napari_medssl.io.dicom.seg import write_seg

        write_seg(state.labels, volume, path, labels, deidentify=deidentify)
    elif kind == "rtstruct":
        from napari_medssl.io.dicom.rtstruct import write_rtstruct

        write_rtstruct(state.labels, volume, path, labels, deidentify=deidentify)
    else:
        from napari_medssl.io import write_labels

        if deidentify is not None:
            volume = replace(volume, source=replace(volume.source, name=case.id))
        told = {"outlines": list(state.outlines)}
        write_labels(state.labels, volume, path, labels=labels, provenance=told)
