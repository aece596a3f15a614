"""Which case to review next: those not done, in an order, each with the reason for its place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from napari_medssl.project.review_queue import review_queue

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from napari_medssl._napari.presenters.activity import Activity, Work
    from napari_medssl._napari.presenters.automatic.canvas import Door, OpenProject
    from napari_medssl._napari.presenters.learn.look import LearnLook
    from napari_medssl.project.review_queue import Order, QueueRow


@dataclass(frozen=True)
class ReviewRow:
    """A case that waits.

    Parameters
    ----------
    case, name : str
        Its id, and its name for people.
    reason : str
        Why it has its place, in a phrase.
    """

    case: str
    name: str
    reason: str


class ReviewNextView(Protocol):
    """The list of what to review."""

    def show_queue(self, rows: Sequence[ReviewRow]) -> None:
        """List cases, the first to be reviewed first."""


class ReviewNextPresenter:
    """Lists the cases that are not done, and opens them.

    Parameters
    ----------
    view : ReviewNextView
        The list.
    work : Work
        The thread that reads.
    activity : Activity
        For what went wrong.
    door : Door
        The open project.
    open_case : callable
        Opens a case of it, by id.
    """

    def __init__(
        self,
        view: ReviewNextView,
        work: Work,
        activity: Activity,
        door: Door,
        open_case: Callable[[str], None],
    ) -> None:
        self._view, self._work, self._activity = view, work, activity
        self._door, self._open_case = door, open_case
        self._order: Order = "gain"
        self._rows: tuple[ReviewRow, ...] = ()
        self._asked = 0

    def looked(self, there: OpenProject | None, look: LearnLook) -> None:
        """List again: cases, or the model in use, have changed."""
        self.look()

    def choose_order(self, order: Order) -> None:
        """List in another order."""
        self._order = order
        self.look()

    def look(self) -> None:
        """List again, in the background; of several asked for at once only the last is shown."""
        there, order = self._door(), self._order
        self._asked += 1
        ticket = self._asked
        if there is None:
            self._show(())
            return
        names = {case.id: case.name for case in there.cases}

        def show(rows: tuple[QueueRow, ...]) -> None:
            if ticket == self._asked:
                named = (ReviewRow(r.case, names.get(r.case, r.case), r.reason) for r in rows)
                self._show(tuple(named))

        def failed(error: Exception) -> None:
            if ticket == self._asked:
                self._activity.fail(error)

        self._work.run(lambda: review_queue(there.project, order), show, failed)

    def open(self, case: str) -> None:
        """Open a case of the list."""
        self._open_case(case)

    def open_next(self) -> None:
        """Open the first case of the list."""
        if self._rows:
            self._open_case(self._rows[0].case)

    def _show(self, rows: tuple[ReviewRow, ...]) -> None:
        if rows != self._rows:
            self._rows = rows
            self._view.show_queue(rows)
