"""From object to object: the next thing in the mask, wherever it lies."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_medssl.correct.objects import label_objects, next_object

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from napari_medssl._napari.presenters.activity import Activity
    from napari_medssl._napari.presenters.mask.labels import LabelPresenter
    from napari_medssl._napari.presenters.scene import Scene
    from napari_medssl.correct.objects import LabelObject

_TOPIC = "objects"


class ObjectPresenter:
    """Turns the canvas to one object of the mask after another, and draws with its label.

    They are looked for in the background when one is asked for first, and again once the mask
    has changed.
    """

    def __init__(
        self,
        scene: Scene,
        activity: Activity,
        labels: LabelPresenter,
        choose: Callable[[int], None],
    ) -> None:
        self._scene, self._activity, self._labels = scene, activity, labels
        self._choose = choose
        self._objects: Sequence[LabelObject] | None = None
        self._last: LabelObject | None = None
        self._asked = 0

    def mask_changed(self) -> None:
        """React to another mask in hand: nothing of it was shown yet."""
        self.voxels_changed()
        self._last = None

    def voxels_changed(self) -> None:
        """React to other voxels: objects are looked for anew when one is asked for."""
        self._activity.forget(_TOPIC)
        self._objects, self._asked = None, 0

    def step(self, by: int) -> None:
        """Go so many objects further on; after the last comes the first."""
        mask, document = self._scene.mask, self._scene.document
        if mask is None or document is None:
            self._activity.say("There is no mask yet: outline something first.")
            return
        if self._objects is not None:
            self._go(by)
            return
        self._asked += by  # pressed again while they are looked for
        array, values = mask.array, [row.info.value for row in document.labels]
        self._activity.run(
            "Looking for objects", lambda: label_objects(array, values), self._take, topic=_TOPIC
        )

    def _take(self, objects: list[LabelObject]) -> None:
        by, self._asked = self._asked, 0
        self._objects = objects
        if by:
            self._go(by)

    def _go(self, by: int) -> None:
        mask, objects, last = self._scene.mask, self._objects, self._last
        if mask is None or not objects:
            self._activity.say("The mask is empty: outline something first.")
            return
        gone = last is not None and mask.array[last.middle] != last.value
        number = next_object(objects, last, by, value=self._labels.current, gone=gone)
        self._last = found = objects[number]
        self._choose(found.value)
        self._scene.go_to(found.middle)
        words = f"Object {number + 1} of {len(objects)}: '{self._labels.current_name}'"
        self._activity.say(f"{words}, {self._size(found)}.")

    def _size(self, found: LabelObject) -> str:
        volume = self._scene.volume
        if volume is None or not volume.spacing_known:
            return f"{found.voxels:,} voxels"
        z, y, x = volume.geometry.spacing_mm
        return f"{found.voxels * z * y * x / 1000:.2f} ml"
