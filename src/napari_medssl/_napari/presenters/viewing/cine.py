"""Cine: the frames of an ultrasound, or the volumes of a 4-D scan, one after another."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Protocol

from napari_medssl import io
from napari_medssl.io.gate import check_memory

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from napari_medssl._napari.presenters.activity import Activity
    from napari_medssl._napari.presenters.scene import Scene
    from napari_medssl.volume import Volume

_USUAL_RATE = {"time": 15.0, "space": 5.0}  # frames a second where the file tells none
_RATES = (0.5, 60.0)
_LEAST_MS = 5  # for the window to do what else there is


class Reel(Protocol):
    """The image in hand as a film."""

    @property
    def frame(self) -> int:
        """The frame of a cine that is on the screen."""

    def turn_to(self, frame: int) -> None:
        """Turn to a frame of a cine."""

    def show_values(self, volume: Volume) -> None:
        """Show another volume of a 4-D scan for a moment: nobody is told."""

    def answer_space(self, pressed: Callable[[], None] | None) -> None:
        """Do this when Space is pressed on the image; None leaves the key to napari."""


class CineView(Protocol):
    """The row that plays."""

    def offer_cine(self, frames: int, rate: float) -> None:
        """Offer to play so many frames, so many a second; hidden when there is but one."""

    def show_playing(self, *, playing: bool) -> None:
        """Show whether it plays."""


class CinePresenter:
    """Plays in the time of the file: frames that cannot be drawn in time are left out.

    The volumes of a 4-D scan are read once, into memory; a mask over them stays where it is, that
    of an ultrasound has slices of its own and follows.
    """

    def __init__(
        self,
        view: CineView,
        scene: Scene,
        activity: Activity,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._view = view
        self._scene = scene
        self._activity = activity
        self._clock = clock
        self._rate = _USUAL_RATE["time"]
        self._bounce = False
        self._volumes: Sequence[Volume] = ()
        self._file: Path | None = None
        self._playing = False
        self._first, self._since, self._shown = 0, 0.0, 0

    def image_changed(self) -> None:
        """Offer to play the image in hand, if it moves."""
        volume = self._scene.volume
        self.stop(settle=False)
        self._activity.forget("cine")
        file = volume.source.path if volume is not None else None
        if file is None or file != self._file:  # else it is another volume of the same 4-D scan
            self._volumes, self._file, self._rate = (), file, _rate_of(volume)
        frames = frames_of(volume)
        self._view.offer_cine(frames, self._rate)
        self._scene.reel.answer_space(self.play if frames > 1 else None)

    def play(self) -> None:
        """Play, or stop where it is."""
        volume = self._scene.volume
        if self._playing:
            self.stop()
        elif volume is not None and frames_of(volume) > 1:
            if volume.stack == "space" and not self._volumes:
                self._read(volume)
            else:
                self._start(volume)

    def choose_rate(self, rate: float) -> None:
        """Play so many frames a second."""
        self._rate = min(max(rate, _RATES[0]), _RATES[1])
        self._first, self._since = self._shown, self._clock()

    def choose_bounce(self, bounce: bool) -> None:
        """Play back and forth, or begin again at the end."""
        self._bounce = bounce
        self._first, self._since = self._shown, self._clock()

    def stop(self, *, settle: bool = True) -> None:
        """Stop at the frame on the screen."""
        if not self._playing:
            return
        self._playing = False
        self._view.show_playing(playing=False)
        if settle and self._volumes:
            self._scene.replace_image(self._volumes[self._shown])

    def _read(self, volume: Volume) -> None:
        path, count = volume.source.path, volume.source.volumes
        if path is None:
            return

        def read() -> list[Volume]:
            check_memory(volume.source.name, count * volume.array.nbytes)
            return [io.read_volume(path, volume=number) for number in range(count)]

        def play(volumes: list[Volume]) -> None:
            self._volumes = volumes
            self._start(volume)

        self._activity.run(
            f"Reading all {count} volumes of '{volume.source.name}'", read, play, topic="cine"
        )

    def _start(self, volume: Volume) -> None:
        self._scene.use_tool("look")  # nothing is drawn or marked on what moves
        in_time = volume.stack == "time"
        self._first = self._shown = self._scene.reel.frame if in_time else volume.source.volume
        self._playing, self._since = True, self._clock()
        self._view.show_playing(playing=True)
        self._tick()

    def _tick(self) -> None:
        volume = self._scene.volume
        if not self._playing or volume is None:
            return
        gone = (self._clock() - self._since) * self._rate
        frame = frame_after(self._first, int(gone), frames_of(volume), bounce=self._bounce)
        if frame != self._shown:
            self._shown = frame
            if volume.stack == "time":
                self._scene.reel.turn_to(frame)
            else:
                self._scene.reel.show_values(self._volumes[frame])
        left = (int(gone) + 1 - (self._clock() - self._since) * self._rate) / self._rate
        self._activity.later("cine", max(_LEAST_MS, round(left * 1000)), self._tick)


def frames_of(volume: Volume | None) -> int:
    """Return how many frames or volumes there are to play; 1 when it does not move."""
    if volume is None:
        return 1
    axis = volume.frame_axis
    return volume.source.volumes if axis is None else volume.geometry.shape[axis]


def frame_after(first: int, steps: int, frames: int, *, bounce: bool) -> int:
    """Return the frame so many steps after the first: around again, or back and forth.

    Examples
    --------
    >>> [frame_after(1, n, 4, bounce=True) for n in range(6)]
    [1, 2, 3, 2, 1, 0]
    """
    if frames < 2:
        return 0
    if not bounce:
        return (first + steps) % frames
    there_and_back = 2 * (frames - 1)
    at = (first + steps) % there_and_back
    return min(at, there_and_back - at)


def _rate_of(volume: Volume | None) -> float:
    if volume is None:
        return _USUAL_RATE["time"]
    rate = 1000 / volume.frame_ms if volume.frame_ms else _USUAL_RATE[volume.stack]
    return min(max(rate, _RATES[0]), _RATES[1])
