"""``medssl project models``: what a project learned, and which of it is in use."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from napari_medssl.cli.jobs import Folder, store
from napari_medssl.cli.project import to_change, to_look
from napari_medssl.cli.project_words import say
from napari_medssl.cli.version_words import version_facts, version_lines
from napari_medssl.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_medssl.project import Project
    from napari_medssl.project.versions import ModelVersion


def project_models(
    folder: Annotated[Path, typer.Argument(help="The project's folder.")],
    source: Annotated[
        str | None, typer.Option("--from", metavar="JOB", help="Take in what a job learned.")
    ] = None,
    accept: Annotated[
        str | None, typer.Option(metavar="SHA8", help="Use this one from now on.")
    ] = None,
    reject: Annotated[
        str | None, typer.Option(metavar="SHA8", help="Decide against this one.")
    ] = None,
    keep: Annotated[
        str | None, typer.Option(metavar="SHA8", help="Keep this one beside the one in use.")
    ] = None,
    rollback: Annotated[
        str | None, typer.Option(metavar="SHA8", help="Use one again that was in use before.")
    ] = None,
    anyway: Annotated[
        bool, typer.Option("--anyway", help="Accept also what was not found to be better.")
    ] = False,
    jobs: Folder = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """List the models of a project, after deciding on one; no file of a model is ever removed."""
    wishes = {"from": source, "accept": accept, "reject": reject, "keep": keep, "back": rollback}
    asked = {what: name for what, name in wishes.items() if name is not None}
    if len(asked) > 1:
        raise UsageError(
            "more than one decision",
            expected="one of --from, --accept, --reject, --keep, --rollback",
        )
    if anyway and accept is None:
        raise UsageError("--anyway without --accept", expected="both")
    if not asked:
        _list(folder, as_json=json)
        return
    [(what, name)] = asked.items()
    version = _take(folder, name, jobs) if what == "from" else _decide(folder, what, name, anyway)
    say(version_facts(version), *_lines(version, what, folder), as_json=json)


def _take(folder: Path, name: str, jobs: Path | None) -> ModelVersion:
    from napari_medssl.cli.project_learn import take_in_job

    job = store(jobs).find(name)
    with to_change(folder) as project:
        return take_in_job(project, job)


def _decide(folder: Path, what: str, name: str, anyway: bool) -> ModelVersion:
    from napari_medssl.project import versions

    decisions: dict[str, Callable[[Project, ModelVersion], ModelVersion]] = {
        "accept": partial(versions.accept, anyway=anyway),
        "reject": versions.reject,
        "keep": versions.keep,
        "back": versions.roll_back,
    }
    with to_change(folder) as project:
        return decisions[what](project, versions.find_version(project, name))


def _lines(version: ModelVersion, what: str, folder: Path) -> list[str]:
    if what == "from":
        return version_lines(version, str(folder))
    words = {
        "current": "is in use from now on.",
        "rejected": "is rejected; its file is kept.",
        "kept": "is kept beside the one in use.",
    }
    lines = [f"The model {version.short} {words[version.state]}"]
    if version.state == "current":
        lines.append(f"Run it on all cases that are not done: medssl project apply {folder}")
    return lines


def _list(folder: Path, *, as_json: bool) -> None:
    from napari_medssl.project.versions import versions

    with to_look(folder) as project:
        there = versions(project)
    lines = [
        f"{one.short}  {one.state:9}  {one.made[:10]}  {one.figures['verdict']['words']}"
        for one in there
    ]
    lines = lines or ["There is no model yet. Learn one with 'medssl project learn'."]
    say({"models": [version_facts(one) for one in there]}, *lines, as_json=as_json)
