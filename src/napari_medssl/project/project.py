"""A project: a folder with one SQLite file, in which the work on many images is safe."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_medssl.errors import MedSSLError, SaveError
from napari_medssl.project import cases, intake, label_states, marks, recovery, state, steps
from napari_medssl.project.check import problems_of
from napari_medssl.project.purge import purge_case

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from types import TracebackType

    from numpy.typing import NDArray

    from napari_medssl.correct import Step
    from napari_medssl.correct.journal import Change
    from napari_medssl.io import LabelInfo
    from napari_medssl.project.cases import Case
    from napari_medssl.project.intake import AddReport
    from napari_medssl.project.label_states import LabelState
    from napari_medssl.project.lease import Lease
    from napari_medssl.project.recovery import Unfinished
    from napari_medssl.project.state import CaseState
    from napari_medssl.project.store import Store
    from napari_medssl.volume import Volume


class Project:
    """Cases, their masks and every step to them; made by `create_project` or `open_project`.

    Any thread may call it. Each change is on the disk when its call returns. Images are opened
    read-only and never written. Close it, or use it as a context manager: work of a window that
    ends without closing is kept too, but asked about the next time.

    Parameters
    ----------
    store : Store
        The project's file.
    lease : Lease or None
        The right to write; None where the project may only be looked at.
    """

    def __init__(self, store: Store, lease: Lease | None) -> None:
        self._store = store
        self._lease = lease
        self._looked_at = False
        self._session = 0
        self._unfinished: Unfinished | None = None
        if lease is not None:
            self._session = recovery.begin_session(store)
            self._unfinished = recovery.unfinished_before(store, self._session)

    @property
    def store(self) -> Store:
        """The project's file, for the other modules of this package."""
        return self._store

    @property
    def folder(self) -> Path:
        """Where the project is."""
        return self._store.file.parent

    @property
    def name(self) -> str:
        """Name for people."""
        return str(self._setting("name") or self.folder.name)

    @property
    def read_only(self) -> bool:
        """Whether it may only be looked at."""
        return self._store.refusal is not None

    @property
    def why_read_only(self) -> str:
        """Why it may only be looked at, in a sentence; empty where it may be changed."""
        return str(self._store.refusal or "")

    @property
    def unfinished(self) -> Unfinished | None:
        """What a window left that ended without closing the project; None when all is well."""
        return self._unfinished

    @property
    def last_case(self) -> str | None:
        """The case that was opened last."""
        return self._setting("last_case")

    def cases(self) -> tuple[Case, ...]:
        """Return all cases in the order in which they were added."""
        return cases.read_cases(self._store)

    def case(self, case_id: str) -> Case:
        """Return one case; `UsageError` if there is none, as in every method that takes one."""
        return cases.read_case(self._store, case_id)

    def add(
        self,
        path: str | Path,
        *,
        volume: int = 0,
        series: int | None = None,
        progress: Callable[[int, int], None] | None = None,
    ) -> AddReport:
        """Add an image, or every image and DICOM series below a folder.

        Parameters
        ----------
        path : str or Path
            A file or a folder.
        volume : int
            Which 3-D volume of each 4-D image, from 0.
        series : int, optional
            Only this series of a folder, by its number in `io.list_series`.
        progress : callable, optional
            Is told after each image how many were looked at, of how many.

        Raises
        ------
        UnreadableFileError
            If there is nothing at the path. What is wrong with one image is in the report.
        """
        return intake.add_images(
            self._store, Path(path), volume=volume, series=series, progress=progress
        )

    def read_image(self, case_id: str) -> Volume:
        """Open a case's image, and make sure that it is the one that was added.

        Raises
        ------
        MissingImageError, ChangedImageError
            If it is not where it was, or another image is there now.
        """
        return intake.read_image(self._store, case_id)

    def relocate(self, case_id: str, path: str | Path) -> None:
        """Take a new place for a case's image: the image itself, or a folder above it.

        Raises
        ------
        MissingImageError, ChangedImageError
            If there is nothing at the path, or no image there is the very one that was added.
        """
        intake.relocate(self._store, case_id, Path(path))

    def set_status(self, case_id: str, status: str, note: str | None = None) -> None:
        """Set a case's status and, unless None, the note on it."""
        cases.set_status(self._store, case_id, status, note)

    def labels(self) -> tuple[LabelState, ...]:
        """Return the label table, sorted by value."""
        return label_states.read_labels(self._store)

    def set_labels(self, labels: Iterable[LabelState | LabelInfo]) -> None:
        """Replace the label table."""
        label_states.write_labels(self._store, labels)

    def load(self, case_id: str) -> CaseState:
        """Open a case as it was left; it becomes the last one, and a crashed session is settled.

        A case with many steps since its last snapshot gets a new one, so that it opens quickly
        the next time.

        Raises
        ------
        UnreadableFileError
            If a step is damaged.
        """
        loaded, top, slow = state.load_state(self._store, case_id)
        if self.read_only:
            return loaded
        self._looked_at = True
        with suppress(SaveError):  # a full disk is no reason not to show the case
            marks.note_opened(self._store, case_id)
            if slow:
                state.keep_snapshot(self._store, top, loaded.labels)
        return loaded

    def read_state(self, case_id: str) -> CaseState:
        """Return the same as `load`, for an export or a comparison: nothing is noted."""
        return state.load_state(self._store, case_id)[0]

    def hand_edited(self, case_id: str, steps: int | None = None) -> NDArray[Any]:
        """Tell which voxels (z, y, x) a person changed last, in all steps or the first so many."""
        return state.hand_edited(self._store, case_id, steps)

    def corrected(self, case_id: str) -> NDArray[Any]:
        """Tell which voxels (z, y, x) a person set right after a model had drawn."""
        return state.corrected(self._store, case_id)

    def record(self, case_id: str, change: Change, step: Step) -> None:
        """Keep one step, undo or redo; when this returns it is on the disk.

        Parameters
        ----------
        case_id : str
            The case.
        change : {"do", "undo", "redo"}
            What happened.
        step : Step
            What was done, taken back, or made again.

        Raises
        ------
        SaveError, ReadOnlyError
            If it could not, or may not, be written; what was saved before is as it was.
        ProjectError, GeometryError
            If it is not the step that the project holds, or does not fit the image.
        """
        steps.record(self._store, self._number(case_id), self._session, change, step)

    def replace_mask(
        self, case_id: str, mask: NDArray[Any], words: str, outlines: tuple[Any, ...] = ()
    ) -> None:
        """Make a whole label map the case's, in one step that can be undone.

        Parameters
        ----------
        case_id : str
            The case.
        mask : (z, y, x) unsigned or boolean array
            The new label map.
        words : str
            What the step is called: ``"Mask from a file"``.
        outlines : tuple of mapping
            How outlines in it came about.

        Raises
        ------
        GeometryError, UsageError
            If it is not of the image's shape, or does not hold labels.
        """
        session = self._session
        state.replace_labels(self._store, case_id, session, mask, words, outlines=outlines)

    def mark_done(self, case_id: str, axis: int, index: int, done: bool) -> None:
        """Call a slice finished, or not.

        Raises
        ------
        UsageError
            If there is no such slice.
        """
        marks.mark_done(self._store, case_id, axis, index, done=done)

    def save_view(self, case_id: str, view: Mapping[str, Any]) -> None:
        """Keep how the case is looked at: window, plane, slice, what is visible."""
        marks.save_view(self._store, case_id, view)

    def rewind(self, case_id: str) -> None:
        """Put a case back to where it was when the unfinished window opened the project.

        Without one, to where it was when this one did. It is one more step: undo brings all back.
        """
        recovery.rewind(self._store, case_id, self._session)
        self._looked_at = True

    def purge(self, case_id: str) -> None:
        """Remove a case with everything drawn on it from the project's file, beyond recovery.

        Its image and exported masks are left where they are.

        Raises
        ------
        ProjectError
            If another window keeps the last traces from being overwritten.
        """
        purge_case(self._store, case_id)
        self.keep_alive()

    def find_problems(self) -> tuple[str, ...]:
        """Read everything in the project's file and look for the images; a sentence a problem."""
        return tuple(problems_of(self._store))

    def keep_alive(self) -> None:
        """Say that this window still lives; on a network share, call it every minute or so."""
        if self._lease is not None:
            self._lease.keep_alive()

    def close(self) -> None:
        """End the session and let another window write."""
        if self._lease is not None:
            with suppress(MedSSLError):  # everything is saved; the next window sees that we ended
                recovery.settle(self._store, self._session, earlier=self._looked_at)
                self._lease.release()
        self._lease = None
        self._store.close()

    def __enter__(self) -> Project:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        where: TracebackType | None,
    ) -> None:
        self.close()

    def _number(self, case_id: str) -> int:
        return cases.require_case(self._store, case_id)

    def _setting(self, key: str) -> str | None:
        found: str | None = self._store.one("SELECT value FROM setting WHERE key = ?", key)
        return found
