"""What an encoder that learns no more says of single voxels whose class somebody drew."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch.nn import functional

from napari_medssl.errors import UsageError
from napari_medssl.models.draws import draws
from napari_medssl.volume import Pipeline
from napari_medssl.volume.carried import carried
from napari_medssl.volume.finite import fill_not_finite

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray
    from torch import Tensor

    from napari_medssl.models.networks.network import SegmentationNetwork
    from napari_medssl.models.trained import TrainedCard
    from napari_medssl.pretrain.plan import PretrainPlan
    from napari_medssl.volume import Volume

#: of each class in an image; and slices of a volume, of what sees slices
_MOST_VOXELS, _MOST_SLICES = 200, 8


@dataclass(frozen=True, eq=False)
class Drawn:
    """An image and what was drawn on it, not read yet.

    Parameters
    ----------
    id, patient : str
        Of the image.
    read : callable
        Opens the image and its labels, (z, y, x); may raise `MedSSLError`.
    """

    id: str
    patient: str
    read: Callable[[], tuple[Volume, NDArray[Any]]]


@dataclass(frozen=True)
class Sight:
    """How a network sees an image.

    Parameters
    ----------
    preparation : Pipeline
        What is done to an image before.
    in_channels : int
        How many it takes.
    patch : tuple of int
        Voxels of a crop along each axis; of slices two, of volumes three.
    slice_axis : int
        Which axis of a prepared image slices are counted along; -1: the shortest.
    """

    preparation: Pipeline
    in_channels: int
    patch: tuple[int, ...]
    slice_axis: int = -1

    @classmethod
    def of_card(cls, card: TrainedCard) -> Sight:
        """Return how a trained network sees."""
        return cls(card.preparation, card.in_channels, card.patch, card.slice_axis)

    @classmethod
    def of_plan(cls, plan: PretrainPlan) -> Sight:
        """Return how a network sees that a plan teaches."""
        preparation = Pipeline.from_steps(plan.preparation)
        return cls(preparation, plan.in_channels, plan.crop, plan.slice_axis)


@dataclass(frozen=True, eq=False)
class Spots:
    """A crop, and voxels of it whose class is known.

    Parameters
    ----------
    crop : (channels, *sides) float32 tensor
        As the encoder takes it.
    places : (n, dimensions) float32 tensor
        Where they lie in the crop, in voxels.
    values : (n,) int64 tensor
        Label value of each; 0 is the background.
    """

    crop: Tensor
    places: Tensor
    values: Tensor


def spots_of(drawn: Drawn, sight: Sight, seed: int) -> list[Spots]:
    """Draw voxels of each class of an image, and cut the crops that they lie in.

    Parameters
    ----------
    drawn : Drawn
        The image.
    sight : Sight
        Of the encoder.
    seed : int
        Decides which voxels.

    Raises
    ------
    UsageError
        If nothing is drawn.
    MedSSLError
        If the image or its labels cannot be read.
    """
    volume, labels = drawn.read()
    if not labels.any():
        raise UsageError(f"nothing is drawn on '{drawn.id}'")
    image, _ = sight.preparation(fill_not_finite(volume))
    array = image.array if image.array.ndim == 4 else image.array[None]
    if len(array) != sight.in_channels:
        array = np.broadcast_to(array.mean(axis=0)[None], (sight.in_channels, *array.shape[1:]))
    values = np.zeros(image.geometry.shape, np.int64)
    for value in np.unique(labels[labels > 0]).tolist():
        values[carried(labels == value, volume.geometry, image.geometry)] = value
    random = draws(seed, f"spots of {drawn.id}")
    views = [(array, values)] if len(sight.patch) == 3 else _slices(array, values, sight.slice_axis)
    return [spots for view in views for spots in _cut(*view, sight.patch, random)]


@torch.no_grad()
def features_at(network: SegmentationNetwork, spots: Spots) -> Tensor:
    """Return what all maps of an encoder hold where the spots lie, (n, channels).

    Parameters
    ----------
    network : SegmentationNetwork
        In evaluation mode, on its device.
    spots : Spots
        On the processor, as is what comes back.
    """
    device = next(network.parameters()).device
    maps = network.encode(spots.crop[None].to(device))
    sides = torch.tensor(spots.crop.shape[1:])
    within = ((2 * spots.places + 1) / sides - 1).flip(-1)  # -1 to 1, the last axis first
    grid = within.reshape(1, -1, *[1] * (len(sides) - 1), len(sides)).to(device)
    found = [
        functional.grid_sample(one.float(), grid, padding_mode="border", align_corners=False)
        for one in (*maps.skips, maps.deepest)
    ]
    return torch.cat([one.flatten(2)[0].T for one in found], dim=1).cpu()


def _slices(
    array: NDArray[Any], values: NDArray[np.int64], axis: int
) -> list[tuple[NDArray[Any], NDArray[np.int64]]]:
    """Return slices on which something is drawn, evenly spread."""
    if axis < 0:
        axis = int(np.argmin(values.shape))
    others = tuple(a for a in range(3) if a != axis)
    there = np.flatnonzero(values.any(axis=others))
    chosen = there[np.unique(np.linspace(0, len(there) - 1, _MOST_SLICES).round().astype(int))]
    return [(array.take(n, axis + 1), values.take(n, axis)) for n in chosen] if len(there) else []


def _cut(
    array: NDArray[Any],
    values: NDArray[np.int64],
    patch: Sequence[int],
    random: np.random.Generator,
) -> Iterator[Spots]:
    """Lay crops side by side over an image, and give each the voxels drawn in it."""
    missing = [max(0, side - there) for side, there in zip(patch, values.shape, strict=True)]
    around = [(gap // 2, gap - gap // 2) for gap in missing]
    array = np.pad(array, [(0, 0), *around], mode="symmetric")
    chosen = _drawn_places(values, random) + [before for before, _ in around]
    known = np.pad(values, around)[tuple(chosen.T)]
    firsts = [
        np.unique(np.minimum(np.arange(0, there, side), there - side))
        for there, side in zip(array.shape[1:], patch, strict=True)
    ]
    left = np.ones(len(chosen), bool)
    for corner in product(*firsts):
        inside = left & (chosen >= corner).all(1) & (chosen < np.add(corner, patch)).all(1)
        if not inside.any():
            continue
        left &= ~inside
        place = tuple(slice(a, a + n) for a, n in zip(corner, patch, strict=True))
        crop = np.ascontiguousarray(array[(slice(None), *place)], np.float32)
        yield Spots(
            torch.from_numpy(crop),
            torch.from_numpy((chosen[inside] - corner).astype(np.float32)),
            torch.from_numpy(known[inside]),
        )


def _drawn_places(values: NDArray[np.int64], random: np.random.Generator) -> NDArray[np.int64]:
    """Draw places of each class, the background too: (n, dimensions)."""
    found = []
    for value in np.unique(values):
        flat = np.flatnonzero(values == value)
        some = random.choice(flat, min(len(flat), _MOST_VOXELS), replace=False)
        found.append(np.stack(np.unravel_index(np.sort(some), values.shape), 1))
    return np.concatenate(found)
