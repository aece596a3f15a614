"""A mask laid over the image of a case becomes the case's own, in one step that can be undone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from napari_medssl._napari.presenters.mask.background_edit import BackgroundEdit
from napari_medssl.correct import Edit, Step
from napari_medssl.io.label_table import unnamed_label

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from napari_medssl._napari.presenters.activity import Activity
    from napari_medssl._napari.presenters.mask.document import Document
    from napari_medssl._napari.presenters.mask.recorded_mask import RecordedMask

_WORDS = "Replace mask"


@dataclass(frozen=True, eq=False)
class AddedMask:
    """A mask that was opened, or begun, over the image of the open case.

    Parameters
    ----------
    array : (z, y, x) unsigned array
        Its voxels.
    document : Document
        Its labels, and where it came from.
    own : RecordedMask
        The case's own mask.
    make_room : callable
        Makes the case's own mask hold a label of this value.
    remove : callable
        Takes the layer off the canvas.
    """

    array: NDArray[Any]
    document: Document
    own: RecordedMask
    make_room: Callable[[int], None]
    remove: Callable[[], None]


def take_over(added: AddedMask, activity: Activity) -> None:
    """Put an added mask in the place of the case's own; a case has one, which is kept."""
    clash = _clash(added)
    if clash or added.own.why_not:
        activity.say(clash or added.own.why_not, problem=True)
        return
    own = added.own
    added.make_room(max(row.info.value for row in added.document.labels))
    own.reserve(_WORDS)
    change = BackgroundEdit(
        own,
        lambda: Edit.between(own.array, added.array),
        lambda edit: edit.apply(own.array),
        lambda edit: _commit(added, edit),
    )

    def done(_: Any) -> None:
        change.settle()
        if change.error is not None:
            activity.fail(change.error)
            return
        added.remove()
        activity.say("It is the mask of this case now. Undo brings the one before back.")

    activity.run(_WORDS, change.work, done, topic=f"take over {id(change)}")


def _commit(added: AddedMask, edit: Edit | None) -> None:
    document = added.own.document
    known = {row.info.value for row in document.labels}
    new = [row for row in added.document.labels if row.info.value not in known]
    if new:
        document.set_labels((*document.labels, *new))
    outlines = added.document.outlines
    if edit is not None or outlines:
        document.do(Step(_WORDS, edit, outlines=outlines))


def _clash(added: AddedMask) -> str:
    """Say where a label means something else than in the project; empty where none does."""
    known = {row.info.value: row.info.name for row in added.own.document.labels}
    for row in added.document.labels:
        value, name = row.info.value, row.info.name
        if name not in (known.get(value, name), unnamed_label(value).name):
            return (
                f"Label {value} of this mask is '{name}', but '{known[value]}' in the project. "
                "Rename one of them. This mask is not kept with the case."
            )
    return ""
