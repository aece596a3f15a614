"""What is asked of an automatic run, and what it gives; no torch in here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from napari_medssl.volume import Notice


@dataclass(frozen=True)
class RunOptions:
    """How a network is run.

    Parameters
    ----------
    overlap : float
        Part of a window that it shares with the next, 0 to below 1.
    patch : tuple of int, optional
        Sides of a window, as many as the network has dimensions; what it was trained on when None.
    batch : int, optional
        Windows that are seen at once; chosen by what fits when None.
    half : bool, optional
        Whether to compute in 16 bits; when None, on CUDA GPUs.
    flips : bool
        Whether to look at each window mirrored left to right too, and take the mean.
    keep_largest : tuple of int or "all"
        Label values of which only the largest connected component is kept.
    min_mm3 : float
        Components of fewer cubic millimetres are removed.
    probability, uncertainty : bool
        Whether to return these too.
    skip_air : bool
        Whether windows of one value throughout are computed only once; the answer is the same.
    """

    overlap: float = 0.5
    patch: tuple[int, ...] | None = None
    batch: int | None = None
    half: bool | None = None
    flips: bool = False
    keep_largest: tuple[int, ...] | Literal["all"] = ()
    min_mm3: float = 0
    probability: bool = False
    uncertainty: bool = False
    skip_air: bool = True


@dataclass(frozen=True, eq=False)
class AutomaticResult:
    """What a network found in a volume.

    Parameters
    ----------
    labels : (z, y, x) array
        Label values of the card's classes on the volume's own grid, in the smallest unsigned type.
    probability : (classes, z, y, x) float16 array, optional
        Of each class, the background first.
    uncertainty : (z, y, x) float16 array, optional
        Entropy of the probabilities as a part of the most there can be: 0 sure, 1 no idea.
    notices : tuple of Notice
        What was done differently than asked, or is worth knowing.
    seconds : float
        How long it took, preparation and all.
    windows : int
        How many windows the image was seen in.
    patch : tuple of int
        Sides of these windows.
    """

    labels: NDArray[Any]
    probability: NDArray[np.float16] | None
    uncertainty: NDArray[np.float16] | None
    notices: tuple[Notice, ...]
    seconds: float
    windows: int
    patch: tuple[int, ...]
