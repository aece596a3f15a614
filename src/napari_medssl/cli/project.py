"""``medssl project``: cases and their masks in a folder where no step is ever lost."""

from __future__ import annotations

import json as json_text
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from napari_medssl.cli.label_text import hex_colour, label_facts, parse_label
from napari_medssl.cli.project_words import case_facts, say, say_added
from napari_medssl.cli.targets import require_free
from napari_medssl.cli.version_words import model_facts, model_words
from napari_medssl.errors import ReadOnlyError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_medssl.project import AddReport, Project

project_app = typer.Typer(
    no_args_is_help=True, help="Cases and their masks, safe in one folder: new, add, status, ..."
)

_Folder = Annotated[Path, typer.Argument(help="The project's folder.")]
_Case = Annotated[str, typer.Argument(help="A case, as case-001: see 'medssl project status'.")]
_Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
_Labels = Annotated[
    list[str] | None, typer.Option(metavar="VALUE,NAME[,#RRGGBB]", help="A label, as 1,liver.")
]


@project_app.command("new")
def new_project(
    folder: _Folder,
    name: Annotated[str, typer.Option(help="Name for people; else the folder's.")] = "",
    label: _Labels = None,
    json: _Json = False,
) -> None:
    """Make a project in a folder."""
    labels = [parse_label(text) for text in label or []]
    from napari_medssl.project import create_project

    with create_project(folder, name=name, labels=labels) as project:
        facts = {"folder": str(project.folder), "name": project.name}
        words = f"'{project.name}' is ready. Add images with 'medssl project add'."
    say(facts, words, as_json=json)


@project_app.command("add")
def add_images(
    folder: _Folder,
    paths: Annotated[list[Path], typer.Argument(help="Images, or folders of images.")],
    volume: Annotated[int, typer.Option(help="Which volume of a 4-D image, from 0.")] = 0,
    series: Annotated[int | None, typer.Option(help="Only this series of a folder.")] = None,
    json: _Json = False,
) -> None:
    """Add images, or all images and DICOM series below folders; exit 1 if none could be added.

    Masks are passed over: files that end in _mask or _seg, lie in a folder of labels, or were
    written by us.
    """
    from rich.console import Console
    from rich.progress import Progress

    reports: list[AddReport] = []
    with to_change(folder) as project, Progress(console=Console(stderr=True)) as bar:
        for path in paths:
            task = bar.add_task(path.name, total=None)
            told = _progress(bar, task)
            reports.append(project.add(path, volume=volume, series=series, progress=told))
    say_added(reports, as_json=json)


@project_app.command("status")
def show_status(folder: _Folder, json: _Json = False) -> None:
    """Show how far each case is, and how large its labels are."""
    with to_look(folder) as project:
        names = {state.info.value: state.info.name for state in project.labels()}
        if json:
            cases = [case_facts(case) for case in project.cases()]
            facts = {"name": project.name, "cases": cases, "model": model_facts(project)}
            print(json_text.dumps(facts, ensure_ascii=False))
            return
        from rich.console import Console
        from rich.table import Table

        columns = ("case", "name", "modality", "status", "steps", "slices done", "labels")
        table = Table(*columns, box=None)
        for case in project.cases():
            sizes = (f"{names.get(v, v)} {ml:.2f} ml" for v, ml in case.volumes_ml.items())
            counts = (str(case.steps), str(case.done_slices))
            words = (case.id, case.name, case.modality, case.status, *counts, ", ".join(sizes))
            table.add_row(*words)
        Console().print(table)
        print(model_words(project))


@project_app.command("mark")
def mark_case(
    folder: _Folder,
    case: _Case,
    status: Annotated[str | None, typer.Option(help="new, 'in work', done or flagged.")] = None,
    note: Annotated[str | None, typer.Option(help="Words on the case.")] = None,
    slice_: Annotated[
        str | None,
        typer.Option("--slice", metavar="PLANE:INDEX", help="A slice as the file counts: axial:12"),
    ] = None,
    not_done: Annotated[
        bool, typer.Option("--not-done", help="With --slice: it is not finished after all.")
    ] = False,
    json: _Json = False,
) -> None:
    """Set a case's status, or call one of its slices finished."""
    if not_done and slice_ is None:
        raise UsageError("--not-done without --slice", expected="both")
    if (status, note, slice_) == (None, None, None):
        raise UsageError("nothing to mark", expected="--status, --note or --slice")
    with to_change(folder) as project:
        found = project.case(case)
        if slice_ is not None:
            axis, index = _slice(slice_)
            project.mark_done(case, axis, found.grid.slice_of_file(axis, index), done=not not_done)
        if status is not None or note is not None:
            project.set_status(case, status or found.status, note)
        facts = case_facts(project.case(case))
    say(facts, f"{case} is marked.", as_json=json)


@project_app.command("labels")
def show_labels(
    folder: _Folder,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="VALUE,NAME[,#RRGGBB]", help="Add or change a label."),
    ] = None,
    json: _Json = False,
) -> None:
    """Show the label table, after adding or changing labels."""
    given = [parse_label(text) for text in set_ or []]
    from napari_medssl.project import LabelState

    with to_change(folder) if given else to_look(folder) as project:
        if given:
            states = {state.info.value: state for state in project.labels()}
            for info in given:
                before = states.get(info.value, LabelState(info))
                states[info.value] = replace(before, info=info)
            project.set_labels(states.values())
        infos = [state.info for state in project.labels()]
    lines = (f"{info.value:5} {hex_colour(info)} {info.name}" for info in infos)
    say({"labels": [label_facts(info) for info in infos]}, *lines, as_json=json)


@project_app.command("mask")
def exchange_mask(
    folder: _Folder,
    case: _Case,
    out: Annotated[
        Path | None, typer.Option(help="Where to write the mask; the suffix says the format.")
    ] = None,
    source: Annotated[
        Path | None, typer.Option("--from", help="A mask to take instead of the present one.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace OUT if it exists.")] = False,
    json: _Json = False,
) -> None:
    """Write a case's mask to a file, or take one from a file (in one step that can be undone)."""
    if (out is None) == (source is None):
        raise UsageError("not one of --out and --from", expected="one of them")
    from napari_medssl.project.masks import export_mask, import_mask

    if out is not None:
        require_free(out, force=force)
        with to_look(folder) as project:
            export_mask(project, case, out)
        say({"case": case, "out": str(out)}, f"Wrote '{out.name}'.", as_json=json)
    if source is not None:
        with to_change(folder) as project:
            notices = import_mask(project, case, source)
        told = [{"code": notice.code, "text": notice.text} for notice in notices]
        lines = (f"'{source.name}' is the mask of {case} now.", *(f"  ! {n.text}" for n in notices))
        say({"case": case, "from": str(source), "notices": told}, *lines, as_json=json)


@project_app.command("relocate")
def relocate_image(
    folder: _Folder,
    case: _Case,
    path: Annotated[Path, typer.Argument(help="The image, or a folder above it.")],
    json: _Json = False,
) -> None:
    """Say where the image of a case is now; only the very same image is taken."""
    with to_change(folder) as project:
        project.relocate(case, path)
        facts = {"case": case, "image": str(project.case(case).image)}
    say(facts, f"The image of {case} is found.", as_json=json)


@project_app.command("check")
def check_project(
    folder: _Folder,
    accept: Annotated[
        bool, typer.Option("--accept", help="Go on with a copy whose last steps are missing.")
    ] = False,
    json: _Json = False,
) -> None:
    """Read everything a project holds and look for its images; exit 1 if something is wrong."""
    from napari_medssl.project import open_project

    with open_project(folder, read_only=not accept, accept_incomplete=accept) as project:
        problems = project.find_problems()
    say({"problems": problems}, *(problems or ("All is well.",)), as_json=json)
    if problems:
        raise typer.Exit(1)


@project_app.command("purge")
def purge_case(
    folder: _Folder,
    case: _Case,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    json: _Json = False,
) -> None:
    """Remove a case with everything drawn on it, beyond recovery; its image is left alone."""
    with to_change(folder) as project:
        name = project.case(case).name
        if not yes:
            words = f"Remove {case} ({name}) and all work on it, for ever?"
            typer.confirm(words, abort=True, err=json)  # the answer in JSON stands alone
        project.purge(case)
    say({"purged": case}, f"{case} is removed.", as_json=json)


def to_look(folder: Path) -> Project:
    """Open a project to look at it only."""
    from napari_medssl.project import open_project

    return open_project(folder, read_only=True)


def to_change(folder: Path) -> Project:
    """Open a project to change it; `ReadOnlyError` where it may not be."""
    from napari_medssl.project import open_project

    project = open_project(folder)
    if not project.read_only:
        return project
    why = project.why_read_only
    project.close()
    raise ReadOnlyError(why)


def _progress(bar: Any, task: Any) -> Callable[[int, int], None]:
    return lambda done, of: bar.update(task, completed=done, total=of)


def _slice(text: str) -> tuple[int, int]:
    """Read ``axial:12``."""
    from napari_medssl.volume.planes import PLANES

    plane, _, index = text.partition(":")
    if plane not in PLANES or not index.isdecimal():
        raise UsageError(f"the slice '{text}'", expected="as axial:12, coronal:0 or sagittal:40")
    return PLANES[plane], int(index)
