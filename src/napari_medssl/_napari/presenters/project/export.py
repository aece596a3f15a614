"""What of a project can be exported: the case in hand, those that are done, or all."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from napari_medssl._napari.presenters.export_kinds import (
    MASKS,
    PICTURES,
    Exportable,
    ExportSource,
    FolderKind,
    Piece,
)
from napari_medssl.errors import SaveError, UsageError
from napari_medssl.project.dataset_out import export_dataset
from napari_medssl.project.dataset_plan import is_drawn
from napari_medssl.project.mask_files import export_masks
from napari_medssl.project.msd import MsdLayout
from napari_medssl.project.nnunet import NnunetLayout
from napari_medssl.volume import Window

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from napari_medssl._napari.presenters.export_kinds import Names, Progress
    from napari_medssl._napari.presenters.project.write_queue import WriteQueue
    from napari_medssl.project import Case, Project
    from napari_medssl.project.dataset_out import ExportReport
    from napari_medssl.project.layouts import Layout
    from napari_medssl.project.mask_files import Kind

    Told = tuple[int, tuple[str, ...]]


def project_sources(
    project: Project, queue: WriteQueue, cases: Sequence[Case], case_id: str | None
) -> tuple[ExportSource, ...]:
    """Return what can be exported of a project.

    Parameters
    ----------
    project : Project
        The project.
    queue : WriteQueue
        Its writes; they are waited for.
    cases : sequence of Case
        All its cases.
    case_id : str or None
        The case in hand.
    """
    drawn = [case for case in cases if is_drawn(case)]
    done = [case for case in drawn if case.status == "done"]
    sources = [
        ExportSource(
            f"This case: {case.name}",
            (_piece(project, queue, case),),
            (*MASKS, *PICTURES),
            case.modality == "US",
        )
        for case in cases
        if case.id == case_id
    ]
    if done:
        whole = _Whole(project, queue, everything=False)
        sources.append(_of_several(f"Cases that are done ({len(done)})", whole, done))
    if drawn:
        whole = _Whole(project, queue, everything=True)
        sources.append(_of_several(f"All cases with a mask ({len(drawn)})", whole, drawn))
    return tuple(sources)


def _of_several(title: str, whole: _Whole, cases: Sequence[Case]) -> ExportSource:
    return ExportSource(
        title,
        tuple(_piece(whole.project, whole.queue, case) for case in cases),
        (*_folder_kinds(whole), *PICTURES),
        any(case.modality == "US" for case in cases),
    )


def _piece(project: Project, queue: WriteQueue, case: Case) -> Piece:
    def load() -> Exportable:
        _require_saved(queue)
        state = project.read_state(case.id)
        return Exportable(
            project.read_image(case.id),
            state.labels,
            tuple(label.info for label in project.labels()),
            state.outlines,
            _window_of(state.view),
        )

    return Piece(case.name, load, anonymous=case.id)


@dataclass(frozen=True, eq=False)
class _Whole:
    """Writes a project through the functions of ``medssl project export``."""

    project: Project
    queue: WriteQueue
    everything: bool

    def masks(
        self, kind: Kind, folder: Path, names: Names, replace: bool, progress: Progress
    ) -> Told:
        """Write a file for each mask."""
        _require_saved(self.queue)
        report = export_masks(
            self.project,
            folder,
            kind,
            everything=self.everything,
            deidentify=names,
            overwrite=replace,
            progress=progress,
        )
        return _told(report)

    def training_set(
        self, layout: Layout, folder: Path, names: Names, replace: bool, progress: Progress
    ) -> Told:
        """Write images and masks; files are called by the ids of the cases."""
        _require_saved(self.queue)
        report = export_dataset(
            self.project,
            folder,
            layout,
            everything=self.everything,
            overwrite=replace,
            progress=progress,
        )
        return _told(report)


def _folder_kinds(whole: _Whole) -> tuple[FolderKind, ...]:
    grids = "A file for each mask on its image's own grid, with the label names beside it"
    objects = "A DICOM object for each mask; the images must be DICOM series"
    training = "Images and masks, to train networks; files are called by the numbers of the cases"
    msd, nnunet = (
        partial(whole.training_set, MsdLayout()),
        partial(whole.training_set, NnunetLayout()),
    )
    return (
        FolderKind("Masks, NIfTI", grids, partial(whole.masks, "masks"), takes_out_names=True),
        FolderKind("DICOM SEG", objects, partial(whole.masks, "seg"), takes_out_names=True),
        FolderKind(
            "DICOM RTSTRUCT", objects, partial(whole.masks, "rtstruct"), takes_out_names=True
        ),
        FolderKind("Training set, MSD layout", training, msd, shows_pixels=True),
        FolderKind("Training set, nnU-Net layout", training, nnunet, shows_pixels=True),
    )


def _told(report: ExportReport) -> Told:
    refused = tuple(f"{case}: {why}" for case, why in report.left_out.items())
    return len(report.training) + len(report.test), refused


def _require_saved(queue: WriteQueue) -> None:
    """Wait for the last stroke: what is exported is what is on the disk."""
    if queue.wait().problem is not None:
        raise SaveError("the last changes are not saved yet", do="Press Retry, then export again")


def _window_of(view: Mapping[str, Any]) -> Window | None:
    try:
        low, high = view["window"]
        return Window(float(low), float(high))
    except (KeyError, TypeError, ValueError, UsageError):
        return None
