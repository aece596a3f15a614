"""Cases of which only slices are done, none of them beyond the ends of what is drawn.

What nobody looked at teaches nothing. So a network that saw an organ's middle slices alone does not
learn where it ends, and may find it all over the rest of the image.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari_medssl.errors import MedSSLError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from numpy.typing import NDArray

    from napari_medssl.project.cases import Case
    from napari_medssl.project.project import Project


def open_ended(labels: NDArray[Any], done: Collection[tuple[int, int]]) -> bool:
    """Tell whether nobody looked beyond an end of what is drawn on finished slices.

    Parameters
    ----------
    labels : (z, y, x) array
        What is drawn.
    done : collection of (axis, index)
        The finished slices, one at least.
    """
    along: dict[int, list[int]] = {}
    for axis, index in done:
        along.setdefault(axis, []).append(index)
    return not any(_has_ends(labels, axis, indices) for axis, indices in along.items())


def _has_ends(labels: NDArray[Any], axis: int, indices: list[int]) -> bool:
    """Whether the outermost of some slices are empty, or the image's own."""
    edges = (0, labels.shape[axis] - 1)
    outermost = (min(indices), max(indices))
    return all(index in edges or not labels.take(index, axis).any() for index in outermost)


class OpenEnds:
    """Counts such cases, and remembers what it read; for one thread."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, int, int], bool] = {}

    def count(self, project: Project, cases: Iterable[Case]) -> int:
        """Return how many of a project's cases are open-ended; one done as a whole is not."""
        sliced = [case for case in cases if case.status != "done" and case.done_slices]
        return sum(self._is_open(project, case) for case in sliced)

    def _is_open(self, project: Project, case: Case) -> bool:
        key = (f"{project.folder}/{case.id}", case.steps, case.done_slices)
        if key not in self._known:
            try:
                state = project.read_state(case.id)
            except MedSSLError:  # told where it is to be learned from
                return False
            self._known[key] = open_ended(state.labels, state.done)
        return self._known[key]


def open_ends_words(count: int) -> str:
    """Say what to do about such cases; empty where there is none."""
    if not count:
        return ""
    some = "one case" if count == 1 else f"{count} cases"
    return (
        f"Of {some} no slice beyond the ends of what is drawn is done: where it ends is not "
        "learned, and far too much may be found there. Mark an empty slice before and after it as "
        "done, too."
    )
