"""A network over a whole image, window by window, keeping no more than one layer of windows.

The answer is that of MONAI's ``sliding_window_inference`` in its ``gaussian`` mode. Three things
differ. Rows are handed out as soon as no window will touch them again, so the logits of all classes
exist for one layer of windows only and not for the whole image. A window that shows one value
throughout (the air around a patient) is computed once and its answer used wherever the same value
fills a window: the same numbers, without the work. And any run can be stopped between windows.
Source: Isensee 2021 (nnU-Net), methods, for the overlap and the weights.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from napari_medssl.errors import StoppedError
from napari_medssl.segment.windows import Windows, gaussian_weights

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    Predict = Callable[[Tensor], Tensor]

Start = tuple[int, ...]

#: numbers handed out at a time, so that what is made of them stays small
_PIECE = 1 << 23


@dataclass(frozen=True, eq=False)
class Rows:
    """Finished logits of neighbouring rows along one axis of the image.

    Parameters
    ----------
    first : int
        Row of the image that the first of these is.
    logits : tensor
        (rows, *the other sides in order, classes), float32; valid until the next are asked for.
    """

    first: int
    logits: Tensor


@dataclass(eq=False)
class Tally:
    """What was done so far; the one thing here that changes.

    Parameters
    ----------
    seen : int
        Windows whose answer is in.
    alike : int
        Those of them that took the answer of an equal window.
    """

    seen: int = 0
    alike: int = 0


@dataclass(frozen=True, eq=False)
class SlidingWindow:
    """How a network is moved over images.

    Parameters
    ----------
    predict : callable
        Windows (batch, channels, *window), float32 -> logits (batch, classes, *window).
    classes : int
        Classes with the background.
    batch : int
        Windows that are predicted together.
    device : str
        Where windows go.
    store : str
        Where logits are summed up.
    reuse_constant : bool
        Whether windows of one value throughout are computed only once.
    stop : callable, optional
        Asked before each batch; true ends the run.
    progress : callable, optional
        Told after each batch how many windows are done, and of how many.
    """

    predict: Predict
    classes: int
    batch: int = 1
    device: str = "cpu"
    store: str = "cpu"
    reuse_constant: bool = True
    stop: Callable[[], bool] | None = None
    progress: Callable[[int, int], None] | None = None

    def rows(
        self, image: NDArray[Any], windows: Windows, axis: int, tally: Tally | None = None
    ) -> Iterator[Rows]:
        """Yield the whole image's logits, rows along ``axis`` in order.

        Parameters
        ----------
        image : (channels, *sides) array
            Finite numbers of any type; cut to windows before they become float32.
        windows : Windows
            Of the image's sides.
        axis : int
            Of the sides: the one along which rows are handed out.
        tally : Tally, optional
            Counts along.

        Raises
        ------
        StoppedError
            If ``stop`` said so.
        """
        tally = tally or Tally()
        layer = _Layer(windows, axis, self.classes, self.store)
        before, side = windows.before[axis], windows.image[axis]
        padded = _padded(image, windows)
        for start, logits in self._answers(padded, windows, axis, tally):
            if start[axis] > layer.first:
                yield from _cropped(layer.advance(start[axis]), before, side)
            layer.add(start, logits)
        yield from _cropped(layer.advance(windows.padded[axis]), before, side)

    def _answers(
        self, image: NDArray[Any], windows: Windows, axis: int, tally: Tally
    ) -> Iterator[tuple[Start, Tensor]]:
        """Yield each window's first voxel and its logits, (classes, *window), layer by layer."""
        starts = sorted(product(*windows.starts), key=lambda start: start[axis])
        kept: dict[bytes, Tensor] = {}
        for first in range(0, len(starts), self.batch):
            if self.stop is not None and self.stop():
                raise StoppedError("the run was stopped", do="Start it again when you like")
            together = starts[first : first + self.batch]
            cuts = [_cut(image, start, windows.window) for start in together]
            marks = [_one_value(cut) if self.reuse_constant else None for cut in cuts]
            known = [None if mark is None else kept.get(mark) for mark in marks]
            new = [cut for cut, answer in zip(cuts, known, strict=True) if answer is None]
            found = iter(self._predicted(new) if new else ())
            for start, mark, answer in zip(together, marks, known, strict=True):
                logits = next(found) if answer is None else answer
                if mark is not None:
                    kept = {mark: logits}  # of one value at a time: air has but one
                tally.seen += 1
                tally.alike += answer is not None
                yield start, logits
            if self.progress is not None:
                self.progress(tally.seen, len(starts))

    @torch.inference_mode()
    def _predicted(self, cuts: list[NDArray[Any]]) -> Tensor:
        stacked = torch.from_numpy(np.stack(cuts).astype(np.float32, copy=False))
        return self.predict(stacked.to(self.device)).float().to(self.store)


class _Layer:
    """Weighted sums of logits over as many rows as a window has, moved along the image."""

    def __init__(self, windows: Windows, axis: int, classes: int, device: str) -> None:
        self._axis = axis
        self._before, self._image = windows.before, windows.image
        others = [n for a, n in enumerate(windows.padded) if a != axis]
        rows = windows.window[axis]
        weights = torch.from_numpy(gaussian_weights(windows.window)).to(device)
        self._weights = weights.movedim(axis, 0)
        self._sums = torch.zeros(rows, *others, classes, device=device)
        self._shares = torch.zeros(rows, *others, device=device)
        self.first = 0  # row of the padded image that the sums begin with

    def add(self, start: Start, logits: Tensor) -> None:
        """Add a window's logits, (classes, *window), at its place; it begins at row `first`."""
        weights = self._weights
        others = [at for a, at in enumerate(start) if a != self._axis]
        place = (
            slice(None),
            *(slice(at, at + n) for at, n in zip(others, weights.shape[1:], strict=True)),
        )
        ordered = logits.movedim(0, -1).movedim(self._axis, 0)
        self._sums[place].addcmul_(ordered, weights[..., None])
        self._shares[place] += weights

    def advance(self, row: int) -> Iterator[Rows]:
        """Hand out the rows before ``row``, some at a time, and then begin there."""
        rows = len(self._sums)
        done = min(row - self.first, rows)
        step = max(1, _PIECE // self._sums[0].numel())
        for low in range(0, done, step):
            high = min(low + step, done)
            finished = self._sums[low:high].div_(self._shares[low:high, ..., None])
            yield Rows(self.first + low, self._without_padding(finished))
        for sums in (self._sums, self._shares):
            for old in range(done, rows):  # row by row: a block may not be copied onto itself
                sums[old - done] = sums[old]
            sums[rows - done :] = 0
        self.first = row

    def _without_padding(self, rows: Tensor) -> Tensor:
        sides = [a for a in range(len(self._image)) if a != self._axis]
        for place, a in enumerate(sides, 1):
            rows = rows.narrow(place, self._before[a], self._image[a])
        return rows


def _cropped(finished: Iterator[Rows], before: int, side: int) -> Iterator[Rows]:
    """Yield rows of the padded image as rows of the image itself, those that belong to it."""
    for rows in finished:
        low = max(rows.first, before)
        high = min(rows.first + len(rows.logits), before + side)
        if high > low:
            yield Rows(low - before, rows.logits[low - rows.first : high - rows.first])


def _padded(image: NDArray[Any], windows: Windows) -> NDArray[Any]:
    if windows.padded == windows.image:
        return image
    widths = [
        (before, whole - side - before)
        for before, whole, side in zip(windows.before, windows.padded, windows.image, strict=True)
    ]
    return np.pad(image, [(0, 0), *widths])


def _cut(image: NDArray[Any], start: Start, window: Start) -> NDArray[Any]:
    place = tuple(slice(at, at + n) for at, n in zip(start, window, strict=True))
    return image[(slice(None), *place)]


def _one_value(cut: NDArray[Any]) -> bytes | None:
    """Return what fills every channel of a window, or None if a channel has several values."""
    corner = cut[(slice(None), *(slice(0, 1) for _ in cut.shape[1:]))]
    return corner.tobytes() if bool((cut == corner).all()) else None
