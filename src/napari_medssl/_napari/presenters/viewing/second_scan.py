"""Another scan of the same patient, laid over the one in hand on a grid of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from napari_medssl.volume.alongside import cut_alike, require_overlap

if TYPE_CHECKING:
    from pathlib import Path

    from napari_medssl._napari.presenters.activity import Activity
    from napari_medssl._napari.presenters.scene import Scene
    from napari_medssl._napari.presenters.viewing.image import ImagePresenter
    from napari_medssl.volume import Volume

_LITTLE = 0.05


class SecondScanView(Protocol):
    """Where the second scan is asked for."""

    def allow_second_scan(self, allowed: bool) -> None:
        """Whether there is a scan to lay another over."""


class SecondScanPresenter:
    """Reads a second scan, checks that it belongs over the first, and shows both.

    The mask stays on the first one's grid, and so do points and boxes.
    """

    def __init__(
        self, view: SecondScanView, scene: Scene, activity: Activity, image: ImagePresenter
    ) -> None:
        self._view = view
        self._scene = scene
        self._activity = activity
        self._image = image

    def image_changed(self) -> None:
        """Offer it where the image in hand has a place in a patient."""
        volume = self._scene.volume
        self._view.allow_second_scan(
            volume is not None
            and volume.stack == "space"
            and volume.spacing_known
            and volume.orientation_known
        )

    def add(self, path: str | Path) -> None:
        """Lay the scan of a file or a folder over the image in hand."""
        self._image.choose(path, self._check)

    def _check(self, second: Volume) -> None:
        first = self._scene.volume
        if first is None:
            self._activity.say("Open a scan first, to lay another over it.", problem=True)
            return

        def check() -> tuple[Volume, str]:
            from napari_medssl.io.dicom.same_patient import check_same_patient  # pydicom is slow

            share = require_overlap(first, second)
            notices = [notice.text for notice in check_same_patient(first, second)]
            if share < _LITTLE:
                notices.append(f"Only {share:.0%} of the smaller scan lies in the other.")
            shown = cut_alike(second, first.geometry)
            if shown is not second:
                notices.append("It was turned onto the planes of the scan below it, to be shown.")
            return shown, " ".join(notices)

        def show(checked: tuple[Volume, str]) -> None:
            shown, notice = checked
            if self._scene.volume is first:
                self._scene.lay_scan_over(shown)
                name = f"'{shown.source.name}' lies over '{first.source.name}'."
                where = "Select it in the layer list to set its window, colours and opacity."
                self._activity.say(f"{name} {notice or where}", problem=bool(notice))

        self._activity.run(f"Laying '{second.source.name}' over it", check, show, topic="open")
