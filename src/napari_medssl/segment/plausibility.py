"""How likely a mask is what somebody meant who clicked into it; learned from masks without labels.

A network expects much of its own masks, whatever they outline: of those around a click it likes
what fills half the image as well as what was meant. What tells them apart is little: whether other
boxes led to the same, whether the border is sure, whether it is of one piece, and whether the click
lies in its middle, where people click. ``benchmarks/learn_plausibility.py`` learned how much each
of these counts.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import ndimage

from napari_medssl.segment.decoded_grid import overlaps

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

#: what is told of a mask, in the order of the columns of `signs`
SIGNS = ("score", "stability", "agreement", "extent", "compactness", "depth", "thickness")
_FILE = "plausibility.json"
#: logits between which a border moves that is not sure, as in SAM
_SURE = 1.0


@dataclass(frozen=True, eq=False)
class Plausibility:
    """A few small networks with one hidden layer each, whose answers are averaged.

    Parameters
    ----------
    mean, spread : (signs,) float32 arrays
        Of the signs that were learned from.
    inwards, inner : (networks, signs, hidden) and (networks, hidden) float32 arrays
        Weights and offsets of the hidden layers.
    outwards, outer : (networks, hidden) and (networks,) float32 arrays
        The same of the answers.
    """

    mean: NDArray[np.float32]
    spread: NDArray[np.float32]
    inwards: NDArray[np.float32]
    inner: NDArray[np.float32]
    outwards: NDArray[np.float32]
    outer: NDArray[np.float32]

    @classmethod
    def shipped(cls) -> Plausibility:
        """Read the weights that come with the program."""
        text = files("napari_medssl").joinpath("resources", _FILE).read_text("utf-8")
        return cls.from_plain(json.loads(text)["weights"])

    @classmethod
    def from_plain(cls, weights: Mapping[str, Any]) -> Plausibility:
        """Make it of lists of numbers by name."""
        return cls(**{name: np.array(numbers, np.float32) for name, numbers in weights.items()})

    def __call__(self, signs: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the Dice, 0..1, that masks are expected to have with what was meant.

        Parameters
        ----------
        signs : (n, signs) float32 array
            As `signs` gives them.
        """
        standard = (signs - self.mean) / self.spread
        hidden = np.einsum("ns,ksh->knh", standard, self.inwards) + self.inner[:, None]
        answers = np.einsum("knh,kh->kn", np.maximum(hidden, 0), self.outwards)
        expected = (answers + self.outer[:, None]).mean(axis=0)
        return np.asarray(np.clip(expected, 0, 1), np.float32)


def signs(
    logits: NDArray[np.float32],
    scores: NDArray[np.float32],
    voters: NDArray[np.bool_],
    inside: NDArray[np.intp],
) -> NDArray[np.float32]:
    """Return what is told of masks, (n, signs): see `SIGNS`; all 0 of an empty one.

    Parameters
    ----------
    logits : (n, rows, columns) float32 array
        Of the masks, without padding.
    scores : (n,) float32 array
        Overlap (IoU) that the network expects.
    voters : (m, rows, columns) bool array
        Masks that other boxes around the same click led to.
    inside : (k, 2) int array
        Row and column of the clicks that are to lie inside.
    """
    masks = logits > 0
    sure, unsure = ((logits > edge).sum(axis=(1, 2)) for edge in (_SURE, -_SURE))
    told = np.zeros((len(masks), len(SIGNS)), np.float32)
    told[:, 0] = np.clip(scores, 0, 1)
    told[:, 1] = sure / np.maximum(unsure, 1)
    told[:, 2] = overlaps(masks, voters).mean(axis=1) if len(voters) else 0
    for number, mask in enumerate(masks):
        told[number, 3:] = _shape(mask, inside)
    told[~masks.any(axis=(1, 2))] = 0
    return told


def _shape(mask: NDArray[np.bool_], inside: NDArray[np.intp]) -> tuple[float, ...]:
    """Return extent, compactness, the clicks' depth and thickness of a mask, each 0..1 or so."""
    box = next(iter(ndimage.find_objects(mask.view(np.uint8))), None)
    if box is None:
        return 0.0, 0.0, 0.0, 0.0
    cut = np.pad(mask[box], 1)
    area, low = int(cut.sum()), np.array([side.start for side in box])
    depth = ndimage.distance_transform_edt(cut)
    edge = int(((depth > 0) & (depth <= 1)).sum())
    rows, columns = (np.clip(inside - low + 1, 0, np.array(cut.shape) - 1)).T
    return (
        area / ((cut.shape[0] - 2) * (cut.shape[1] - 2)),
        4 * np.pi * area / edge**2,
        float(depth[rows, columns].max(initial=0) / depth.max()),
        float(depth.max() / np.sqrt(area / np.pi)),
    )
