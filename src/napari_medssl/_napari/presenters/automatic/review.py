"""What a model proposes for the image in hand: compared, matched, accepted a label at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Protocol

import numpy as np

from napari_medssl._napari.presenters.automatic.review_rows import left_alone, review_rows, unit_of
from napari_medssl._napari.presenters.mask.document import LabelRow
from napari_medssl._napari.presenters.project.offers import OfferPresenter, OfferView
from napari_medssl.correct.box import box_around
from napari_medssl.correct.hand import hold_slices
from napari_medssl.correct.matching import match_classes
from napari_medssl.correct.merge import Merge
from napari_medssl.project.accepting import named_labels, unnamed_of, words_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from napari_medssl._napari.presenters.activity import Activity
    from napari_medssl._napari.presenters.automatic.canvas import AutomaticCanvas, Door
    from napari_medssl._napari.presenters.automatic.review_rows import ReviewRow
    from napari_medssl._napari.presenters.mask.document import Document
    from napari_medssl._napari.presenters.mask.history import HistoryPresenter
    from napari_medssl._napari.presenters.mask.recorded_mask import RecordedMask
    from napari_medssl.correct import Edit
    from napari_medssl.correct.merge import Difference
    from napari_medssl.correct.proposal import Proposal
    from napari_medssl.volume import Volume

Look = Literal["old", "new", "difference"]
_PAUSE_MS = 600  # strokes follow each other quickly


class ReviewView(OfferView, Protocol):
    """What was found, and the buttons to accept it."""

    def show_review(self, rows: Sequence[ReviewRow], words: str, *, unit: str, look: Look) -> None:
        """List the classes, with sizes in a unit; say what is left as it is."""

    def show_no_review(self) -> None:
        """Nothing is to be accepted."""

    def allow_uncertainty(self, allowed: bool) -> None:
        """Whether there is a heat map to show."""


class ReviewPresenter:
    """Holds one proposal until it is accepted or discarded."""

    def __init__(
        self,
        view: ReviewView,
        canvas: AutomaticCanvas,
        activity: Activity,
        history: HistoryPresenter,
        door: Door,
    ) -> None:
        self._view, self._canvas, self._activity = view, canvas, activity
        self._history = history
        self._proposal: Proposal | None = None
        self._volume: Volume | None = None
        self._case: str | None = None
        self._targets: dict[int, int] = {}
        self._difference: Difference | None = None
        self._look: Look = "difference"
        self.offers = OfferPresenter(view, canvas, activity, door, self.take)

    def take(self, volume: Volume, case: str | None, proposal: Proposal) -> None:
        """Show a proposal; one for an image that is not in hand waits until it is."""
        if volume is not self._canvas.volume and case is not None:
            self._activity.say(f"The result for '{volume.source.name}' is kept with its case.")
            return
        self._proposal, self._volume, self._case = proposal, volume, case
        if volume is not self._canvas.volume:
            self._activity.say(f"The result for '{volume.source.name}' waits for its image.")
            return
        if proposal.labels.any():
            self._activity.say("Look at what was found, then accept what is right.")
        else:
            self._activity.say(f"'{proposal.title}' found nothing in this image.")
        self._begin(proposal)

    def image_changed(self) -> None:
        """Show what there is for the image in hand."""
        self._activity.forget("difference")
        self.offers.count()
        held = self._shown
        if held is not None:
            self._begin(held)
            return
        self._view.show_no_review()
        self._view.allow_uncertainty(False)
        if self._case is not None:  # it is on the disk
            self._proposal = self._volume = self._case = None
        self.offers.look()

    def mask_changed(self) -> None:
        """Compare anew, after a pause, as mask or labels have changed."""
        if self._shown is not None:
            self._activity.later("difference", _PAUSE_MS, self._measure)

    def choose_target(self, value: int, label: int) -> None:
        """Let a class become another label."""
        self._targets[value] = label
        self._measure()

    def show_as(self, look: Look) -> None:
        """Look at the old labels, at those proposed, or at the difference."""
        self._look = look
        self._show()

    def show_uncertainty(self, wanted: bool) -> None:
        """Show where the model is unsure, or not."""
        shown = self._shown
        self._canvas.show_uncertainty(shown.uncertainty if shown is not None and wanted else None)

    def accept_all(self) -> None:
        """Take every class into the mask."""
        if self._shown is not None:
            self.accept([one.value for one in self._shown.classes])

    def accept(self, values: Collection[int]) -> None:
        """Take some classes into the mask, in one step that can be undone."""
        shown, mask = self._shown, self._canvas.start_mask()
        if shown is None or mask is None:
            return
        if not values or mask.why_not:
            self._activity.say(mask.why_not or "Tick a label first.", problem=True)
            return
        targets = {value: self._targets[value] for value in values}
        merge = self._merge(shown, mask.document)
        _name_labels(shown, targets, mask)
        mask.make_room(max(targets.values()))

        def edit(mask: RecordedMask) -> Edit | None:
            return merge().edit(mask.array, shown.labels, values)

        self._history.change(
            words_of(shown, values),
            edit,
            lambda made: self._accepted(shown, values, made),
            outlines=shown.record(targets),
        )

    def discard(self) -> None:
        """Throw the proposal away; what was accepted of it stays."""
        case = self._case if self._shown is not None else self._canvas.case
        if self.offers.discard(case, self._shown):
            self._end()
            self._activity.say("Discarded. The mask is as it was.")

    @property
    def _shown(self) -> Proposal | None:
        """The proposal, if it is for the image in hand."""
        return self._proposal if self._volume is self._canvas.volume else None

    @property
    def _rows(self) -> tuple[LabelRow, ...]:
        document = self._canvas.document
        return document.labels if document is not None else ()

    def _begin(self, proposal: Proposal) -> None:
        self._view.show_offer("")
        self._difference = None
        infos = [row.info for row in self._rows]
        self._targets = match_classes(proposal.classes, infos, unnamed_of(infos))
        mask = self._canvas.mask
        self._look = "difference" if mask is not None and mask.array.any() else "new"
        self._view.allow_uncertainty(proposal.uncertainty is not None)
        box = box_around(proposal.labels)
        if box is not None:
            (a, b, c), (d, e, f) = ([p.start for p in box], [p.stop - 1 for p in box])
            self._canvas.show_voxels((a, b, c), (d, e, f))
        self._show()
        self._measure()

    def _end(self) -> None:
        self._proposal = self._volume = self._case = self._difference = None
        self._activity.forget("difference")
        self._canvas.hide_proposal()
        self._canvas.show_uncertainty(None)
        self._view.show_offer("")
        self._view.show_no_review()
        self._view.allow_uncertainty(False)

    def _merge(self, shown: Proposal, document: Document) -> Callable[[], Merge]:
        """Return what works the rules out, which is slow: for the work thread."""
        targets, locked = dict(self._targets), document.locked
        done = [(plane.axis, plane.index) for plane in document.done]
        z, y, x = shown.labels.shape
        return lambda: Merge(targets, locked, hold_slices(document.hand_edited((z, y, x)), done))

    def _measure(self) -> None:
        shown, mask, document = self._shown, self._canvas.mask, self._canvas.document
        if shown is None or document is None:
            return
        if mask is not None and mask.busy:
            self.mask_changed()
            return
        empty = np.broadcast_to(np.uint8(0), shown.labels.shape)
        labels, merge = mask.array if mask is not None else empty, self._merge(shown, document)

        def take(found: Difference) -> None:
            self._difference = found
            self._show()

        self._activity.run(
            "Comparing with the old labels",
            lambda: merge().difference(labels, shown.labels),
            take,
            topic="difference",
            asked=False,
        )

    def _show(self) -> None:
        shown, difference = self._shown, self._difference
        if shown is None or self._volume is None:
            return
        rows = review_rows(shown, self._targets, self._rows, difference, self._volume)
        words = list(shown.notices)
        if difference is not None and difference.kept:
            words.append(left_alone(difference.kept))
        self._view.show_review(rows, " ".join(words), unit=unit_of(self._volume), look=self._look)
        if self._look == "old":
            self._canvas.hide_proposal()
        elif self._look == "difference" and difference is not None:
            self._canvas.show_difference(difference.codes)
        else:
            self._canvas.show_proposal(shown.labels, {row.value: row.colour for row in rows})

    def _accepted(self, shown: Proposal, values: Collection[int], made: Edit | None) -> None:
        counts = self._difference.counts if self._difference is not None else {}
        kept = sum(counts[value].kept for value in values if value in counts)
        words = words_of(shown, values).replace("Accept", "Accepted", 1)
        words += f": {made.count if made is not None else 0:,} voxels changed."
        words += f" {left_alone(kept)}" if kept else ""
        self.offers.keep_rest(self._case, values, shown)
        if self._proposal is shown:
            self._proposal = left = shown.without(values)
            if left.classes:
                self._show()
            else:
                self._end()
        self._activity.say(f"{words} Undo takes it back.")


def _name_labels(shown: Proposal, targets: Mapping[int, int], mask: RecordedMask) -> None:
    """Put new labels into the table, and names on those that have neither name nor voxels."""
    document = mask.document

    def in_use(label: int) -> bool:
        return bool((mask.array == label).any()) or bool(document.used_elsewhere(label))

    infos = named_labels(shown, targets, [row.info for row in document.labels], in_use)
    rows = {row.info.value: row for row in document.labels}
    if infos:
        document.set_labels((rows | {info.value: LabelRow(info) for info in infos}).values())
