"""One job a device: the others wait, and begin in the order in which they came."""

from __future__ import annotations

import os
import secrets
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from napari_medssl.jobs.files import not_saved
from napari_medssl.jobs.lock import FileLock

if TYPE_CHECKING:
    from pathlib import Path

_NUMBER = ".waits"


class Turn:
    """The right to compute on a device, waited for by the very process that needs it.

    Who waits holds a lock on a file of its own, called by the time it came; who computes holds
    the lock of the device. The system frees the locks of a process that ended, so the dead are
    recognised, and nobody else has to be there when the next one's turn comes.

    Parameters
    ----------
    folder : Path
        Where all jobs of this user on this machine meet.
    device : str
        ``"cpu"``, ``"cuda:0"`` and so on.

    Raises
    ------
    SaveError
        If nothing can be written in the folder.
    """

    def __init__(self, folder: Path, device: str) -> None:
        self._folder = folder / device.replace(":", "-")
        self._device = FileLock(self._folder / "device")
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._place = self._queue_up()
        except OSError as error:
            raise not_saved(error, self._folder) from error
        self._path = self._place.path

    def come(self) -> bool:
        """Take the device if it is free and nobody came earlier; to be asked again and again."""
        if any(self._waits(path) for path in sorted(self._folder.glob(f"*{_NUMBER}"))):
            return False
        if not self._device.take():
            return False
        self._leave_queue()
        return True

    def give_back(self) -> None:
        """Let the next one begin, or stop waiting."""
        self._leave_queue()
        self._device.give_back()

    def _queue_up(self) -> FileLock:
        """Make a file that is locked from the moment others can see it."""
        name = f"{time.time_ns():020}-{secrets.token_hex(4)}"
        place = FileLock(self._folder / name)
        place.take()
        if os.name == "nt":  # an open file cannot be renamed there
            place.give_back()
        place.path = place.path.rename(place.path.with_name(name + _NUMBER))
        if os.name == "nt":
            place.take()
        return place

    def _waits(self, path: Path) -> bool:
        """Tell whether a living process came earlier; a dead one's file is taken away."""
        if path.name >= self._path.name:
            return False
        other = FileLock(path)
        try:
            if not other.take():
                return True
        except OSError:
            return False
        other.give_back()
        with suppress(OSError):
            path.unlink(missing_ok=True)
        return False

    def _leave_queue(self) -> None:
        self._place.give_back()
        with suppress(OSError):
            self._path.unlink(missing_ok=True)
