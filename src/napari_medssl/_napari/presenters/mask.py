"""The mask: its labels, what may be overwritten, where each outline came from, saving."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from napari_medssl import io
from napari_medssl.errors import MedSSLError
from napari_medssl.io.label_table import unnamed_label
from napari_medssl.io.sidecar import read_sidecar, stem

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from napari_medssl._napari.presenters.activity import Activity
    from napari_medssl._napari.presenters.scene import Scene
    from napari_medssl.io import LabelInfo
    from napari_medssl.io.label_table import Colour
    from napari_medssl.segment import Plane, Prompts, SliceResult
    from napari_medssl.volume import Volume


class LabelView(Protocol):
    """The labels."""

    def show_labels(self, labels: Sequence[LabelInfo], current: int) -> None:
        """List the labels, the current one chosen."""


class SaveView(Protocol):
    """Saving."""

    def ask_save_path(self, suggested: str) -> str:
        """Ask where to save; empty when the question is closed."""


class MaskPresenter:
    """Owns the label table and everything that is written about the mask."""

    def __init__(
        self, labels: LabelView, saving: SaveView, scene: Scene, activity: Activity
    ) -> None:
        self._view = labels
        self._saving = saving
        self._scene = scene
        self._activity = activity
        self._labels = [unnamed_label(1)]
        self._current = 1
        self._folder: Path | None = None
        self._overwrite = False

    def start(self) -> None:
        """Show the labels."""
        self._show()

    def image_changed(self) -> None:
        """Colour the mask of the image now in hand."""
        self._show()

    def choose_label(self, value: int) -> None:
        """Draw with another label."""
        self._current = value
        self._show()

    def add_label(self) -> None:
        """Make a new label, with the next free value and colour, and draw with it."""
        value = max(label.value for label in self._labels) + 1
        self._labels.append(unnamed_label(value))
        self.choose_label(value)

    def rename(self, name: str) -> None:
        """Name the current label."""
        if name.strip():
            self._change(name=name.strip())

    def recolour(self, colour: Colour) -> None:
        """Colour the current label; red, green, blue in 0..255."""
        self._change(colour=colour)

    def allow_overwrite(self, allowed: bool) -> None:
        """Whether outlines and the brush may take voxels from other labels."""
        self._overwrite = allowed
        self._show()

    def write(self, masks: Mapping[Plane, NDArray[np.bool_]]) -> bool:
        """Put outlines into the mask under the current label; False if it could not be."""
        try:
            changed, protected = self._scene.write_label(
                masks, self._current, overwrite=self._overwrite
            )
        except MedSSLError as error:
            self._activity.fail(error)
            return False
        words = f"Kept as '{self._named().name}': {changed:,} voxels."
        if protected:
            words += f" {protected:,} voxels belong to other labels and were left as they are."
        self._activity.say(words)
        return True

    def remember(self, prompts: Prompts, result: SliceResult, weights_sha256: str) -> None:
        """Note where an outline came from, for the file beside the saved mask."""
        volume = self._scene.volume
        if volume is None:
            return
        self._scene.note_outline(
            {
                "label": self._current,
                "engine": result.engine,
                "weights_sha256": weights_sha256,
                "confidence": round(float(result.score), 4),
                **_prompts_ijk(volume, prompts),
            }
        )

    def undo(self) -> None:
        """Take back the last step on the mask."""
        done = self._scene.undo_mask()
        self._activity.say("Undone." if done else "There is nothing to undo on the mask.")

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
        path, volume = Path(path), self._scene.volume
        try:
            mask = self._scene.mask()
        except MedSSLError as error:
            self._activity.fail(error)
            return
        if mask is None or volume is None:
            self._activity.say("There is no mask yet: outline something first.", problem=True)
            return
        labels, provenance = list(self._labels), {"outlines": self._scene.outline_notes()}
        self._activity.run(
            f"Saving '{path.name}'",
            lambda: io.write_labels(mask, volume, path, labels=labels, provenance=provenance),
            self._saved,
            topic="save",
        )

    def begin(self) -> None:
        """Begin another, empty mask on the image in hand."""
        volume = self._scene.volume
        if volume is None:
            self._activity.say("Open an image first.", problem=True)
            return
        self._scene.set_mask(np.zeros(volume.geometry.shape, np.uint8))
        self._activity.say("A new mask lies over the image.")

    def open(self, path: str | Path) -> None:
        """Lay a saved mask over the image in hand, to go on with it."""
        path, volume = Path(path), self._scene.volume
        if volume is None:
            self._activity.say("Open the mask's image first.", problem=True)
            return
        self._activity.run(
            f"Reading '{path.name}'",
            lambda: _read_mask(path, volume),
            lambda found: self._take(volume, path, *found),
            topic="mask",
        )

    def _take(
        self, volume: Volume, path: Path, mask: NDArray[Any], labels: list[LabelInfo]
    ) -> None:
        if volume is not self._scene.volume:
            return
        self._labels, self._current = labels, labels[0].value
        self._scene.set_mask(mask)
        self._show()
        self._activity.say(f"'{path.name}' lies over the image.")

    def _saved(self, path: Path) -> None:
        self._folder = path.parent
        self._activity.say(f"Saved as '{path.name}', read back and found equal.")

    def _suggested(self, volume: Volume) -> Path:
        source = volume.source
        folder = self._folder or (source.path.parent if source.path else Path.home())
        return folder / f"{stem(source.name)}_mask.nii.gz"

    def _change(self, **fields: Any) -> None:
        at = next(n for n, label in enumerate(self._labels) if label.value == self._current)
        self._labels[at] = replace(self._labels[at], **fields)
        self._show()

    def _named(self) -> LabelInfo:
        return next(label for label in self._labels if label.value == self._current)

    def _show(self) -> None:
        self._view.show_labels(self._labels, self._current)
        self._scene.show_labels(self._labels, self._current, overwrite=self._overwrite)


def _read_mask(path: Path, volume: Volume) -> tuple[NDArray[Any], list[LabelInfo]]:
    """Read a mask, and a label for every value in it or in the table beside it."""
    mask = io.read_labels(path, volume)
    table = {label.value: label for label in read_sidecar(path).labels}
    values = sorted({int(v) for v in np.unique(mask) if v} | set(table)) or [1]
    return mask, [table.get(value) or unnamed_label(value) for value in values]


def _prompts_ijk(volume: Volume, prompts: Prompts) -> dict[str, Any]:
    """Prompts as the command line writes them: voxel indices (i, j, k) of the file."""
    return {
        "points_ijk": [{"at": _ijk(volume, p.zyx), "inside": p.positive} for p in prompts.points],
        "boxes_ijk": [[_ijk(volume, b.low_zyx), _ijk(volume, b.high_zyx)] for b in prompts.boxes],
    }


def _ijk(volume: Volume, zyx: Sequence[float]) -> list[float]:
    z, y, x = zyx
    return [round(float(v), 2) for v in volume.index_to_source((z, y, x))]
