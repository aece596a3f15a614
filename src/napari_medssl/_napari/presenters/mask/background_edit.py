"""One change of a mask that is worked out in the background and becomes one step."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_medssl._napari.presenters.mask.recorded_mask import RecordedMask
    from napari_medssl.correct import Edit


class BackgroundEdit:
    """Works in any thread, and is settled once on the window's thread.

    Voxels and document stay in step even if the panel closes in between: either the voxels are
    not written any more, or `settle` still adds the step.

    Parameters
    ----------
    mask : RecordedMask
        What changes.
    compute : callable
        Returns the edit, or None for nothing to change; may be slow.
    write : callable
        Puts the edit into the voxels.
    commit : callable
        Tells the document what was written, on the window's thread; None where nothing was.
    """

    def __init__(
        self,
        mask: RecordedMask,
        compute: Callable[[], Edit | None],
        write: Callable[[Edit], None],
        commit: Callable[[Edit | None], None],
    ) -> None:
        self._mask = mask
        self._compute, self._write, self._commit = compute, write, commit
        self._lock = threading.Lock()
        self._worked = self._settled = False
        self.edit: Edit | None = None
        self.error: Exception | None = None

    def work(self) -> None:
        """Work it out and write it, unless it was settled before."""
        try:
            edit = self._compute()
            with self._lock:
                if self._settled:
                    return
                if edit is not None:
                    self._write(edit)
                self.edit, self._worked = edit, True
        except Exception as error:  # noqa: BLE001 - said by whoever settles
            self.error = error

    def settle(self) -> None:
        """Add the step of what was written, once, and give the mask back."""
        with self._lock:
            if self._settled:
                return
            self._settled = True
        if self._worked:
            self._commit(self.edit)
        self._mask.give_back()
