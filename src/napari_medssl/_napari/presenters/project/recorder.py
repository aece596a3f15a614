"""Hands every change of an open case to its project, in order and in the background."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari_medssl.project import LabelState

if TYPE_CHECKING:
    from collections.abc import Mapping

    from napari_medssl._napari.presenters.mask.document import Document, What
    from napari_medssl._napari.presenters.project.write_queue import WriteQueue
    from napari_medssl.correct import Step
    from napari_medssl.project import Project


class Recorder:
    """Listens to one document for as long as that lives, and writes what it hears.

    A step that was still being worked out when its case was left is written too; one that comes
    after the project was closed is not, as the queue takes nothing then.

    Parameters
    ----------
    project : Project
        Where to.
    case : str
        The case's id.
    document : Document
        Of the case's mask.
    queue : WriteQueue
        The thread that writes.
    """

    def __init__(self, project: Project, case: str, document: Document, queue: WriteQueue) -> None:
        self._project = project
        self._case = case
        self._document = document
        self._queue = queue
        self._done = document.done
        document.listen(self._hear)

    def save_view(self, view: Mapping[str, Any]) -> None:
        """Write how the case is looked at; only the last of several counts."""
        project, case, kept = self._project, self._case, dict(view)
        self._queue.put(lambda: project.save_view(case, kept), topic=f"view of {case}")

    def _hear(self, what: What, step: Step | None) -> None:
        if what == "labels":
            self._write_labels()
        elif what == "done":
            self._write_done()
        elif step is not None:
            project, case = self._project, self._case
            self._queue.put(lambda: project.record(case, what, step))

    def _write_labels(self) -> None:
        project = self._project
        rows = tuple(LabelState(r.info, r.visible, r.locked) for r in self._document.labels)
        self._queue.put(lambda: project.set_labels(rows), topic="labels")

    def _write_done(self) -> None:
        before, self._done = self._done, self._document.done
        for plane in sorted(before ^ self._done, key=lambda p: (p.axis, p.index)):
            self._mark(plane.axis, plane.index, done=plane in self._done)

    def _mark(self, axis: int, index: int, *, done: bool) -> None:
        project, case = self._project, self._case
        self._queue.put(lambda: project.mark_done(case, axis, index, done))
