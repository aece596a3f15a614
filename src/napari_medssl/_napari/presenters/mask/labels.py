"""The label table: which label is drawn, what each is called, seen and locked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from napari_medssl._napari.presenters.mask.document import LabelRow
from napari_medssl.correct.change import set_label
from napari_medssl.correct.rules import Rules
from napari_medssl.errors import MedSSLError, UsageError
from napari_medssl.io.label_table import unnamed_label

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_medssl._napari.presenters.activity import Activity
    from napari_medssl._napari.presenters.mask.document import Document
    from napari_medssl._napari.presenters.mask.history import HistoryPresenter
    from napari_medssl._napari.presenters.mask.recorded_mask import RecordedMask
    from napari_medssl._napari.presenters.scene import Scene
    from napari_medssl.correct import Edit
    from napari_medssl.io.label_table import Colour


class LabelView(Protocol):
    """The label table."""

    def show_labels(self, labels: Sequence[LabelRow], current: int) -> None:
        """List the labels, the current one chosen."""

    def confirm(self, question: str) -> bool:
        """Ask before something is deleted."""


class LabelPresenter:
    """Keeps the label table, and which of its labels is drawn with."""

    def __init__(
        self, view: LabelView, scene: Scene, activity: Activity, history: HistoryPresenter
    ) -> None:
        self._view = view
        self._scene = scene
        self._activity = activity
        self._history = history
        self._current = 1

    @property
    def current(self) -> int:
        """The value of the label in use."""
        return self._current

    @property
    def current_name(self) -> str:
        """The name of the label in use."""
        return self._row(self._current).info.name

    def show(self) -> None:
        """Show the label table of the mask in hand; the first label if the one in use is gone."""
        document = self._scene.document
        if document is None:
            self._view.show_labels((), 0)
            return
        values = [row.info.value for row in document.labels]
        if self._current not in values:
            self._current = values[0]
        self._view.show_labels(document.labels, self._current)
        self._scene.show_labels(document.labels, self._current)

    def choose(self, value: int) -> None:
        """Draw with another label; one that is not in the table yet is added."""
        document = self._scene.document
        if document is None or value == self._current or value < 1:
            return
        known = any(row.info.value == value for row in document.labels)
        if not known and not self._may_change():
            return
        self._current = value
        if known:
            self.show()
        else:
            document.set_labels((*document.labels, LabelRow(unnamed_label(value))))

    def step(self, by: int) -> None:
        """Draw with the label so many lines further down; after the last comes the first."""
        document = self._scene.document
        if document is not None:
            values = [row.info.value for row in document.labels]
            self.choose(values[(values.index(self._current) + by) % len(values)])

    def add(self) -> None:
        """Make a new label, with the next free value and a colour of its own, and draw with it."""
        document = self._scene.document
        if document is not None:
            self.choose(max(row.info.value for row in document.labels) + 1)

    def rename(self, value: int, name: str) -> None:
        """Name a label; an empty name changes nothing."""
        if name.strip() and name.strip() != self._row(value).info.name:
            self._change(value, name=name.strip())
        else:
            self.show()

    def recolour(self, value: int, colour: Colour) -> None:
        """Colour a label; red, green, blue in 0..255."""
        self._change(value, colour=colour)

    def set_visible(self, value: int, visible: bool) -> None:
        """Draw a label, or hide it."""
        self._change(value, visible=visible)

    def set_locked(self, value: int, locked: bool) -> None:
        """Keep a label as it is, or let it be changed."""
        self._change(value, locked=locked)

    def delete(self) -> None:
        """Delete the label in use with its voxels, after asking."""
        document, mask, value = self._scene.document, self._scene.mask, self._current
        if document is None or not self._may_change():
            return
        row = self._row(value)
        try:
            others = document.used_elsewhere(value) if len(document.labels) > 1 else 0
        except MedSSLError as error:  # the project cannot be read just now
            self._activity.fail(error)
            return
        if row.locked:
            self._activity.say(f"'{row.info.name}' is locked: unlock it first.", problem=True)
        elif len(document.labels) == 1 and mask is None:
            self._activity.say("The only label stays: there is nothing of it to delete.")
        elif others:
            self._activity.say(_used(row.info.name, others), problem=True)
        elif self._view.confirm(f"Delete the label '{row.info.name}' and all its voxels?"):
            self._erase(document, row)

    def _erase(self, document: Document, row: LabelRow) -> None:
        value, name = row.info.value, row.info.name

        def erased(mask: RecordedMask) -> Edit | None:
            return set_label(mask.array, 0, mask.array == value, Rules(), add_only=True)

        def gone(edit: Edit | None) -> None:
            if len(document.labels) > 1:
                document.set_labels(r for r in document.labels if r.info.value != value)
            count = edit.count if edit is not None else 0
            self._activity.say(f"Deleted '{name}': {count:,} voxels. Undo brings it back.")

        if self._scene.mask is None:
            gone(None)
        else:
            self._history.change(f"Delete '{name}'", erased, gone)

    def _change(self, value: int, **fields: object) -> None:
        document = self._scene.document
        if document is None or not ("visible" in fields or self._may_change()):
            return
        try:
            document.change_label(value, **fields)
        except UsageError as error:
            self._activity.fail(error)

    def _may_change(self) -> bool:
        """Whether the table may change; says so, and shows it as it is, where it may not."""
        mask = self._scene.mask
        if mask is None or not mask.read_only:
            return True
        self._activity.say(mask.why_not, problem=True)
        self.show()
        return False

    def _row(self, value: int) -> LabelRow:
        document = self._scene.document
        rows = document.labels if document is not None else ()
        found = next((row for row in rows if row.info.value == value), None)
        return found or LabelRow(unnamed_label(value))


def _used(name: str, others: int) -> str:
    cases = "another case uses" if others == 1 else f"{others} other cases use"
    return f"'{name}' stays: {cases} it. All cases share one list of labels."
