"""A job that leaves weights: start it, follow it, and say what came of it and how to use that."""

from __future__ import annotations

import json as json_text
from typing import TYPE_CHECKING

import typer

from napari_medssl.cli.jobs import follow
from napari_medssl.cli.project_words import say

if TYPE_CHECKING:
    from pathlib import Path

    from napari_medssl.jobs import Engine, Job

_PATIENCE_S = 60.0
_RESEARCH = "Research use only. Not a medical device."


def learn_in_job(
    job: Job, engine: Engine, weights: Path, use: str, *, wait: bool, as_json: bool
) -> None:
    """Submit a job; follow it unless told not to, Ctrl-C stops it and keeps what was learned.

    Parameters
    ----------
    job : Job
        Made, and not begun.
    engine : Engine
        What runs it.
    weights : Path
        What it will leave, with a card beside it.
    use : str
        The command that makes use of them.
    wait, as_json : bool
        Whether to follow it to its end, and to print JSON.
    """
    engine.submit(job)
    if not wait:
        words = f"The job {job.spec.id} has begun: 'medssl jobs watch {job.spec.id}'."
        say({"id": job.spec.id, "folder": str(job.folder)}, words, as_json=as_json)
        return
    try:
        follow(job, as_json=as_json)
    except KeyboardInterrupt:
        engine.stop(job, patience_s=_PATIENCE_S)
    _say_end(job, weights, use, as_json=as_json)


def _say_end(job: Job, weights: Path, use: str, *, as_json: bool) -> None:
    """Say what came of it; exit 1 unless it is done."""
    from napari_medssl.models.trained import card_path, read_card

    status, there = job.status(), card_path(weights).is_file()
    if as_json:
        facts = {"id": job.spec.id, "state": status.state, "message": status.message}
        print(json_text.dumps({**facts, "model": str(weights) if there else None}))
    else:
        print(f"The job is {status.state}. {status.message}".rstrip())
        for text in status.warnings:
            print(f"Note: {text}")
        if there:
            print(read_card(weights).about)
            print(f"Use it: {use}")
        print(_RESEARCH)
    if status.state != "done":
        raise typer.Exit(1)
