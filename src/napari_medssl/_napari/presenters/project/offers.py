"""Proposals that wait on the disk for the cases of a project: offered, read, and taken away."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from napari_medssl.project.proposals import (
    discard_proposal,
    keep_rest,
    pending_for,
    read_proposal,
    waiting_cases,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from napari_medssl._napari.presenters.activity import Activity
    from napari_medssl._napari.presenters.automatic.canvas import AutomaticCanvas, Door
    from napari_medssl.correct.proposal import Proposal
    from napari_medssl.project.proposals import Pending
    from napari_medssl.volume import Volume

_NAMED = 3


class OfferView(Protocol):
    """A line, and a button to look."""

    def show_offer(self, words: str) -> None:
        """Offer to look at what waits for the case in hand; empty: nothing waits."""

    def show_others(self, words: str) -> None:
        """Say for which other cases something waits; empty: for none."""


class OfferPresenter:
    """Knows what waits for the case in hand.

    Parameters
    ----------
    view : OfferView
        Where it is offered.
    canvas : AutomaticCanvas
        The image in hand.
    activity : Activity
        For what is slow.
    door : Door
        The open project.
    take : callable
        Gets the volume, the id of its case and what was read of it.
    """

    def __init__(
        self,
        view: OfferView,
        canvas: AutomaticCanvas,
        activity: Activity,
        door: Door,
        take: Callable[[Volume, str | None, Proposal], None],
    ) -> None:
        self._view, self._canvas, self._activity = view, canvas, activity
        self._door, self._take = door, take

    def look(self) -> None:
        """Offer what is kept for the case in hand."""
        self._view.show_offer("")
        there, case = self._door(), self._canvas.case
        if there is None or case is None:
            self._activity.forget("offer")
            return
        project = there.project

        def offered(found: Pending | None) -> None:
            if found is not None and case == self._canvas.case:
                self._view.show_offer(f"'{found.title}' has a proposal for this case.")

        self._activity.run(
            "Looking for proposals",
            lambda: pending_for(project, case),
            offered,
            topic="offer",
            asked=False,
        )

    def count(self) -> None:
        """Say for which other cases something is kept."""
        there = self._door()
        if there is None:
            self._activity.forget("others")
            self._view.show_others("")
            return
        project, names = there.project, {case.id: case.name for case in there.cases}

        def told(found: Sequence[str]) -> None:
            others = [names.get(id_, id_) for id_ in found if id_ != self._canvas.case]
            self._view.show_others(others_words(others))

        self._activity.run(
            "Looking for proposals",
            lambda: waiting_cases(project),
            told,
            topic="others",
            asked=False,
        )

    def open(self) -> None:
        """Show what is kept for the case in hand."""
        there, case, volume = self._door(), self._canvas.case, self._canvas.volume
        if there is None or case is None or volume is None:
            return
        project = there.project

        def show(found: Proposal | None) -> None:
            self._view.show_offer("")
            if found is not None and volume is self._canvas.volume:
                self._take(volume, case, found)

        self._activity.run(
            "Reading the proposal", lambda: read_proposal(project, case), show, topic="offer"
        )

    def keep_rest(self, case: str | None, accepted: Collection[int], looked_at: Proposal) -> None:
        """Keep only what was not accepted, after the step that accepts is on the disk."""
        there = self._door()
        if there is not None and case is not None:
            project = there.project
            there.write(lambda: keep_rest(project, case, accepted, looked_at))

    def discard(self, case: str | None, looked_at: Proposal | None) -> bool:
        """Take away what is kept for a case; False, and a sentence, where that may not be.

        What has come since ``looked_at`` was read is left alone.
        """
        there = self._door()
        if there is None or case is None:
            return True
        project = there.project
        if project.read_only:
            self._activity.say(project.why_read_only, problem=True)
            return False
        there.write(lambda: discard_proposal(project, case, looked_at))
        return True


def others_words(names: Sequence[str]) -> str:
    """Say for which cases something waits, the first of them by name."""
    if not names:
        return ""
    shown, more = names[:_NAMED], len(names) - _NAMED
    rest = f" and {more} more" if more > 0 else ""
    count = "1 other case" if len(names) == 1 else f"{len(names)} other cases"
    return f"Proposals wait for {count}: {', '.join(shown)}{rest}."
