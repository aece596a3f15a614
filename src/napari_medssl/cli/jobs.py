"""``medssl jobs``: what runs in the background, how far it is, and how to stop or resume it."""

from __future__ import annotations

import json as json_text
import time
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from napari_medssl.cli.jobs_engines import engines_app
from napari_medssl.cli.jobs_work import execute_job, receive_job, work_on_rank
from napari_medssl.cli.project_words import say

if TYPE_CHECKING:
    from napari_medssl.jobs import Job, JobStore, Status
    from napari_medssl.jobs.engines import Engines

jobs_app = typer.Typer(
    no_args_is_help=True,
    help="Jobs in the background: list, show, watch, log, cancel, resume, exec, engines.",
)
jobs_app.command("exec")(execute_job)
jobs_app.command("rank", hidden=True)(work_on_rank)
jobs_app.command("receive", hidden=True)(receive_job)
jobs_app.add_typer(engines_app, name="engines")

Folder = Annotated[
    Path | None, typer.Option("--folder", help="Where jobs are kept, if not in the usual place.")
]
_Name = Annotated[str, typer.Argument(help="A job's id, its beginning, or its folder.")]
_Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]

_LOOK_EVERY_S = 0.5
_RECENT_DAY_S = 86_400


@jobs_app.command("list")
def list_jobs(folder: Folder = None, json: _Json = False) -> None:
    """List all jobs, the newest first."""
    engines = _engines()
    rows = [(job, engines.status(job)) for job in store(folder).jobs()]
    if json:
        print(json_text.dumps([_facts(job, status) for job, status in rows], ensure_ascii=False))
        return
    if not rows:
        print("There is no job yet.")
        return
    from rich.console import Console
    from rich.table import Table

    table = Table("job", "what", "state", "done", "on", box=None)
    for job, status in rows:
        table.add_row(job.spec.id, job.spec.title, status.state, _share(status), _place(job))
    Console(highlight=False).print(table)


@jobs_app.command("show")
def show_job(name: _Name, folder: Folder = None, json: _Json = False) -> None:
    """Show what is known of a job."""
    job = store(folder).find(name)
    status = _engines().status(job)
    say(_facts(job, status), *_lines(job, status), as_json=json)


@jobs_app.command("watch")
def watch_job(
    name: _Name,
    folder: Folder = None,
    json: Annotated[
        bool, typer.Option("--json", help="Print what it tells, one JSON object a line.")
    ] = False,
) -> None:
    """Follow a job until it ends; exit 1 unless it ends well. Ctrl-C leaves it running."""
    job = store(folder).find(name)
    try:
        status = follow(job, as_json=json)
    except KeyboardInterrupt:
        typer.echo(f"The job goes on: 'medssl jobs show {job.spec.id}'.", err=True)
        raise typer.Exit(0) from None
    finish(status, as_json=json)


@jobs_app.command("log")
def print_log(name: _Name, folder: Folder = None) -> None:
    """Print what a job and the programs it ran printed."""
    print(_engines().logs(store(folder).find(name)), end="")


@jobs_app.command("cancel")
def cancel_job(
    name: _Name,
    wait: Annotated[
        float, typer.Option(min=0, help="Seconds it may take to save what it has.")
    ] = 15.0,
    folder: Folder = None,
    json: _Json = False,
) -> None:
    """Ask a job to stop and keep the best so far; end it, with all it started, if it does not."""
    job = store(folder).find(name)
    status = _engines().stop(job, patience_s=wait)
    say(_facts(job, status), *_lines(job, status), as_json=json)


@jobs_app.command("resume")
def resume_job(name: _Name, folder: Folder = None, json: _Json = False) -> None:
    """Go on with a job that was interrupted, cancelled or failed."""
    job = store(folder).find(name)
    _engines().submit(job)
    words = f"The job {job.spec.id} goes on: 'medssl jobs watch {job.spec.id}'."
    say(_facts(job, _engines().status(job)), words, as_json=json)


def store(folder: Path | None) -> JobStore:
    """Return the jobs of a folder, or of the usual one."""
    from napari_medssl.jobs import JobStore, jobs_folder

    return JobStore(folder or jobs_folder())


def _engines() -> Engines:
    from napari_medssl.jobs.engines import Engines

    return Engines()


def follow(job: Job, *, as_json: bool) -> Status:
    """Show a job's progress until it ends; a bar for people, its own lines for machines."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    console, engines = Console(stderr=True, highlight=False), _engines()
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), TimeElapsedColumn())
    at = 0
    with Progress(*columns, console=console, disable=as_json or not console.is_terminal) as bar:
        task = bar.add_task(job.spec.title, total=None)
        while True:
            status = engines.status(job)
            events, at = job.events(at)
            for event in events:
                if as_json:
                    print(event.as_json(), flush=True)
                elif event.kind == "warning":
                    console.print(f"Note: {event.facts.get('text')}", markup=False)
            words = f"{status.doing or status.state}{_left(status)}"
            bar.update(task, description=words, completed=status.done, total=status.total or None)
            if status.is_over:
                return status
            time.sleep(_LOOK_EVERY_S)


def finish(status: Status, *, as_json: bool) -> None:
    """Say how a job ended; exit 1 unless it ended well."""
    if not as_json:
        print(f"The job is {status.state}. {status.message}".rstrip())
    if status.state != "done":
        raise typer.Exit(1)


def _facts(job: Job, status: Status) -> dict[str, Any]:
    return {
        "id": job.spec.id,
        "kind": job.spec.kind,
        "title": job.spec.title,
        "device": job.spec.device,
        "engine": _engine_name(job),
        "seed": job.spec.seed,
        "created": job.spec.created,
        "folder": str(job.folder),
        "state": status.state,
        "done": status.done,
        "total": status.total,
        "doing": status.doing,
        "seconds_left": status.seconds_left,
        "message": status.message,
        "metrics": dict(status.metrics),
        "warnings": list(status.warnings),
    }


def _lines(job: Job, status: Status) -> list[str]:
    rows = {
        "job": job.spec.id,
        "what": job.spec.title,
        "state": f"{status.state} {_since(status)}".strip(),
        "done": f"{_share(status)}{_left(status)}",
        "at": status.doing,
        "on": _place(job),
        "folder": str(job.folder),
        **{key: _number(value) for key, value in status.metrics.items()},
    }
    lines = [f"{key:12} {value}" for key, value in rows.items() if value]
    lines += [f"Note: {text}" for text in status.warnings]
    return [*lines, *([status.message] if status.message else [])]


def _engine_name(job: Job) -> str:
    from napari_medssl.jobs.sent import read_sent

    sent = read_sent(job.folder)
    return sent.engine if sent is not None else "here"


def _place(job: Job) -> str:
    name = _engine_name(job)
    return job.spec.device if name == "here" else f"{job.spec.device} of {name}"


def _share(status: Status) -> str:
    return f"{100 * status.done / status.total:.0f} %" if status.total else ""


def _left(status: Status) -> str:
    if status.seconds_left is None:
        return ""
    seconds = round(status.seconds_left)
    hours, minutes = divmod(seconds // 60, 60)
    words = f"{hours} h {minutes} min" if hours else f"{minutes} min" if minutes else f"{seconds} s"
    return f", about {words} left"


def _since(status: Status) -> str:
    if status.since is None:
        return ""
    then = datetime.fromtimestamp(status.since)
    recent = time.time() - status.since < _RECENT_DAY_S
    return f"since {then:%H:%M}" if recent else f"since {then:%d %B %Y}"


def _number(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
