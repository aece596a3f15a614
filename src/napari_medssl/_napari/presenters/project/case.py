"""The case in hand: opened as it was left, recorded while it is worked on, closed without loss."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from napari_medssl._napari.presenters.mask.document import Document, LabelRow
from napari_medssl._napari.presenters.project.added_mask import take_over
from napari_medssl._napari.presenters.project.case_canvas import OpenCase
from napari_medssl._napari.presenters.project.recorder import Recorder
from napari_medssl.errors import ChangedImageError, MedSSLError, MissingImageError, SaveError
from napari_medssl.io.label_table import unnamed_label
from napari_medssl.project.proposals import pending_for
from napari_medssl.segment.prompts import Plane

if TYPE_CHECKING:
    from napari_medssl._napari.presenters.activity import Activity
    from napari_medssl._napari.presenters.project.added_mask import AddedMask
    from napari_medssl._napari.presenters.project.case_canvas import CaseCanvas
    from napari_medssl._napari.presenters.project.write_queue import WriteQueue
    from napari_medssl.project import Case, Project

_PAUSE_MS = 1000


class CaseView(Protocol):
    """The part of the panel about the case in hand."""

    def mark_open(self, case: str | None) -> None:
        """Show which case is open."""

    def offer_find(self, case: str | None) -> None:
        """Offer to find the image of a case again; None takes the offer away."""


class CasePresenter:
    """Opens one case at a time on the canvas."""

    def __init__(self, view: CaseView, canvas: CaseCanvas, activity: Activity) -> None:
        self._view = view
        self._canvas = canvas
        self._activity = activity
        self._project: Project | None = None
        self._queue: WriteQueue | None = None
        self._id: str | None = None
        self._recorder: Recorder | None = None
        self._saved_view: dict[str, Any] = {}
        #: whether a model's proposal waited for the case in hand when it was opened
        self.proposal_waits = False

    @property
    def id(self) -> str | None:
        """The case in hand."""
        return self._id

    @property
    def busy(self) -> str:
        """What is still being done to the mask, in a sentence; empty when nothing is."""
        return self._canvas.busy()

    def enter(self, project: Project, queue: WriteQueue) -> None:
        """Take cases from a project from now on."""
        self._project, self._queue = project, queue

    def leave(self) -> None:
        """Close the case in hand and forget the project."""
        self.close()
        self._activity.forget("case")
        self._project = self._queue = None

    def open(self, case: str) -> None:
        """Open a case in the background and show it as it was left."""
        project, queue = self._project, self._queue
        if project is None or queue is None or case == self.id:
            return
        if self.busy:
            self._activity.say(self.busy, problem=True)
            return
        self._view.offer_find(None)
        self._activity.run(
            "Opening the case",
            lambda: _load(project, queue, case),
            lambda found: self._show(project, queue, case, found),
            topic="case",
        )

    def relocate(self, case: str, path: str | Path) -> None:
        """Say where the image of a case is now, and open it."""
        project = self._project
        if project is not None:
            self._activity.run(
                "Comparing the image with the one that was added",
                lambda: project.relocate(case, Path(path)),
                lambda _: self.open(case),
                topic="case",
            )

    def view_changed(self) -> None:
        """React to another slice, window, zoom: written down after a pause."""
        if self._recorder is not None:
            self._activity.later("view", _PAUSE_MS, self.save_view)

    def save_view(self) -> None:
        """Write down how the case is looked at."""
        if self._recorder is None:
            return
        view = self._canvas.view()
        if view != self._saved_view:
            self._saved_view = view
            self._recorder.save_view(view)

    def removed(self) -> None:
        """React to the user's taking the case's layers off the canvas: all is written already."""
        self._forget()
        self._canvas.clear()

    def mask_added(self, added: AddedMask) -> None:
        """React to a mask opened or begun over the case: it becomes the case's own."""
        self._activity.later("added mask", 0, lambda: take_over(added, self._activity))

    def labels_added(self, name: str) -> None:
        """React to a labels layer that is no part of the case: nobody keeps what is drawn there."""
        self._activity.say(
            f"The layer '{name}' is no part of the case: what is drawn on it is not kept. "
            "Draw on the layer 'Mask'.",
            problem=True,
        )

    def close(self) -> None:
        """Take the case off the canvas; what is not written yet is in the queue."""
        self.save_view()
        self._forget()
        self._canvas.clear()

    def _forget(self) -> None:
        self._id = self._recorder = None
        self._view.mark_open(None)

    def _show(
        self, project: Project, queue: WriteQueue, case: str, found: OpenCase | MedSSLError
    ) -> None:
        if isinstance(found, MedSSLError):
            self._activity.fail(found)
            self._view.offer_find(case)
            return
        self.close()
        # first: a label that the canvas brings along is written too
        recorder = Recorder(project, case, found.document, queue) if found.editable else None
        self._canvas.show(found)
        self._id, self._recorder, self._saved_view = case, recorder, {}
        self.proposal_waits = found.proposal
        self._view.mark_open(case)
        waits = " A model's proposal waits: see the Automatic panel." if found.proposal else ""
        self._activity.say(f"'{found.name}' is open.{waits}")


def _load(project: Project, queue: WriteQueue, case: str) -> OpenCase | MedSSLError:
    """Read a case with all that was written of it; a missing or changed image is an answer."""
    if queue.wait().problem is not None:
        raise SaveError(
            "the last changes are not saved yet", do="Press Retry before opening another case"
        )
    known = project.case(case)
    try:
        volume = project.read_image(case)
    except (MissingImageError, ChangedImageError) as error:
        return error
    state = project.load(case)
    document = Document(
        _label_rows(project, known),
        history=state.history,
        done=[Plane(axis, index) for axis, index in state.done],
        outlines=state.outlines,
        prompts=state.prompts,
        used_elsewhere=lambda value: _count_users(project, case, value),
        hand_before=lambda: project.hand_edited(case, known.steps - len(state.history.done)),
    )
    return OpenCase(
        case,
        known.name,
        volume,
        state.labels,
        document,
        state.view,
        editable=not project.read_only,
        proposal=pending_for(project, case) is not None,
    )


def _label_rows(project: Project, case: Case) -> list[LabelRow]:
    """Return the label table with a line for every value in the case's voxels."""
    rows = [LabelRow(row.info, row.visible, row.locked) for row in project.labels()]
    unnamed = case.voxels.keys() - {row.info.value for row in rows}
    rows += [LabelRow(unnamed_label(value)) for value in unnamed if case.voxels[value]]
    return sorted(rows, key=lambda row: row.info.value)


def _count_users(project: Project, case: str, value: int) -> int:
    """Tell how many other cases hold voxels of a value: they share the label table."""
    return sum(other.id != case and other.voxels.get(value, 0) > 0 for other in project.cases())
