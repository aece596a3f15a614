"""``medssl project queue``: which case to review next, and why."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from napari_medssl.cli.project import to_look
from napari_medssl.cli.project_words import say
from napari_medssl.cli.queue_words import queue_facts, queue_lines

_HOW = "Run the model in use on them first: 'medssl project apply'."


def show_queue(
    folder: Annotated[Path, typer.Argument(help="The project's folder.")],
    order: Annotated[
        Literal["gain", "random"], typer.Option(help="By expected gain, or at random.")
    ] = "gain",
    seed: Annotated[int, typer.Option(help="Of the random order.")] = 0,
    top: Annotated[int | None, typer.Option(min=1, help="Only the first so many.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Show the cases that are not done, the one first from which learning gains most.

    The gain is 0 to 1, and compares these cases with each other.
    """
    from napari_medssl.project.review_queue import review_queue

    with to_look(folder) as project:
        rows = review_queue(project, order, seed)
        names = {case.id: case.name for case in project.cases()}
    if not rows:
        say({"order": order, "queue": []}, "Every case is done.", as_json=json)
        return
    lines = queue_lines(rows, names, top)
    lines += [_HOW] if all(row.gain is None for row in rows) else []
    facts = {"order": order, "queue": queue_facts(rows, names)[:top]}
    say(facts, *lines, as_json=json)
