"""A packed job where it is computed: unpacked, worked on, and told of in what is printed."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

from napari_medssl.jobs.engine import OUR_COMMAND
from napari_medssl.jobs.events import EVENTS, read_events, whole_lines
from napari_medssl.jobs.files import not_saved
from napari_medssl.jobs.homeward import event_line, file_lines, is_end
from napari_medssl.jobs.job import LOG, STOP
from napari_medssl.jobs.parcel import unpacked
from napari_medssl.jobs.spec import SPEC, read_spec, write_spec
from napari_medssl.jobs.store import jobs_folder

if TYPE_CHECKING:
    from pathlib import Path

    from napari_medssl.jobs.events import Event

_LOOK_EVERY_S = 0.3


def receive(parcel: Path, command: tuple[str, ...] = OUR_COMMAND) -> bool:
    """Work on a job whose parcel lies unpacked in a folder; whether it ended well.

    The job is kept in the folder of this user's jobs until it is done, so that one that was
    stopped goes on where it was if it comes again; then images and all are taken away.

    Raises
    ------
    UnreadableFileError
        If it is no parcel.
    SaveError
        If the disk is full.
    """
    place = _settled(parcel)
    (place / STOP).unlink(missing_ok=True)
    teller = _Teller(place)
    signal.signal(signal.SIGTERM, lambda *_: (place / STOP).touch())
    work = subprocess.Popen([*command, "--sent", str(place)])  # noqa: S603 - our own command
    while work.poll() is None:
        teller.tell()
        time.sleep(_LOOK_EVERY_S)
    teller.tell()
    if teller.end is not None:
        for path in sorted((place / "artifacts").iterdir()):
            if path.is_file() and not path.name.startswith("."):
                for line in file_lines(path):
                    print(line)
        print(event_line(teller.end), flush=True)
        if teller.end.facts.get("state") == "done":
            shutil.rmtree(place, ignore_errors=True)
    return work.returncode == 0


def _settled(parcel: Path) -> Path:
    """Move a job where it may stay; what is there of an earlier time stays."""
    place = jobs_folder().with_name("received") / read_spec(parcel).id
    if (place / SPEC).exists():
        return place
    try:
        shutil.rmtree(place, ignore_errors=True)
        shutil.copytree(parcel, place, ignore=shutil.ignore_patterns(SPEC))
        (place / "artifacts").mkdir(exist_ok=True)
        write_spec(unpacked(parcel, at=place), place)
    except OSError as error:
        raise not_saved(error, place) from error
    return place


class _Teller:
    """Prints what a job tells, but for its end, and what it prints into its log."""

    def __init__(self, place: Path) -> None:
        self._events, self._log = place / EVENTS, place / LOG
        self._at = whole_lines(self._events) if self._events.exists() else 0
        self._log_at = whole_lines(self._log) if self._log.exists() else 0
        self.end: Event | None = None

    def tell(self) -> None:
        """Print what is new."""
        events, self._at = read_events(self._events, self._at)
        for event in events:
            if is_end(event):
                self.end = event
            else:
                print(event_line(event))
        with_log = self._log.read_bytes()[self._log_at :] if self._log.exists() else b""
        whole = with_log[: with_log.rfind(b"\n") + 1]
        self._log_at += len(whole)
        sys.stdout.write(whole.decode("utf-8", "replace"))
        sys.stdout.flush()
