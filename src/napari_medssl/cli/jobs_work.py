"""What runs on the machine that computes: ``medssl jobs exec``, ``rank`` and ``receive``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from napari_medssl.cli.job_recipes import RECIPES, helper_of
from napari_medssl.errors import UsageError

_Folder = Annotated[Path, typer.Argument(help="A job's folder.")]
_Paths = Annotated[
    list[str] | None,
    typer.Option("--path", metavar="FROM=TO", help="Where a folder that it names is here."),
]


def execute_job(
    folder: _Folder,
    sent: Annotated[
        bool, typer.Option("--sent", help="A cluster runs it, and gave it its devices.")
    ] = False,
    path: _Paths = None,
) -> None:
    """Work on a job in this process; this is what the other commands start."""
    from napari_medssl.jobs.runner import execute, known_recipes

    well = execute(folder, known_recipes(RECIPES), sent=sent, paths=path_pairs(path))
    raise typer.Exit(0 if well else 1)


def work_on_rank(folder: _Folder, path: _Paths = None) -> None:
    """Be one of several processes of a job; torchrun starts them."""
    from napari_medssl.jobs.events import EVENTS, EventLog
    from napari_medssl.jobs.ranks import write_verdict
    from napari_medssl.jobs.runner import Report, job_here, known_recipes, run_recipe
    from napari_medssl.models.team import gathered

    job = job_here(folder, path_pairs(path))
    with gathered(job.spec.device) as team:
        if team.rank:
            helper_of(job.spec.kind)(team, job.spec.device)
            return
        log = EventLog(job.folder / EVENTS)
        recipe = known_recipes(RECIPES)(job.spec.kind)
        state, message = run_recipe(job, Report(log), recipe)
        write_verdict(job.folder, state, message)
        log.close()
        if state != "failed":  # the others may have failed with it, and hear nothing any more
            team.let_go()


def receive_job(
    folder: Annotated[Path, typer.Argument(help="Holds what was packed.")],
) -> None:
    """Work on a job that came packed, and print what it tells and makes."""
    from napari_medssl.jobs.receive import receive

    raise typer.Exit(0 if receive(folder.absolute()) else 1)


def path_pairs(texts: list[str] | None) -> dict[str, str]:
    """Read ``FROM=TO`` pairs.

    Raises
    ------
    UsageError
        If one is none.
    """
    pairs = {}
    for text in texts or ():
        here, equals, there = text.partition("=")
        if not (here and equals and there):
            raise UsageError("a --path without both folders", expected="FROM=TO")
        pairs[here] = there
    return pairs
