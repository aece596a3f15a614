"""The list of cases: what is there, what was refused, how far each one is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from napari_medssl.errors import MedSSLError
from napari_medssl.project import AddReport

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from napari_medssl._napari.presenters.activity import Activity, Work
    from napari_medssl._napari.presenters.project.case import CasePresenter
    from napari_medssl._napari.presenters.project.write_queue import WriteQueue
    from napari_medssl.project import Case, Project
    from napari_medssl.project import Status as CaseStatus

_PAUSE_MS = 300


class CaseListView(Protocol):
    """The list."""

    def show_cases(self, cases: Sequence[Case]) -> None:
        """List these cases and no others."""

    def show_counts(self, counts: dict[str, int]) -> None:
        """Say how many cases there are of each status."""

    def allow_changes(self, allowed: bool) -> None:
        """Whether cases may be added and their status changed."""

    def ask_note(self, name: str, note: str) -> str | None:
        """Ask why a case is flagged; None when the question is closed."""

    def show_adding(self, done: int, total: int) -> None:
        """Show how many images were looked at."""

    def show_report(self, words: str, refused: Sequence[str]) -> None:
        """Show what was added and, a line each, what was refused and why."""


class CasesPresenter:
    """Keeps the list true, adds to it, and walks through it."""

    def __init__(
        self, view: CaseListView, case: CasePresenter, work: Work, activity: Activity
    ) -> None:
        self._view = view
        self._case = case
        self._work = work
        self._activity = activity
        self._project: Project | None = None
        self._queue: WriteQueue | None = None
        self._cases: tuple[Case, ...] = ()
        self._filter: CaseStatus | None = None

    @property
    def all(self) -> tuple[Case, ...]:
        """All cases, as they were read last."""
        return self._cases

    def enter(self, project: Project, queue: WriteQueue) -> None:
        """List the cases of a project from now on."""
        self._project, self._queue = project, queue
        self._view.allow_changes(not project.read_only)
        self._show()
        self.refresh()

    def leave(self) -> None:
        """List nothing."""
        self._project = self._queue = None
        self._take(())

    def refresh(self) -> None:
        """Read the list again, in the background."""
        project = self._project
        if project is None:
            return

        def take(cases: tuple[Case, ...]) -> None:
            if project is self._project:
                self._take(cases)

        self._work.run(project.cases, take, self._activity.fail)

    def refresh_soon(self) -> None:
        """Read the list again after a pause: strokes follow each other quickly."""
        self._activity.later("cases", _PAUSE_MS, self.refresh)

    def choose_filter(self, status: CaseStatus | None) -> None:
        """List the cases of one status only; None for all."""
        self._filter = status
        self._show()

    def add(self, paths: Sequence[str | Path]) -> None:
        """Add images, or every image below a folder."""
        project = self._project
        if project is None or not paths:
            return
        names = f"'{Path(paths[0]).name}'" if len(paths) == 1 else f"{len(paths)} images"
        self._activity.run(
            f"Adding {names}",
            lambda: list(self._add(project, [Path(path) for path in paths])),
            self._added,
            topic=f"add {[str(path) for path in paths]}",
        )

    def set_status(self, ids: Sequence[str], status: CaseStatus) -> None:
        """Call cases new, in work, done or flagged; a flag is asked the reason of."""
        project, queue = self._project, self._queue
        if project is None or queue is None or project.read_only:
            return
        for case in [c for c in self._cases if c.id in ids]:
            note: str | None = case.note
            if status == "flagged":
                note = self._view.ask_note(case.name, case.note)
            if note is not None:
                queue.put(_set_status(project, case.id, status, note))

    def open_next(self, step: int) -> None:
        """Open the case after (1) or before (-1) the one in hand, as the list shows them."""
        order = {case.id: at for at, case in enumerate(self._cases)}
        here = order.get(self._case.id or "", -1 if step > 0 else len(order))
        shown = [c.id for c in self._shown() if (order[c.id] - here) * step > 0]
        if shown:
            self._case.open(shown[0] if step > 0 else shown[-1])
        elif self._cases:
            self._activity.say(f"There is no {'next' if step > 0 else 'previous'} case.")

    def _add(self, project: Project, paths: Sequence[Path]) -> Iterator[AddReport]:
        for number, path in enumerate(paths):
            if len(paths) > 1:
                self._tell(number, len(paths))
            try:
                yield project.add(path, progress=self._tell if len(paths) == 1 else None)
            except MedSSLError as error:
                yield AddReport(refused=((path.name, str(error)),))

    def _tell(self, done: int, total: int) -> None:
        self._work.tell(lambda: self._view.show_adding(done, total))

    def _added(self, reports: Sequence[AddReport]) -> None:
        added = sum(len(report.added) for report in reports)
        already = sum(len(report.already) for report in reports)
        masks = sum(len(report.masks) for report in reports)
        refused = [f"'{name}': {why}" for report in reports for name, why in report.refused]
        words = f"{added} {'case' if added == 1 else 'cases'} added."
        if already:
            words += f" {already} were in the project already."
        if masks:
            words += f" {masks} were passed over, as they are masks."
        if refused:
            words += f" {len(refused)} were refused."
        self._activity.say(words, problem=not (added or already))
        self._view.show_report(words, refused)
        self.refresh()

    def _take(self, cases: tuple[Case, ...]) -> None:
        if cases != self._cases:
            self._cases = cases
            self._show()

    def _shown(self) -> list[Case]:
        return [c for c in self._cases if self._filter in (None, c.status)]

    def _show(self) -> None:
        statuses = [case.status for case in self._cases]
        self._view.show_counts({s: statuses.count(s) for s in statuses})
        self._view.show_cases(self._shown())


def _set_status(project: Project, case: str, status: CaseStatus, note: str) -> Callable[[], None]:
    return lambda: project.set_status(case, status, note)
