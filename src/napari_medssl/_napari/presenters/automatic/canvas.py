"""What the presenters of automatic segmentation ask of the canvas, and of the open project."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from napari_medssl._napari.presenters.scene import MaskScene

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from napari_medssl._napari.presenters.mask.document import LabelRow
    from napari_medssl.io.label_table import Colour
    from napari_medssl.project import Case, Project
    from napari_medssl.volume import Volume


class AutomaticCanvas(MaskScene, Protocol):
    """The image in hand, its mask, and what is proposed for it."""

    @property
    def volume(self) -> Volume | None:
        """The image in hand, if it is one of ours."""

    @property
    def case(self) -> str | None:
        """The id of the case that it is, in the project of the same window."""

    def show_labels(self, labels: Sequence[LabelRow]) -> None:
        """Colour the mask by these labels."""

    def show_proposal(self, labels: NDArray[Any], colours: Mapping[int, Colour]) -> None:
        """Lay a proposal over image and mask."""

    def show_difference(self, codes: NDArray[np.uint8]) -> None:
        """Lay over them what accepting it would change: `correct.merge.Difference.codes`."""

    def hide_proposal(self) -> None:
        """Show image and mask alone."""

    def show_uncertainty(self, percent: NDArray[np.uint8] | None) -> None:
        """Lay a heat map over everything; None takes it away."""


@dataclass(frozen=True, eq=False)
class OpenProject:
    """The project that is open in the same window.

    Parameters
    ----------
    project : Project
        Any thread may call it.
    cases : tuple of Case
        As they were read last.
    write : callable
        Does something in the thread that writes, after every change that was made before.
    """

    project: Project
    cases: tuple[Case, ...]
    write: Callable[[Callable[[], None]], None]


#: returns what is open now, on the window's thread
Door = Callable[[], "OpenProject | None"]
