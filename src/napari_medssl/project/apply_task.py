"""The model in use on all cases that are not done: proposals, and what the review queue needs."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from napari_medssl.errors import UsageError
from napari_medssl.project.segment_task import plan_task
from napari_medssl.project.versions import current, versions

if TYPE_CHECKING:
    from pathlib import Path

    from napari_medssl.project.project import Project
    from napari_medssl.project.segment_task import SegmentTask
    from napari_medssl.project.versions import ModelVersion

#: as ``medssl project segment`` runs a model unless told otherwise, so that it is not run twice
_OPTIONS: dict[str, Any] = {
    "overlap": 0.5,
    "flips": False,
    "keep_largest": (),
    "min_mm3": 0.0,
    "uncertainty": True,
}


def plan_apply(project: Project, *, threads: int | None = None) -> tuple[SegmentTask, str]:
    """Plan a run of the model in use on all cases that are not done; return it with a title.

    Parameters
    ----------
    project : Project
        May be open to be looked at only.
    threads : int, optional
        Of the processor; all unless given.

    Raises
    ------
    UsageError
        If no model is in use, or every case is done.
    SaveError
        If nothing can be written into the project's folder.
    """
    in_use = current(project)
    if in_use is None:
        waits = any(one.state == "candidate" for one in versions(project))
        raise UsageError(
            "a project without a model in use",
            expected="one that was accepted",
            do=(
                "Accept the one that waits: 'medssl project models FOLDER --accept'"
                if waits
                else "Learn one with 'medssl project learn'"
            ),
        )
    task, title = plan_task(project, _place(in_use), in_use, _OPTIONS)
    earlier = tuple(map(_place, _earlier(project)))
    return replace(task, scores=True, earlier=earlier, threads=threads), title


def _earlier(project: Project) -> list[ModelVersion]:
    """Return who may give a second opinion: the models before, and then those kept beside."""
    newest_first = versions(project)[::-1]
    former = [one for one in newest_first if one.state == "former"]
    return former + [one for one in newest_first if one.state == "kept"]


def _place(version: ModelVersion) -> str:
    path: Path = version.path.resolve()
    return str(path)
