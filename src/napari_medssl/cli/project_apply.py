"""``medssl project apply``: the model in use on all cases that are not done, as a job."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from napari_medssl.cli.jobs import Folder, follow, store
from napari_medssl.cli.project import to_look
from napari_medssl.cli.project_words import say
from napari_medssl.cli.queue_words import queue_facts, queue_lines

if TYPE_CHECKING:
    from napari_medssl.jobs import Job
    from napari_medssl.project.proposing import ProposeReport

_PATIENCE_S, _TOP = 15.0, 3


def apply_project(
    folder: Annotated[Path, typer.Argument(help="The project's folder.")],
    device: Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:N or mps.")] = "auto",
    threads: Annotated[
        int | None, typer.Option(min=1, help="Of the processor; all unless given.")
    ] = None,
    background: Annotated[
        bool, typer.Option("--background", help="Do not wait: see 'medssl jobs'.")
    ] = False,
    jobs: Folder = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Run the model in use on all cases that are not done; exit 1 if a case is left out.

    No mask changes: each case gets a proposal, as with 'medssl project segment'. The model looks
    at each case twice, so that 'medssl project queue' can tell which one to correct next. The
    project may be open in a window meanwhile. Ctrl-C keeps what is finished.
    """
    from napari_medssl.jobs import LocalEngine, new_spec
    from napari_medssl.models.device import pick_device
    from napari_medssl.project.apply_task import plan_apply
    from napari_medssl.project.segment_task import KIND

    with to_look(folder) as project:
        task, title = plan_apply(project, threads=threads)
    spec = new_spec(KIND, task.arguments, title=title, device=pick_device(device))
    job, engine = store(jobs).create(spec), LocalEngine()
    engine.submit(job)
    if background:
        words = f"The job {spec.id} has begun: 'medssl jobs watch {spec.id}'."
        say({"id": spec.id, "folder": str(job.folder)}, words, as_json=json)
        return
    try:
        status = follow(job, as_json=False)
    except KeyboardInterrupt:
        status = engine.stop(job, patience_s=_PATIENCE_S)
    if status.state != "done":
        facts = {"id": spec.id, "state": status.state, "message": status.message}
        words = f"The job {spec.id} is {status.state}. {status.message}".rstrip()
        say(facts, words, f"Go on: medssl jobs resume {spec.id}", as_json=json)
        raise typer.Exit(1)
    _say_result(folder, job, as_json=json)


def _say_result(folder: Path, job: Job, *, as_json: bool) -> None:
    from napari_medssl.project.review_queue import review_queue
    from napari_medssl.project.segment_task import read_report

    report = read_report(job.artifacts)
    with to_look(folder) as project:
        queue = review_queue(project)
        names = {case.id: case.name for case in project.cases()}
    facts: dict[str, Any] = {
        "id": job.spec.id,
        "state": "done",
        "done": report.done,
        "already": report.already,
        "left_out": report.left_out,
        "queue": queue_facts(queue, names),
    }
    say(facts, *_lines(report), *queue_lines(queue, names, _TOP), as_json=as_json)
    if report.left_out:
        raise typer.Exit(1)


def _lines(report: ProposeReport) -> list[str]:
    count = len(report.done)
    words = f"{'1 case' if count == 1 else f'{count} cases'} got a proposal"
    words += f", {len(report.already)} had it before" if report.already else ""
    lines = [f"{words}.", *(f"  ! {case}: {why}" for case, why in report.left_out.items())]
    return [*lines, "No mask has changed. Research use only. Not a medical device."]
