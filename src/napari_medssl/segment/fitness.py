"""Whether an image is of the kind that a network was trained on; what is not is said beforehand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_medssl.volume import Notice
from napari_medssl.volume.axes import axes_towards
from napari_medssl.volume.orient import STORED, Orient
from napari_medssl.volume.resample import Resample
from napari_medssl.volume.resize import Resize

if TYPE_CHECKING:
    from collections.abc import Iterator

    from napari_medssl.models.trained import TrainedCard
    from napari_medssl.volume import Geometry, Volume

#: voxels more than this many times larger or smaller than in training
_FAR = 2.0
_WORDS = {"CT": "CT", "MR": "MR", "US": "ultrasound", "PT": "PET", "OT": "other images"}


def fitness(card: TrainedCard, volume: Volume) -> tuple[Notice, ...]:
    """Return what makes a trained network less fit for an image; nothing where it suits.

    Parameters
    ----------
    card : TrainedCard
        What is known of the network.
    volume : Volume
        The image; it is not prepared for this, so it is quick.
    """
    questions = (_modality, _spacing, _size, _channels, _film)
    return tuple(notice for question in questions for notice in question(card, volume))


def _modality(card: TrainedCard, volume: Volume) -> Iterator[Notice]:
    if not card.modalities or volume.modality in card.modalities:
        return
    trained = " and ".join(_WORDS.get(m, m) for m in card.modalities)
    if volume.modality == "OT":
        yield Notice(
            "modality-unknown",
            f"{card.title} was trained on {trained}; the file does not say what made this image.",
        )
        return
    yield Notice(
        "modality",
        f"{card.title} was trained on {trained}, and this image is {_WORDS[volume.modality]}. "
        "Its outlines will probably be wrong.",
    )


def _spacing(card: TrainedCard, volume: Volume) -> Iterator[Notice]:
    steps = card.preparation.operations
    if not card.spacing_mm or any(isinstance(step, Resample | Resize) for step in steps):
        return  # brought to the training's voxels anyway
    if not volume.spacing_known:
        yield Notice(
            "spacing-unknown",
            f"{card.title} was trained on voxels of {_mm(card.spacing_mm)}; the size of this "
            "image's voxels is not known.",
        )
        return
    trained = np.asarray(card.spacing_mm)
    here = np.asarray(volume.geometry.spacing_mm)[-len(trained) :]
    ratio = float(np.maximum(trained / here, here / trained).max())
    if ratio > _FAR:
        yield Notice(
            "spacing",
            f"{card.title} was trained on voxels of {_mm(card.spacing_mm)}; those of this image "
            f"measure {_mm(volume.geometry.spacing_mm)}. Resample it, or expect worse outlines.",
        )


def _size(card: TrainedCard, volume: Volume) -> Iterator[Notice]:
    sides = list(_prepared_shape(card, volume))
    if card.dimensions == 2:
        del sides[card.slice_axis if card.slice_axis >= 0 else volume.slice_axis]
    if all(side >= wanted for side, wanted in zip(sides, card.patch, strict=True)):
        return
    seen, window = (" x ".join(map(str, numbers)) for numbers in (sides, card.patch))
    yield Notice(
        "small",
        f"The image has {seen} voxels as the network sees it, and the window that it was trained "
        f"on {window}. The rest is filled up with zeros.",
    )


def _prepared_shape(card: TrainedCard, volume: Volume) -> tuple[int, ...]:
    """Return the shape that the preparation gives, as far as it can be told without preparing."""
    grid, shape = volume.geometry, volume.geometry.shape
    for step in card.preparation.operations:
        if isinstance(step, Orient):
            stored = step.codes == STORED
            grid = volume.source.geometry if stored else _turned(grid, step.codes)
            shape = grid.shape
        elif isinstance(step, Resample):
            sizes = zip(shape, grid.spacing_mm, step.spacing_mm, strict=True)
            a, b, c = (max(1, round(n * s / (w or s))) if n > 1 else 1 for n, s, w in sizes)
            shape = (a, b, c)
        elif isinstance(step, Resize):
            a, b, c = (wanted or n for n, wanted in zip(shape, step.shape, strict=True))
            shape = (a, b, c)
    return shape


def _turned(grid: Geometry, codes: str) -> Geometry:
    return axes_towards(grid, codes).apply_geometry(grid)


def _channels(card: TrainedCard, volume: Volume) -> Iterator[Notice]:
    if volume.is_rgb and card.in_channels == 1:
        yield Notice(
            "colour", f"{card.title} sees grey only; the image's colours are weighed into grey."
        )


def _film(card: TrainedCard, volume: Volume) -> Iterator[Notice]:
    if card.dimensions == 3 and volume.frame_axis is not None:
        yield Notice(
            "film",
            f"{card.title} takes the frames of this film for slices of a body. Choose a 2-D model.",
        )


def _mm(sizes: tuple[float, ...]) -> str:
    return " x ".join(f"{size:.3g}" for size in sizes) + " mm"
