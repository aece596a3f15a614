"""From rows of logits to labels, probabilities and doubt on the volume's own grid.

The class of a voxel is decided as soon as its row is finished, so that labels are all that is kept
of it. Where the preparation resampled the image, probabilities are brought to the volume's grid
linearly, row by row, and the class is decided there: labels of the coarser grid would leave steps.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import torch
from torch import Tensor

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_medssl.segment.sliding_window import Rows
    from napari_medssl.segment.way_back import Taps, WayBack
    from napari_medssl.volume.operation import Inverse

Shape = tuple[int, int, int]


@dataclass(frozen=True)
class Wanted:
    """What to make of the logits.

    Parameters
    ----------
    values : (classes,) array
        Label value of each class, 0 first, of the type that labels get.
    probability, uncertainty : bool
        Whether these are wanted beside the labels.
    """

    values: NDArray[Any]
    probability: bool = False
    uncertainty: bool = False


@dataclass(frozen=True, eq=False)
class Answer:
    """What a network says of a volume, on the volume's grid.

    Parameters
    ----------
    labels : (z, y, x) array
        Label values.
    probability : (classes, z, y, x) float16 array, optional
        Of each class, the background first.
    uncertainty : (z, y, x) float16 array, optional
        Entropy of the probabilities as a part of the most there can be, 0 to 1.
    """

    labels: NDArray[Any]
    probability: NDArray[np.float16] | None = None
    uncertainty: NDArray[np.float16] | None = None


class Assembly(Protocol):
    """Takes rows as they are finished, and gives the answer when all are in."""

    def take(self, rows: Rows) -> None:
        """Take finished rows of the prepared image; they come in order."""

    def answer(self) -> Answer:
        """Return the answer on the volume's grid."""


def assembly(
    shape: Shape, axis: int, inverse: Inverse, back: WayBack | None, wanted: Wanted
) -> Assembly:
    """Return what assembles rows along ``axis`` of a prepared image of ``shape``.

    Parameters
    ----------
    shape, axis
        Of the prepared image.
    inverse : Inverse
        The preparation's.
    back : WayBack or None
        The same axis by axis, if that can be told.
    wanted : Wanted
        What to make.
    """
    if back is None or back.exact:
        return _OnItsGrid(shape, axis, inverse, wanted)
    return _Resampled(back, axis, wanted)


class _Pages:
    """Arrays that are filled a row at a time along one axis."""

    def __init__(self, shape: Shape, axis: int, wanted: Wanted) -> None:
        self._axis, self._wanted = axis, wanted
        half = np.float16
        self.labels = np.zeros(shape, wanted.values.dtype)
        many = (len(wanted.values), *shape)
        self.probability = np.zeros(many, half) if wanted.probability else None
        self.uncertainty = np.zeros(shape, half) if wanted.uncertainty else None

    def write(self, first: int, scores: Tensor, probabilities: Tensor | None) -> None:
        """Fill rows from scores, (rows, a, b, classes), the largest of which wins."""
        rows = slice(first, first + len(scores))
        winners = self._wanted.values[scores.argmax(-1).cpu().numpy()]
        np.moveaxis(self.labels, self._axis, 0)[rows] = winners
        if probabilities is None:
            return
        if self.uncertainty is not None:
            doubt = torch.special.entr(probabilities).sum(-1) / math.log(len(self._wanted.values))
            np.moveaxis(self.uncertainty, self._axis, 0)[rows] = doubt.cpu().numpy()
        if self.probability is not None:
            page = np.moveaxis(self.probability, self._axis + 1, 0)
            page[rows] = probabilities.movedim(-1, 1).cpu().numpy()

    @property
    def wants_probabilities(self) -> bool:
        """Whether more than the labels is wanted."""
        return self._wanted.probability or self._wanted.uncertainty


class _OnItsGrid:
    """Nothing was resampled, so what is decided on the prepared grid is moved voxel by voxel."""

    def __init__(self, shape: Shape, axis: int, inverse: Inverse, wanted: Wanted) -> None:
        self._pages, self._inverse = _Pages(shape, axis, wanted), inverse

    def take(self, rows: Rows) -> None:
        """Decide rows where they are."""
        likely = rows.logits.softmax(-1) if self._pages.wants_probabilities else None
        self._pages.write(rows.first, rows.logits, likely)

    def answer(self) -> Answer:
        """Bring everything back."""
        pages, back = self._pages, self._inverse
        likely, doubt = pages.probability, pages.uncertainty
        return Answer(
            back.labels(pages.labels),
            None if likely is None else _with_background(back.image(likely)),
            None if doubt is None else back.image(doubt).astype(np.float16, copy=False),
        )


class _Resampled:
    """Probabilities are mixed to the volume's rows, each as soon as both of its sources are in."""

    def __init__(self, back: WayBack, axis: int, wanted: Wanted) -> None:
        self._back, self._axis = back, axis
        self._pages = _Pages(back.shape, axis, wanted)
        self._last_source = back.taps[axis].rows.max(axis=0)
        # turned axes are filled from their far end
        self._due = np.argsort(self._last_source, kind="stable").tolist()
        self._across = [taps for a, taps in enumerate(back.taps) if a != axis]
        self._held: dict[int, Tensor] = {}

    def take(self, rows: Rows) -> None:
        """Hold rows, and make all rows of the volume that they complete."""
        for n, logits in enumerate(rows.logits.softmax(-1)):
            self._held[rows.first + n] = logits
        ready = rows.first + len(rows.logits)
        while self._due and self._last_source[self._due[0]] < ready:
            self._make(self._due.pop(0))
        least = self._back.taps[self._axis].rows[:, self._due].min() if self._due else ready
        self._held = {row: held for row, held in self._held.items() if row >= least}

    def answer(self) -> Answer:
        """Bring the axes into the volume's order."""
        pages, order = self._pages, self._back.order
        likely, doubt = pages.probability, pages.uncertainty
        channels_first = (0, *(1 + axis for axis in order))
        return Answer(
            np.ascontiguousarray(pages.labels.transpose(order)),
            None if likely is None else np.ascontiguousarray(likely.transpose(channels_first)),
            None if doubt is None else np.ascontiguousarray(doubt.transpose(order)),
        )

    def _make(self, row: int) -> None:
        along = self._back.taps[self._axis]
        (low, high), (share, other) = along.rows[:, row].tolist(), along.weights[:, row].tolist()
        mixed = self._held[low] * share
        if other:
            mixed += self._held[high] * other
        for axis, taps in enumerate(self._across):
            mixed = _sampled(mixed, taps, axis)
        mixed[..., 0] = 1 - mixed[..., 1:].sum(-1)  # beyond the prepared image is background
        self._pages.write(row, mixed[None], mixed[None].clamp_(min=0))


def _sampled(rows: Tensor, taps: Taps, axis: int) -> Tensor:
    """Mix a tensor's rows along an axis."""
    spread = [-1 if a == axis else 1 for a in range(rows.ndim)]

    def part(which: int) -> Tensor:
        source = torch.from_numpy(np.ascontiguousarray(taps.rows[which])).to(rows.device)
        weights = torch.from_numpy(np.ascontiguousarray(taps.weights[which])).to(rows.device)
        return rows.index_select(axis, source) * weights.view(spread)

    return part(0) + part(1) if taps.mixes else part(0)


def _with_background(likely: NDArray[Any]) -> NDArray[np.float16]:
    """Call background what lies beyond the prepared image, where nothing is likely."""
    likely = likely.astype(np.float16, copy=False)
    likely[0][~likely.any(axis=0)] = 1
    return likely
