"""``medssl project export`` and ``import``: whole projects for other programs, and from them."""

from __future__ import annotations

import json as json_text
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from napari_medssl.errors import ReadOnlyError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from napari_medssl.io.dicom.deidentify import Deidentifier
    from napari_medssl.project import Project
    from napari_medssl.project.dataset_in import ImportReport
    from napari_medssl.project.dataset_out import ExportReport
    from napari_medssl.project.mask_files import Kind


class Form(StrEnum):
    """What a project can be written as."""

    MASKS = "masks"
    MSD = "msd"
    NNUNET = "nnunet"
    SEG = "seg"
    RTSTRUCT = "rtstruct"


class Which(StrEnum):
    """Which cases count as outlined."""

    DONE = "done"
    ALL = "all"


def export_project(
    folder: Annotated[Path, typer.Argument(help="The project's folder.")],
    form: Annotated[Form, typer.Option("--as", help="What to write.")],
    out: Annotated[Path, typer.Option(help="Folder to write to; made if need be.")],
    only: Annotated[
        Which, typer.Option(help="Masks of cases that are done, or of all with something drawn.")
    ] = Which.DONE,
    deidentify: Annotated[
        bool,
        typer.Option("--deidentify", help="Name files by case ids; take names out of DICOM."),
    ] = False,
    key: Annotated[
        str | None,
        typer.Option(help="With --deidentify: a secret; the same one gives the same new names."),
    ] = None,
    name: Annotated[str, typer.Option(help="Name of the training set; else the project's.")] = "",
    number: Annotated[
        int | None, typer.Option(help="nnU-Net's number of the training set; 501 unless given.")
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace an earlier export in OUT.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Write a project's masks, or a training set with its images; exit 1 if a case is left out.

    masks: NIfTI, or PNG of pictures. seg, rtstruct: DICOM objects of DICOM images. msd, nnunet:
    training sets; cases without a finished mask become test images, and files are always named
    by case ids. An export that was stopped goes on when the same command is given again.
    """
    if key is not None and not deidentify:
        raise UsageError("--key without --deidentify", expected="both")
    if number is not None and form != Form.NNUNET:
        raise UsageError(f"--number with --as {form}", expected="it with --as nnunet only")
    if name and form not in (Form.MSD, Form.NNUNET):
        raise UsageError(f"--name with --as {form}", expected="it with --as msd or nnunet")
    renaming = _renaming(form, key) if deidentify else None
    from napari_medssl.project import open_project

    with open_project(folder, read_only=True) as project, _Bar() as bar:
        settings = {"everything": only == Which.ALL, "overwrite": overwrite}
        if form in (Form.MSD, Form.NNUNET):
            report = _training_set(project, form, out, name, number, settings, bar.move)
        else:
            report = _masks(project, form, out, renaming, settings, bar.move)
    _say_exported(report, as_json=json)


def import_dataset(
    folder: Annotated[Path, typer.Argument(help="The project's folder; made if need be.")],
    dataset: Annotated[Path, typer.Argument(help="The folder that holds dataset.json.")],
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Add a training set in the layout of MSD or nnU-Net; exit 1 if a file could not be taken.

    Images stay where they are. Cases with a mask count as done.
    """
    from napari_medssl.project import create_project, dataset_in, open_project
    from napari_medssl.project.layouts import read_description
    from napari_medssl.project.schema import FILE_NAME

    read_description(dataset)  # before a project is made for nothing
    is_new = not (folder / FILE_NAME).exists() and folder.name != FILE_NAME
    with create_project(folder) if is_new else open_project(folder) as project, _Bar() as bar:
        if project.read_only:
            raise ReadOnlyError(project.why_read_only.rstrip("."))
        report = dataset_in.import_dataset(project, dataset, progress=bar.move)
    _say_imported(report, as_json=json)


class _Bar:
    """A progress bar on the error stream, gone when the work is done."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import Progress

        console = Console(stderr=True)
        self._bar = Progress(console=console, transient=True, disable=not console.is_terminal)
        self._task = self._bar.add_task("Cases", total=None)

    def move(self, done: int, of: int) -> None:
        """Show how many of how many cases are finished."""
        self._bar.update(self._task, completed=done, total=of)

    def __enter__(self) -> _Bar:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()


def _training_set(
    project: Project,
    form: Form,
    out: Path,
    name: str,
    number: int | None,
    settings: Mapping[str, bool],
    told: Callable[[int, int], None],
) -> ExportReport:
    from napari_medssl.project.dataset_out import export_dataset
    from napari_medssl.project.msd import MsdLayout
    from napari_medssl.project.nnunet import NnunetLayout

    layout = MsdLayout() if form == Form.MSD else NnunetLayout()
    return export_dataset(
        project, out, layout, name=name, number=number or 501, progress=told, **settings
    )


def _masks(
    project: Project,
    form: Form,
    out: Path,
    renaming: Deidentifier | None,
    settings: Mapping[str, bool],
    told: Callable[[int, int], None],
) -> ExportReport:
    from napari_medssl.project.mask_files import export_masks

    return export_masks(
        project, out, cast("Kind", form.value), deidentify=renaming, progress=told, **settings
    )


def _renaming(form: Form, key: str | None) -> Deidentifier:
    from napari_medssl.io.dicom.deidentify import Deidentifier

    if key is None and form in (Form.SEG, Form.RTSTRUCT):
        raise UsageError(
            f"--as {form} --deidentify without --key",
            expected="the key of the de-identified images, so that they belong together",
        )
    return Deidentifier.fresh() if key is None else Deidentifier(key)


def _say_exported(report: ExportReport, *, as_json: bool) -> None:
    if as_json:
        facts = {
            "folder": str(report.folder),
            "with_mask": report.training,
            "without_mask": report.test,
            "left_out": report.left_out,
            "values": report.values,
            "notices": [{"code": n.code, "text": n.text} for n in report.notices],
        }
        print(json_text.dumps(facts, ensure_ascii=False))
    else:
        words = f"{len(report.training)} cases with a mask"
        words += f", {len(report.test)} without" if report.test else ""
        print(f"Wrote {words} to '{report.folder.name}'.")
        changed = [f"{old} is {new}" for old, new in report.values.items() if old != new]
        if changed:
            print(f"Label values there: {', '.join(changed)}.")
        for notice in report.notices:
            print(f"Note: {notice.text}")
        for case, why in report.left_out.items():
            print(f"  ! {case}: {why}")
        if report.left_out:
            print("Give the command again when this is mended: what is written stays.")
        print("Research use only. Not a medical device.")
    if report.left_out:
        raise typer.Exit(1)


def _say_imported(report: ImportReport, *, as_json: bool) -> None:
    if as_json:
        facts = {
            "layout": report.layout,
            "with_mask": report.cases,
            "without_mask": report.without_mask,
            "refused": [{"name": name, "why": why} for name, why in report.refused],
            "told": report.told,
            "values": report.values,
        }
        print(json_text.dumps(facts, ensure_ascii=False))
    else:
        print(
            f"Layout of {report.layout}: {len(report.cases)} cases with a mask, "
            f"{len(report.without_mask)} without."
        )
        changed = [f"{old} is {new}" for old, new in report.values.items() if old != new]
        if changed:
            print(f"Label values here: {', '.join(changed)}.")
        for words in (*report.told, *(why for _, why in report.refused)):
            print(f"  ! {words}")
    if report.refused:
        raise typer.Exit(1)
