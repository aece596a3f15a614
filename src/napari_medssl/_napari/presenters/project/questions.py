"""What a project says of its writes, and asks before closing and after a crash."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from napari_medssl.errors import MedSSLError

if TYPE_CHECKING:
    from napari_medssl._napari.presenters.project.write_queue import Backlog
    from napari_medssl.project import Project, Unfinished


def sentence(problem: Exception) -> str:
    """Errors of ours are sentences; of others only the kind is told, as they may quote a path."""
    if isinstance(problem, MedSSLError):
        return str(problem)
    return f"the disk or the program failed ({type(problem).__name__})."


def closing_question(left: Backlog) -> str:
    """Say what is not on the disk yet, and why."""
    why = "This takes long." if left.problem is None else sentence(left.problem)
    changes = "1 change is" if left.waiting == 1 else f"{left.waiting} changes are"
    return f"{changes} not saved yet. {why}"


def recovery_question(project: Project, unfinished: Unfinished) -> str:
    """Say what is saved after a crash, and ask which state to go on from."""
    last = unfinished.last.astimezone()
    today = last.date() == datetime.now().astimezone().date()
    when = f"{last:%H:%M:%S}" if today else f"{last:%H:%M:%S on %d %B}"
    name = project.case(unfinished.case).name
    return (
        f"MedSSL did not close properly last time. Everything up to {when} is saved. "
        f"Go on from there, or go back to how '{name}' was when it was last opened? "
        "Going back can be undone."
    )
