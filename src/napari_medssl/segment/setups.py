"""Which window, and how many at once: what fits the free memory, and what to try next."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_medssl.segment.memory import (
    free_bytes,
    smaller_windows,
    window_bytes,
    windows_together,
)
from napari_medssl.segment.windows import Windows
from napari_medssl.volume import Notice

if TYPE_CHECKING:
    from collections.abc import Iterator

    from napari_medssl.models.trained import TrainedCard
    from napari_medssl.segment.predictor import Predictor
    from napari_medssl.segment.run import RunOptions

Sides = tuple[int, ...]

_FLOAT = 4


@dataclass(frozen=True)
class Setup:
    """One way to run.

    Parameters
    ----------
    patch : tuple of int
        Sides of a window as the network sees it.
    window : tuple of int
        The same in the volume: of a 2-D network one voxel deep.
    batch : int
        Windows at once.
    store : str
        Device on which logits are summed up.
    notices : tuple of Notice
        What differs from what was asked.
    """

    patch: Sides
    window: Sides
    batch: int
    store: str
    notices: tuple[Notice, ...] = ()


def setups(
    predictor: Predictor,
    card: TrainedCard,
    options: RunOptions,
    image: Sides,
    slice_axis: int | None,
) -> Iterator[Setup]:
    """Yield ways to run, the best first; each further one takes less memory.

    Those that cannot fit are left out before they are tried: a system may end a program that asks
    for too much, and then no sentence can be said.

    Parameters
    ----------
    predictor, card, options
        The network, what is known of it, and what was asked.
    image : tuple of int
        (channels, *three sides) of the prepared image.
    slice_axis : int or None
        Of the sides: the one whose slices a 2-D network is shown.
    """
    network, device = predictor.network, predictor.device
    asked = tuple(options.patch or card.patch)
    given: list[Notice] = []
    for patch in (asked, *smaller_windows(asked, network.multiple, network.smallest)):
        window = patch if slice_axis is None else _one_deep(patch, slice_axis)
        if patch != asked:
            given = [_smaller(patch)]
        each = window_bytes(network, patch)
        sums = _sum_bytes(Windows(image[1:], window, options.overlap), len(card.classes) + 1)
        free = free_bytes(device)
        store = device if device == "cpu" or sums < free // 4 else "cpu"
        left = free - sums if store == device else free
        if each > left:
            continue
        batch = options.batch or windows_together(patch, each, left, device)
        yield Setup(patch, window, batch, store, tuple(given))
        if batch > 1:
            one = Notice("batch-smaller", "Windows were seen one by one, as memory was short.")
            yield Setup(patch, window, 1, store, (one,))


def _one_deep(patch: Sides, slice_axis: int) -> Sides:
    return (*patch[:slice_axis], 1, *patch[slice_axis:])


def _sum_bytes(windows: Windows, classes: int) -> int:
    """Memory of the sums over one layer of windows."""
    axis = windows.longest_axis
    voxels = math.prod(windows.padded) // windows.padded[axis] * windows.window[axis]
    return voxels * (classes + 1) * _FLOAT


def _smaller(patch: Sides) -> Notice:
    sides = " x ".join(map(str, patch))
    words = f"The window was made smaller, {sides} voxels, as memory was short."
    return Notice("window-smaller", words + " The outlines may be a little worse.")
