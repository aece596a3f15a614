"""Which project is open, whether all of it is on the disk, and how it is closed without loss."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from napari_medssl._napari.presenters.activity import Activity
from napari_medssl._napari.presenters.automatic.canvas import OpenProject
from napari_medssl._napari.presenters.project.case import CasePresenter
from napari_medssl._napari.presenters.project.cases import CasesPresenter
from napari_medssl._napari.presenters.project.export import project_sources
from napari_medssl._napari.presenters.project.questions import (
    closing_question,
    recovery_question,
    sentence,
)
from napari_medssl._napari.presenters.project.write_queue import WriteQueue
from napari_medssl.project import create_project, open_project
from napari_medssl.project.schema import FILE_NAME

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_medssl._napari.presenters.activity import StatusView, Work
    from napari_medssl._napari.presenters.export_kinds import ExportSource
    from napari_medssl._napari.presenters.project.case import CaseView
    from napari_medssl._napari.presenters.project.case_canvas import CaseCanvas
    from napari_medssl._napari.presenters.project.cases import CaseListView
    from napari_medssl._napari.presenters.project.recent_projects import RecentProjects
    from napari_medssl.project import Project

_PATIENCE_S = 10.0
_BUSY = ("Wait", "Close without it")
_UNSAVED = ("Try again", "Close and lose them")
_HEARTBEAT_MS = 60_000  # on a network share other windows take us for dead after ten minutes


class ProjectView(Protocol):
    """The top of the panel, and its questions."""

    def show_project(self, name: str | None, read_only: str) -> None:
        """Show which project is open, and why it cannot be changed (empty: it can)."""

    def show_recent(self, names: Sequence[str]) -> None:
        """Offer the projects opened last."""

    def show_saving(self, words: str, *, problem: bool) -> None:
        """Say whether all is on the disk; a problem comes with a button to try again."""

    def ask(self, question: str, answers: Sequence[str]) -> int | None:
        """Let the user choose one of two or three ways on; None when the question is closed."""


@dataclass(frozen=True)
class ProjectViews:
    """The panel's parts."""

    project: ProjectView
    cases: CaseListView
    case: CaseView
    status: StatusView


@dataclass(frozen=True, eq=False)
class _Opened:
    """A project just opened, and what only its file can tell."""

    project: Project
    name: str
    last_case: str | None
    question: str  # about a window that ended without closing it; empty when all is well


class ProjectPresenter:
    """From a folder to an open project, and back without losing a stroke.

    Parameters
    ----------
    views : ProjectViews
        The panel's parts.
    canvas : CaseCanvas
        Where cases are shown.
    work : Work
        The thread that reads.
    recent : RecentProjects
        The projects opened last.
    """

    def __init__(
        self, views: ProjectViews, canvas: CaseCanvas, work: Work, recent: RecentProjects
    ) -> None:
        self._view = views.project
        self._work = work
        self._recent = recent
        self._project: Project | None = None
        self._name = ""
        self._why_read_only = ""
        self._queue: WriteQueue | None = None
        self.activity = Activity(work, views.status)
        self.case = CasePresenter(views.case, canvas, self.activity)
        self.cases = CasesPresenter(views.cases, self.case, work, self.activity)

    @property
    def project(self) -> Project | None:
        """The open project."""
        return self._project

    def start(self) -> None:
        """Offer to make or to open a project."""
        self._show_project()
        self.activity.say("A project keeps your cases, and every stroke the moment it is drawn.")

    def create(self, folder: str | Path) -> None:
        """Make a project in a folder and open it."""
        folder = Path(folder)
        self._begin(f"Making the project '{folder.name}'", folder, new=True)

    def open(self, folder: str | Path, *, case: str | None = None) -> None:
        """Open a project and a case of it; the case looked at last unless given.

        A folder that is no project is asked about.
        """
        folder = Path(folder)
        if (folder / FILE_NAME).exists():
            self._begin(f"Opening the project '{folder.name}'", folder, new=False, case=case)
            return
        question = (
            f"'{folder.name}' is not a project yet. Make one of it? Its files stay as they are."
        )
        if self._view.ask(question, ["Make a project there", "Cancel"]) == 0:
            self.create(folder)

    def open_recent(self, number: int) -> None:
        """Open one of the projects opened last."""
        self.open(self._recent.folders()[number])

    def try_again(self) -> None:
        """Open a project again that another window held."""
        project, case = self._project, self.case.id
        if project is not None and self.close():
            self.open(project.folder, case=case)

    def retry(self) -> None:
        """Try again to write what could not be written."""
        if self._queue is not None:
            self._queue.retry()

    def open_project(self) -> OpenProject | None:
        """Return the open project for another panel."""
        if self._project is None or self._queue is None:
            return None
        return OpenProject(self._project, self.cases.all, self._queue.put)

    def export_sources(self) -> tuple[ExportSource, ...]:
        """Return what can be exported; says so where there is nothing."""
        if self._project is None or self._queue is None:
            return ()
        sources = project_sources(self._project, self._queue, self.cases.all, self.case.id)
        if not sources:
            self.activity.say("There is no mask to export yet: open a case first.")
        return sources

    def flush(self, *, may_stay: bool = True) -> bool:
        """Write all there is, and how the case is looked at.

        Whatever stands in the way of that is asked about.

        Parameters
        ----------
        may_stay : bool
            Whether the user may choose to leave everything open; False is returned then.
        """
        queue = self._queue
        if queue is None:
            return True
        if may_stay and self.case.busy and self._view.ask(self.case.busy, _BUSY) != 1:
            return False
        self.case.save_view()
        while (left := queue.wait(_PATIENCE_S)).waiting:
            answer = self._view.ask(closing_question(left), _UNSAVED)
            if answer == 1:
                queue.drop()
            elif answer is None and may_stay:
                return False
            queue.retry()
        return True

    def close(self, *, may_stay: bool = True) -> bool:
        """Close the project; False when the user would rather stay."""
        if self._queue is None:
            return True
        if not self.flush(may_stay=may_stay):
            return False
        queue = self._queue
        self.case.leave()
        self.cases.leave()
        self.abandon()
        queue.wait(_PATIENCE_S)
        self._show_project()
        return True

    def abandon(self) -> None:
        """End the project without a word, as the window is gone; what waits is still written."""
        if self._queue is not None and self._project is not None:
            self._queue.close(self._project.close)
        self._project = self._queue = None

    def _begin(self, words: str, folder: Path, *, new: bool, case: str | None = None) -> None:
        make = create_project if new else open_project
        if self.close():
            self.activity.run(
                words,
                lambda: _look_at(make(folder)),
                lambda opened: self._enter(opened, case or opened.last_case),
                topic="project",
                dropped=lambda opened: opened.project.close(),
            )

    def _enter(self, opened: _Opened, case: str | None) -> None:
        project = opened.project
        queue = WriteQueue(lambda: self._work.tell(self._show_backlog))
        self._project, self._queue, self._name = project, queue, opened.name
        self._work.run(
            lambda: self._recent.note(project.folder), lambda _: None, self.activity.fail
        )
        self.case.enter(project, queue)
        self.cases.enter(project, queue)
        self._show_project()
        self._keep_alive()
        self.activity.say(f"The project '{opened.name}' is open.")
        if opened.question and project.unfinished is not None:
            self._recover(project, project.unfinished.case, opened.question)
        elif case is not None:
            self.case.open(case)

    def _recover(self, project: Project, case: str, question: str) -> None:
        """Ask which state to go on from; nothing is thrown away either way."""
        if self._view.ask(question, ["Go on", "Go back"]) != 1:
            self.case.open(case)
            return
        self.activity.run(
            "Going back",
            lambda: project.rewind(case),
            lambda _: self.case.open(case),
            topic="project",
        )

    def _keep_alive(self) -> None:
        """Say now and then that this window lives; what comes of it shows with the next stroke."""
        project, queue = self._project, self._queue
        if project is not None and queue is not None and not project.read_only:
            queue.run_between(project.keep_alive)  # a job may take longer than others wait
            self.activity.later("heartbeat", _HEARTBEAT_MS, self._keep_alive)

    def _show_project(self) -> None:
        self._view.show_recent(self._recent.names())
        self._why_read_only = self._project.why_read_only if self._project is not None else ""
        self._view.show_project(self._name if self._project else None, self._why_read_only)
        self._show_backlog()

    def _show_backlog(self) -> None:
        project, queue = self._project, self._queue
        if project is None or queue is None:
            return
        if project.why_read_only != self._why_read_only:  # another window took it over
            self._show_project()
            return
        left = queue.backlog
        if left.problem is not None:
            words = f"Not saved yet: {sentence(left.problem)}"
        elif left.waiting:
            words = "Saving…"
        else:
            words = "Nothing is saved" if project.read_only else "All changes saved"
            self.cases.refresh_soon()
        self._view.show_saving(words, problem=left.problem is not None)


def _look_at(project: Project) -> _Opened:
    """Read what the window needs to know at once; by the thread that opened the project."""
    try:
        unfinished = None if project.read_only else project.unfinished
        question = recovery_question(project, unfinished) if unfinished is not None else ""
        return _Opened(project, project.name, project.last_case, question)
    except BaseException:
        project.close()
        raise
