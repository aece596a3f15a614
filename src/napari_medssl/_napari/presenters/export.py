"""Export: one mask or a whole project, in the background, with a word on each that was refused."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from napari_medssl._napari.presenters.export_kinds import ExportKind
from napari_medssl.errors import MedSSLError
from napari_medssl.log import record_unforeseen
from napari_medssl.project.export_folder import read_log

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from napari_medssl._napari.presenters.activity import Work
    from napari_medssl._napari.presenters.export_kinds import ExportSource, FolderKind, Piece
    from napari_medssl.io.dicom.deidentify import Deidentifier

_BURNT_IN = (
    "A picture among these may show a name or other text burnt into its pixels. Nothing here "
    "takes that out: look at every picture before you pass it on."
)


@dataclass(frozen=True)
class Outcome:
    """What came of an export.

    Parameters
    ----------
    written : int
        How many masks were written.
    refused : tuple of str
        A sentence for each that was not.
    stopped : bool
        Whether the user stopped it.
    """

    written: int
    refused: tuple[str, ...] = ()
    stopped: bool = False

    def __str__(self) -> str:
        if self.refused and not self.written:
            return "Nothing was written."
        words = "1 file written" if self.written == 1 else f"{self.written} files written"
        words += f", {len(self.refused)} refused" if self.refused else ""
        return f"{words}, then stopped." if self.stopped else f"{words}."


class ExportView(Protocol):
    """The window of the export."""

    def show_sources(self, titles: Sequence[str]) -> None:
        """Offer what can be exported."""

    def show_kinds(self, kinds: Sequence[ExportKind | FolderKind]) -> None:
        """Offer the ways to write it."""

    def show_options(self, *, names: bool, warning: str) -> None:
        """Offer to take out names and dates or not; warn of what cannot be taken out."""

    def ask_file(self, suggested: str) -> str:
        """Ask for a file to write; empty when the question is closed."""

    def ask_folder(self) -> str:
        """Ask for a folder to write into; empty when the question is closed."""

    def ask_replace(self, count: int) -> bool:
        """Ask whether so many files, or earlier exports, that are there may be replaced."""

    def show_progress(self, done: int, total: int) -> None:
        """Show how far it is; a total of 0 is not known yet."""

    def show_end(self, outcome: Outcome, folder: Path) -> None:
        """Say what came of it, and offer to open the folder."""

    def show_failure(self, words: str) -> None:
        """Say why nothing could be written."""


class StoppedError(MedSSLError):
    """The user has stopped an export; nothing half-written is left."""


class ExportPresenter:
    """Writes what was chosen, one piece after the other.

    Parameters
    ----------
    view : ExportView
        The window.
    work : Work
        The thread that writes.
    sources : sequence of ExportSource
        What can be exported; at least one.
    """

    def __init__(self, view: ExportView, work: Work, sources: Sequence[ExportSource]) -> None:
        self._view = view
        self._work = work
        self._sources = tuple(sources)
        self._source = self._sources[0]
        self._kind = self._source.kinds[0]
        self._deidentify = False
        self._stop = threading.Event()

    def start(self) -> None:
        """Offer what can be exported."""
        self._view.show_sources([source.title for source in self._sources])
        self.choose_source(0)

    def choose_source(self, number: int) -> None:
        """Export this."""
        self._source = self._sources[number]
        self._view.show_kinds(self._source.kinds)
        self.choose_kind(0)

    def choose_kind(self, number: int) -> None:
        """Write it in this way."""
        self._kind = kind = self._source.kinds[number]
        warning = _BURNT_IN if kind.shows_pixels and self._source.burnt_in else ""
        self._view.show_options(names=kind.takes_out_names, warning=warning)

    def take_out_names(self, wanted: bool) -> None:
        """Whether names and dates are taken out, where they can be."""
        self._deidentify = wanted

    def stop(self) -> None:
        """End after the mask that is being written; a film ends at once."""
        self._stop.set()

    def export(self) -> None:
        """Ask where to, and write."""
        kind, pieces = self._kind, self._source.pieces
        names = self._deidentify and kind.takes_out_names
        if isinstance(kind, ExportKind):
            targets = self._ask_targets(kind, pieces, names)
            if targets:
                self._run(lambda: self._write(kind, pieces, targets, names), targets[0].parent)
        elif folder := self._view.ask_folder():
            self._export_whole(kind, Path(folder), names=names)

    def _ask_targets(self, kind: ExportKind, pieces: Sequence[Piece], names: bool) -> list[Path]:
        """Ask for one file, or for a folder that takes a file a piece; empty: not now."""
        called = [piece.anonymous if names else piece.name for piece in pieces]
        if len(pieces) == 1:
            chosen = self._view.ask_file(f"{called[0]}{kind.ending}")
            return [Path(chosen)] if chosen else []
        folder = self._view.ask_folder()
        if not folder:
            return []
        targets = [Path(folder) / f"{name}{kind.ending}" for name in _distinct(called)]
        there = sum(target.exists() for target in targets)
        return targets if not there or self._view.ask_replace(there) else []

    def _run(self, write: Callable[[], Outcome], folder: Path) -> None:
        self._stop.clear()
        self._view.show_progress(0, 0)
        self._work.run(write, lambda outcome: self._view.show_end(outcome, folder), self._fail)

    def _write(
        self, kind: ExportKind, pieces: Sequence[Piece], targets: Sequence[Path], names: bool
    ) -> Outcome:
        """Write each piece; what one refuses does not keep the others from being written."""
        written = 0
        refused: list[str] = []
        remover = _remover(names)  # one for all: a patient stays one patient
        progress = self._tell if len(pieces) == 1 else self._check
        for number, (piece, target) in enumerate(zip(pieces, targets, strict=True)):
            try:
                if len(pieces) > 1:
                    self._tell(number, len(pieces))
                kind.write(piece.load(), target, remover, progress)
                written += 1
            except StoppedError:
                return Outcome(written, tuple(refused), stopped=True)
            except MedSSLError as error:
                refused.append(f"'{piece.name}': {error}")
        return Outcome(written, tuple(refused))

    def _export_whole(self, kind: FolderKind, folder: Path, *, names: bool) -> None:
        earlier = sum(read_log(place) is not None for place in (folder, *folder.glob("*/")))
        replace = bool(earlier)
        if replace and not self._view.ask_replace(earlier):
            return

        def write() -> Outcome:
            try:
                return Outcome(*kind.write(folder, _remover(names), replace, self._tell))
            except StoppedError:
                return Outcome(0, stopped=True)

        self._run(write, folder)

    def _tell(self, done: int, total: int) -> None:
        """Show how far it is; called by the thread that writes."""
        self._check()
        self._work.tell(lambda: self._view.show_progress(done, total))

    def _check(self, done: int = 0, total: int = 0) -> None:
        if self._stop.is_set():
            raise StoppedError("the export was stopped")

    def _fail(self, error: Exception) -> None:
        ours = isinstance(error, MedSSLError)
        if not ours:
            record_unforeseen(error)
        self._view.show_failure(
            str(error) if ours else f"This did not work ({type(error).__name__})."
        )


def _remover(wanted: bool) -> Deidentifier | None:
    if not wanted:
        return None
    from napari_medssl.io.dicom.deidentify import Deidentifier

    return Deidentifier.fresh()


def _distinct(names: Sequence[str]) -> list[str]:
    """Tell pieces of one name apart: two cases may be called alike, and disks ignore capitals."""
    told: dict[str, str] = {}
    for name in names:
        different, number = name, 1
        while different.casefold() in told:
            number += 1
            different = f"{name}_{number}"
        told[different.casefold()] = different
    return list(told.values())
