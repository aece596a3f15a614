"""What the project's presenters ask of the canvas: one case, shown and taken away again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from napari_medssl._napari.presenters.mask.document import Document
    from napari_medssl.volume import Volume


@dataclass(frozen=True, eq=False)
class OpenCase:
    """One case, ready to be shown.

    Parameters
    ----------
    id, name : str
        What the project, and what people call it.
    volume : Volume
        Its image.
    labels : (z, y, x) unsigned array
        Its mask; from here on the canvas owns it.
    document : Document
        What belongs to the mask.
    view : mapping
        How it was looked at last, as `CaseCanvas.view` told; empty the first time.
    editable : bool
        Whether the mask may be painted on.
    proposal : bool
        Whether a model's proposal waits for it.
    """

    id: str
    name: str
    volume: Volume
    labels: NDArray[Any]
    document: Document
    view: Mapping[str, Any]
    editable: bool = True
    proposal: bool = False


class CaseCanvas(Protocol):
    """The canvas, as far as cases are concerned."""

    def show(self, case: OpenCase) -> None:
        """Show a case as it was left, in place of the one before."""

    def clear(self) -> None:
        """Take the case off the canvas and forget its voxels."""

    def busy(self) -> str:
        """Tell, in a sentence, what is still being done to the mask, or to one just taken away.

        Empty when nothing is.
        """

    def view(self) -> dict[str, Any]:
        """Tell how the case is looked at: plain values for a JSON file."""
