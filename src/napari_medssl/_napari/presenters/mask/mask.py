"""The mask as a whole: keeping outlines in it, saving it, opening and beginning one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from napari_medssl import io
from napari_medssl._napari.presenters.mask.document import Document, LabelRow
from napari_medssl.correct.change import set_label
from napari_medssl.correct.rules import Rules
from napari_medssl.errors import MedSSLError
from napari_medssl.io.sidecar import stem
from napari_medssl.segment.provenance import outline_record, plain_prompts, prompts_from_plain

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from napari_medssl._napari.presenters.activity import Activity
    from napari_medssl._napari.presenters.mask.history import HistoryPresenter
    from napari_medssl._napari.presenters.mask.labels import LabelPresenter
    from napari_medssl._napari.presenters.mask.recorded_mask import RecordedMask
    from napari_medssl._napari.presenters.scene import Scene
    from napari_medssl.correct import Edit
    from napari_medssl.io import SavedMask
    from napari_medssl.segment import Plane, Prompts, SliceResult
    from napari_medssl.volume import Volume


class SaveView(Protocol):
    """Saving."""

    def ask_save_path(self, suggested: str) -> str:
        """Ask where to save; empty when the question is closed."""


class MaskPresenter:
    """Puts outlines into the mask in hand, and takes it to and from files."""

    def __init__(
        self,
        saving: SaveView,
        scene: Scene,
        activity: Activity,
        history: HistoryPresenter,
        labels: LabelPresenter,
    ) -> None:
        self._saving = saving
        self._scene = scene
        self._activity = activity
        self._history = history
        self._labels = labels
        self._folder: Path | None = None
        self._overwrite = False

    def allow_overwrite(self, allowed: bool) -> None:
        """Whether outlines may take voxels from other labels."""
        self._overwrite = allowed

    def keep(self, outlines: Mapping[Plane, SliceResult], prompts: Mapping[Plane, Prompts]) -> None:
        """Put outlines into the mask under the current label, and take their prompts away.

        All is one step: undo brings the prompts back, and what is told of the outlines goes.
        """
        volume, document = self._scene.volume, self._scene.document
        value, name = self._labels.current, self._labels.current_name
        if volume is None or document is None:
            return
        box, rules = _box_of(outlines), Rules(document.locked, self._overwrite)

        def kept(mask: RecordedMask) -> Edit | None:
            part, (z, y, x) = mask.array[box], (side.start for side in box)
            wanted = _drawn(part.shape, box, outlines)
            return set_label(part, value, wanted, rules, add_only=True, low=(z, y, x))

        def said(edit: Edit | None) -> None:
            self._say_kept(name, edit, outlines, value)

        def without(plain: list[Any]) -> list[Any]:
            marked = prompts_from_plain(plain)
            return plain_prompts({p: m for p, m in marked.items() if p not in outlines})

        voxels = int(np.prod([side.stop - side.start for side in box]))
        told = tuple(
            outline_record(volume, prompts[plane], result, value)
            for plane, result in outlines.items()
        )
        self._history.change(
            "Keep outline", kept, said, voxels=voxels, prompts=without, outlines=told
        )

    def save(self) -> None:
        """Ask where, and save; the suffix chooses the format."""
        volume = self._scene.volume
        if volume is None:
            self._activity.say("There is no image whose mask could be saved.", problem=True)
            return
        chosen = self._saving.ask_save_path(str(self._suggested(volume)))
        if chosen:
            self.save_as(chosen)

    def save_as(self, path: str | Path) -> None:
        """Save the mask on the image's own grid, with a file beside it that says what it is."""
        path, volume, document = Path(path), self._scene.volume, self._scene.document
        try:
            mask = self._scene.read_mask()
        except MedSSLError as error:
            self._activity.fail(error)
            return
        if mask is None or volume is None or document is None:
            self._activity.say("There is no mask yet: outline something first.", problem=True)
            return
        labels = [row.info for row in document.labels]
        provenance = {"outlines": list(document.outlines)}
        self._activity.run(
            f"Saving '{path.name}'",
            lambda: io.write_labels(mask, volume, path, labels=labels, provenance=provenance),
            self._saved,
            topic="save",
        )

    def begin(self) -> None:
        """Begin another, empty mask on the image in hand, with the same labels."""
        volume, document = self._scene.volume, self._scene.document
        if volume is None or document is None:
            self._activity.say("Open an image first.", problem=True)
            return
        rows = [LabelRow(row.info) for row in document.labels]
        self._scene.add_mask(np.zeros(volume.geometry.shape, np.uint8), Document(rows))
        self._activity.say("A new mask lies over the image.")

    def open(self, path: str | Path) -> None:
        """Lay a saved mask over the image in hand, to go on with it."""
        path, volume = Path(path), self._scene.volume
        if volume is None:
            self._activity.say("Open the mask's image first.", problem=True)
            return
        self._activity.run(
            f"Reading '{path.name}'",
            lambda: io.read_mask(path, volume),
            lambda saved: self._take(volume, path, saved),
            topic="mask",
        )

    def _say_kept(
        self, name: str, edit: Edit | None, outlines: Mapping[Plane, SliceResult], value: int
    ) -> None:
        count, mask = edit.count if edit is not None else 0, self._scene.mask
        words = f"Kept as '{name}': {count:,} voxels."
        left = 0
        if mask is not None:
            left = sum(
                int(np.count_nonzero(plane.view(mask.array)[result.mask] != value))
                for plane, result in outlines.items()
            )
        if left:
            words += f" {left:,} voxels belong to other labels and were left as they are."
        self._activity.say(words)

    def _take(self, volume: Volume, path: Path, saved: SavedMask) -> None:
        if volume is not self._scene.volume:
            return
        rows = [LabelRow(info) for info in saved.labels]
        self._scene.add_mask(saved.array, Document(rows, outlines=saved.outlines))
        notes = " ".join(notice.text for notice in saved.notices)
        self._activity.say(f"'{path.name}' lies over the image. {notes}".rstrip())

    def _saved(self, path: Path) -> None:
        self._folder = path.parent
        self._activity.say(f"Saved as '{path.name}', read back and found equal.")

    def _suggested(self, volume: Volume) -> Path:
        source = volume.source
        folder = self._folder or (source.path.parent if source.path else Path.home())
        return folder / f"{stem(source.name)}_mask.nii.gz"


def _box_of(outlines: Mapping[Plane, SliceResult]) -> tuple[slice, slice, slice]:
    """The box around all outlines, (z, y, x); of an empty one, its first voxel."""
    corners = []
    for plane, result in outlines.items():
        inside = np.argwhere(result.mask) if result.mask.any() else np.zeros((1, 2), int)
        both = np.stack([inside.min(axis=0), inside.max(axis=0)])
        corners.append(np.insert(both, plane.axis, plane.index, axis=1))
    ends = np.concatenate(corners)
    low, high = ends.min(axis=0), ends.max(axis=0) + 1
    z, y, x = (slice(int(a), int(b)) for a, b in zip(low, high, strict=True))
    return z, y, x


def _drawn(
    shape: Sequence[int],
    box: tuple[slice, slice, slice],
    outlines: Mapping[Plane, SliceResult],
) -> NDArray[np.bool_]:
    """All outlines in a box around them."""
    wanted = np.zeros(tuple(shape), bool)
    for plane, result in outlines.items():
        at: list[Any] = [slice(None)] * 3
        at[plane.axis] = plane.index - box[plane.axis].start
        rows, columns = (part for axis, part in enumerate(box) if axis != plane.axis)
        wanted[tuple(at)] |= result.mask[rows, columns]
    return wanted
