"""``medssl project segment`` and ``proposals``: a model on all cases, accepted label by label."""

from __future__ import annotations

import json as json_text
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from napari_medssl.cli.jobs import Folder, store
from napari_medssl.cli.project_words import say
from napari_medssl.errors import ReadOnlyError, UsageError

if TYPE_CHECKING:
    from napari_medssl.jobs import JobStore
    from napari_medssl.models.trained import TrainedCard
    from napari_medssl.project import Project
    from napari_medssl.project.proposals import Pending
    from napari_medssl.project.proposing import ProposeReport
    from napari_medssl.project.segment_task import SegmentTask

_Folder = Annotated[Path, typer.Argument(help="The project's folder.")]
_Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


def segment_project(
    folder: _Folder,
    model: Annotated[str, typer.Option(help="A trained model, by name or file.")],
    cases: Annotated[
        str, typer.Option(help="Only these, as case-001,case-004; else all that are not done.")
    ] = "",
    device: Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:N or mps.")] = "auto",
    overlap: Annotated[float, typer.Option(min=0, max=0.9, help="Of neighbouring windows.")] = 0.5,
    flips: Annotated[
        bool, typer.Option("--flips", help="Average with the mirror image, if the model allows it.")
    ] = False,
    keep_largest: Annotated[
        bool, typer.Option("--keep-largest", help="Keep the largest part of each label only.")
    ] = False,
    min_ml: Annotated[float, typer.Option(min=0, help="Leave smaller parts out; in ml.")] = 0,
    uncertainty: Annotated[
        bool, typer.Option("--uncertainty", help="Keep where the model is unsure.")
    ] = False,
    anyway: Annotated[
        bool, typer.Option("--anyway", help="Run on images too that do not suit the model.")
    ] = False,
    again: Annotated[
        bool, typer.Option("--again", help="Run also where the same was run before.")
    ] = False,
    background: Annotated[
        bool, typer.Option("--background", help="Do not wait: see 'medssl jobs'.")
    ] = False,
    jobs: Folder = None,
    json: _Json = False,
) -> None:
    """Run a model on the cases of a project; exit 1 if a case is left out.

    No mask changes: each case gets a proposal that waits to be accepted, here or in the window.
    The project may be open in a window meanwhile. A run that was stopped goes on when the same
    command is given again.
    """
    from napari_medssl.models.trained import find_trained
    from napari_medssl.project import open_project
    from napari_medssl.project.proposing import cases_to_do, propose
    from napari_medssl.project.segment_task import plan_task

    path, card = find_trained(model)
    if flips and not card.mirrored:
        raise UsageError(f"--flips with '{card.title}'", expected="a model that allows it")
    options: dict[str, Any] = {
        "overlap": overlap,
        "flips": flips,
        "keep_largest": "all" if keep_largest else (),
        "min_mm3": min_ml * 1000,
        "uncertainty": uncertainty,
    }
    ids = [one.strip() for one in cases.split(",") if one.strip()]
    if background:
        with open_project(folder, read_only=True) as project:
            task, title = plan_task(
                project, str(path.absolute()), card, options, ids, anyway=anyway, again=again
            )
        _in_background(task, title, device, store(jobs), as_json=json)
        return
    with open_project(folder, read_only=True) as project, _Bar() as bar:
        chosen = cases_to_do(project, ids)
        from napari_medssl.project.proposer import ModelProposer
        from napari_medssl.segment.automatic import RunOptions, load_automatic
        from napari_medssl.segment.fitness import fitness

        proposer = ModelProposer(
            load_automatic(str(path), device),
            card,
            RunOptions(**options),
            fitness,
            progress=bar.windows,
        )
        report = propose(project, chosen, proposer, anyway=anyway, again=again, progress=bar.cases)
    _say_report(report, card, as_json=json)


def show_proposals(
    folder: _Folder,
    accept: Annotated[
        str | None, typer.Option(metavar="CASE", help="Take its proposal into the mask.")
    ] = None,
    labels: Annotated[
        str, typer.Option(help="With --accept: only these, as liver,spleen; else all.")
    ] = "",
    discard: Annotated[
        str | None, typer.Option(metavar="CASE", help="Throw its proposal away.")
    ] = None,
    json: _Json = False,
) -> None:
    """Show what models propose for the cases of a project; accept or discard it.

    Voxels that were edited by hand, finished slices and locked labels are never changed.
    """
    if accept is not None and discard is not None:
        raise UsageError("both --accept and --discard", expected="one of them")
    if labels and accept is None:
        raise UsageError("--labels without --accept", expected="both")
    if accept is not None:
        _accept(folder, accept, [name.strip() for name in labels.split(",") if name.strip()], json)
    elif discard is not None:
        from napari_medssl.project.proposals import discard_proposal

        with _to_change(folder) as project:
            discard_proposal(project, discard)
        say({"discarded": discard}, f"Nothing waits for {discard} any more.", as_json=json)
    else:
        _list(folder, as_json=json)


class _Bar:
    """Two bars on the error stream, gone when the work is done: cases, and parts of one."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        console = Console(stderr=True)
        columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
        self._bar = Progress(
            *columns, console=console, transient=True, disable=not console.is_terminal
        )
        self._cases = self._bar.add_task("Cases", total=None)
        self._windows = self._bar.add_task("This case", total=None)

    def cases(self, done: int, of: int) -> None:
        """Show how many of how many cases are finished."""
        self._bar.update(self._cases, completed=done, total=of)
        self._bar.reset(self._windows)

    def windows(self, done: int, of: int) -> None:
        """Show how many of how many windows of the case in hand are finished."""
        self._bar.update(self._windows, completed=done, total=of)

    def __enter__(self) -> _Bar:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()


def _in_background(
    task: SegmentTask, title: str, device: str, store: JobStore, *, as_json: bool
) -> None:
    from napari_medssl.jobs import LocalEngine, new_spec
    from napari_medssl.models.device import pick_device
    from napari_medssl.project.segment_task import KIND

    spec = new_spec(KIND, task.arguments, title=title, device=pick_device(device))
    job = store.create(spec)
    LocalEngine().submit(job)
    words = f"The job {spec.id} has begun: 'medssl jobs watch {spec.id}'."
    say({"id": spec.id, "folder": str(job.folder)}, words, as_json=as_json)


def _to_change(folder: Path) -> Project:
    from napari_medssl.project import open_project

    project = open_project(folder)
    if not project.read_only:
        return project
    why = project.why_read_only
    project.close()
    raise ReadOnlyError(why)


def _accept(folder: Path, case: str, names: list[str], as_json: bool) -> None:
    from napari_medssl.project.accepting import accept_proposal

    with _to_change(folder) as project:
        done = accept_proposal(project, case, names or None)
        infos = {row.info.value: row.info.name for row in project.labels()}
    labels = {infos[value]: value for value in done.targets.values()}
    facts = {"case": case, "labels": labels, "voxels": done.voxels, "kept": done.kept}
    lines = [f"{case}: {', '.join(labels)} accepted, {done.voxels:,} voxels changed."]
    if done.kept:
        lines.append(
            f"  {done.kept:,} voxels stay as they are: edited by hand, on a finished slice, "
            "locked, or of another label."
        )
    say(facts, *lines, as_json=as_json)


def _list(folder: Path, *, as_json: bool) -> None:
    from napari_medssl.project import open_project
    from napari_medssl.project.proposals import pending

    with open_project(folder, read_only=True) as project:
        waiting = pending(project)
        names = {case.id: case.name for case in project.cases()}
    if as_json:
        print(json_text.dumps({"proposals": [_facts(one) for one in waiting]}, ensure_ascii=False))
        return
    for one in waiting:
        classes = ", ".join(c.name for c in one.classes)
        print(f"{one.case}  {names[one.case]}  {one.title} ({one.weights_sha256[:8]}): {classes}")
    print(_how_to_go_on(len(waiting)))


def _how_to_go_on(count: int) -> str:
    if not count:
        return "Nothing waits. Run a model with 'medssl project segment'."
    return "Accept with --accept CASE [--labels ...], or look at them in the window first."


def _facts(one: Pending) -> dict[str, Any]:
    return {
        "case": one.case,
        "model": one.model,
        "title": one.title,
        "weights_sha256": one.weights_sha256,
        "settings": json_text.loads(one.settings),
        "classes": [{"value": c.value, "name": c.name} for c in one.classes],
        "notices": list(one.notices),
        "made": one.made,
    }


def _say_report(report: ProposeReport, card: TrainedCard, *, as_json: bool) -> None:
    facts = {
        "model": card.name,
        "weights_sha256": card.sha256,
        "done": report.done,
        "already": report.already,
        "left_out": report.left_out,
    }
    cases = "1 case" if len(report.done) == 1 else f"{len(report.done)} cases"
    words = f"{cases} got a proposal of '{card.title}'"
    words += f", {len(report.already)} had it before" if report.already else ""
    lines = [f"{words}.", *(f"  ! {case}: {why}" for case, why in report.left_out.items())]
    if not (report.done or report.already or report.left_out):
        lines.append("No case is left to do: see 'medssl project status'.")
    lines.append("No mask has changed. See 'medssl project proposals'.")
    lines.append("Research use only. Not a medical device.")
    say(facts, *lines, as_json=as_json)
    if report.left_out:
        raise typer.Exit(1)
