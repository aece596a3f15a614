"""The image in hand: opening it, what it is in plain words, which volume of a 4-D file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from napari_medssl import io
from napari_medssl.io.summary import plain_words

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from napari_medssl._napari.presenters.activity import Activity
    from napari_medssl._napari.presenters.scene import Scene
    from napari_medssl.io.dicom import SeriesSummary
    from napari_medssl.volume import Volume


class ImageView(Protocol):
    """The top of the panel."""

    def show_image(self, name: str, words: Sequence[str], notices: Sequence[str]) -> None:
        """Show an image's name, what it is, and what was assumed about it."""

    def show_volumes(self, current: int, count: int) -> None:
        """Offer the volumes of a 4-D file; hidden when there is one."""

    def offer_reopen(self, offered: bool) -> None:
        """Offer to open again, with us, an image that another reader opened."""

    def choose_one(self, question: str, answers: Sequence[str]) -> int | None:
        """Let the user choose; None when the question is closed."""


class ImagePresenter:
    """Opens images and says what they are."""

    def __init__(self, view: ImageView, scene: Scene, activity: Activity) -> None:
        self._view = view
        self._scene = scene
        self._activity = activity

    def open(self, path: str | Path) -> None:
        """Open a file or a folder; a folder of several DICOM series is asked about first."""
        self.choose(path, self._add)

    def choose(self, path: str | Path, then: Callable[[Volume], None]) -> None:
        """Read a file, or one series of a folder, and hand it on."""
        path = Path(path)
        if not path.is_dir():
            self._read(path, None, then)
            return
        self._activity.run(
            f"Looking through '{path.name}'",
            lambda: io.list_series(path),
            lambda series: self._choose_series(path, series, then),
            topic="open",
        )

    def reopen(self) -> None:
        """Open again, with us, the image that another reader opened."""
        if self._scene.foreign_path:
            self.open(self._scene.foreign_path)

    def choose_volume(self, number: int) -> None:
        """Show another volume of a 4-D file, counted from 0."""
        volume = self._scene.volume
        if volume is None or volume.source.path is None or volume.source.volume == number:
            return
        path = volume.source.path
        self._activity.run(
            f"Reading volume {number + 1} of '{volume.source.name}'",
            lambda: io.read_volume(path, volume=number),
            self._scene.replace_image,
            topic="open",
        )

    def image_changed(self) -> None:
        """Say what the image in hand is."""
        volume = self._scene.volume
        self._activity.forget("describe")
        self._view.offer_reopen(volume is None and bool(self._scene.foreign_path))
        if volume is not None:
            self._describe(volume)
        elif self._scene.foreign_path:
            words = "Another reader opened this image, so its place in the patient is not known."
            self._view.show_image(Path(self._scene.foreign_path).name, [], [words])
            self._view.show_volumes(0, 1)
        else:
            self._view.show_image("No image", ["Open a file or a DICOM folder to begin."], [])
            self._view.show_volumes(0, 1)

    def _describe(self, volume: Volume) -> None:
        # the panel has a choice for volumes, counted from 1; the words for them are the command
        # line's, counted from 0
        notices = [n.text for n in volume.notices if n.code != "several-volumes"]
        self._view.show_image(volume.source.name, [], notices)
        self._activity.run(
            f"Looking at '{volume.source.name}'",
            lambda: [line for line in plain_words(volume) if not line.startswith("Volume ")],
            lambda words: self._view.show_image(volume.source.name, words, notices),
            topic="describe",
            asked=False,
        )
        self._view.show_volumes(volume.source.volume, volume.source.volumes)

    def _choose_series(
        self, path: Path, series: Sequence[SeriesSummary], then: Callable[[Volume], None]
    ) -> None:
        if len(series) < 2:
            self._read(path, None, then)
            return
        answers = [
            f"{s.description or 'no description'} ({s.modality}, {s.slices} slices)" for s in series
        ]
        chosen = self._view.choose_one("This folder holds several series. Which one?", answers)
        if chosen is not None:
            self._read(path, series[chosen].number, then)

    def _read(self, path: Path, series: int | None, then: Callable[[Volume], None]) -> None:
        self._activity.run(
            f"Reading '{path.name}'",
            lambda: io.read_volume(path, series=series),
            then,
            topic="open",
        )

    def _add(self, volume: Volume) -> None:
        self._scene.add_image(volume)
        self._activity.say("Choose Point or Box, then mark what you want to outline.")
