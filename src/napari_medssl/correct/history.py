"""What was done to one image, step by step: strokes, outlines, model results and prompts alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from napari_medssl.correct.hand import Trace

if TYPE_CHECKING:
    from collections.abc import Mapping

    from napari_medssl.correct.edit import Edit

#: in what is told of an outline: whether a network made it without being shown where
AUTOMATIC = "automatic"
#: steps that bring a whole mask from elsewhere
_FROM_ELSEWHERE = ("Replace mask", "Mask from a file", "Mask from a training set")


@dataclass(frozen=True, eq=False)
class Step:
    """One thing the user can take back.

    Parameters
    ----------
    words : str
        What was done, for the undo button and for messages: ``"Brush"``, ``"Keep outline"``.
    edit : Edit or None
        What it changed in the label map.
    prompts : (before, after) or None
        Prompts before and after it, whatever they are made of.
    outlines : tuple of mapping
        How the outlines that it put into the label map came about: what is told of them is told
        as long as the step is not taken back.
    """

    words: str
    edit: Edit | None = None
    prompts: tuple[Any, Any] | None = None
    outlines: tuple[Mapping[str, Any], ...] = ()

    @property
    def by_hand(self) -> bool:
        """Whether a person did it, and not a network by itself, nor a mask from elsewhere."""
        automatic = any(outline.get(AUTOMATIC) for outline in self.outlines)
        return not automatic and self.words not in _FROM_ELSEWHERE

    @property
    def nbytes(self) -> int:
        """Memory it takes, nearly."""
        return self.edit.nbytes if self.edit is not None else 0


class History:
    """The steps that can be taken back and made again, across all slices of one image.

    The label map itself belongs to the caller, who applies or reverts what `undo` and `redo`
    return.

    Parameters
    ----------
    done, undone : sequence of Step
        Steps to begin with, oldest first; of a project that is opened again.
    least : int
        So many steps are always kept.
    most_bytes : int
        Beyond ``least``, the oldest steps go when all take more memory than this.
    """

    def __init__(
        self,
        done: tuple[Step, ...] = (),
        undone: tuple[Step, ...] = (),
        *,
        least: int = 100,
        most_bytes: int = 256 << 20,
    ) -> None:
        self._done = list(done)
        self._undone = list(undone)
        self._least = least
        self._most_bytes = most_bytes
        self._forgotten: list[Trace] = []
        self._bytes = sum(step.nbytes for step in done)  # kept up to date: summing is slow

    @property
    def done(self) -> tuple[Step, ...]:
        """Steps that can be taken back, oldest first."""
        return tuple(self._done)

    @property
    def undone(self) -> tuple[Step, ...]:
        """Steps that can be made again; the last one is next."""
        return tuple(self._undone)

    @property
    def forgotten(self) -> tuple[Trace, ...]:
        """What is left of steps that were done here and cannot be taken back any more."""
        return tuple(self._forgotten)

    def push(self, step: Step) -> None:
        """Add what was just done; what had been taken back cannot be made again then."""
        self._done.append(step)
        self._bytes += step.nbytes
        self._undone.clear()
        self._forget_oldest()

    def undo(self) -> Step | None:
        """Take back the last step: the caller reverts its edit; None when there is none."""
        if not self._done:
            return None
        step = self._done.pop()
        self._bytes -= step.nbytes
        self._undone.append(step)
        return step

    def redo(self) -> Step | None:
        """Make the step last taken back again: the caller applies its edit."""
        if not self._undone:
            return None
        step = self._undone.pop()
        self._bytes += step.nbytes
        self._done.append(step)
        return step

    def _forget_oldest(self) -> None:
        while len(self._done) > self._least and self._bytes > self._most_bytes:
            step = self._done.pop(0)
            self._bytes -= step.nbytes
            if step.edit is not None:
                self._forgotten.append(Trace.of(step.edit, by_hand=step.by_hand))
