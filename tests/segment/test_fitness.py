from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from napari_medssl.models.trained import OutputClass, TrainedCard
from napari_medssl.segment.fitness import fitness
from napari_medssl.volume import Geometry, Volume

CARD = TrainedCard(
    name="spleen",
    title="Spleen",
    network="unet",
    dimensions=3,
    in_channels=1,
    classes=(OutputClass(1, "spleen"),),
    patch=(8, 16, 16),
    steps=(),
    modalities=("CT", "MR"),
    spacing_mm=(3.0, 1.0, 1.0),
)
RESAMPLED = replace(CARD, steps=({"do": "resample", "spacing_mm": (3.0, 1.0, 1.0)},))


def scan(
    shape: tuple[int, ...] = (10, 20, 20), mm: tuple[float, ...] = (3.0, 1.0, 1.0), **given: Any
) -> Volume:
    stored = np.zeros(shape[::-1], np.int16)
    axes = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
    grid = Geometry(stored.shape, mm[::-1], direction=axes)
    known = {"modality": "CT", **given}
    return Volume.from_source_array(stored, grid, name="s", format="made", **known)


def codes(card: TrainedCard, volume: Volume) -> list[str]:
    return [notice.code for notice in fitness(card, volume)]


def test_an_image_of_the_kind_it_was_trained_on_is_not_talked_about() -> None:
    assert fitness(CARD, scan()) == ()
    assert fitness(replace(CARD, modalities=(), spacing_mm=()), scan(modality="US")) == ()


@pytest.mark.parametrize(
    ("card", "volume", "code"),
    [
        (CARD, scan(modality="US"), "modality"),
        (CARD, scan(modality="OT"), "modality-unknown"),
        (CARD, scan(mm=(7.0, 1.0, 1.0)), "spacing"),
        (CARD, scan(mm=(3.0, 1.0, 0.4)), "spacing"),
        (CARD, scan(spacing_known=False), "spacing-unknown"),
        (CARD, scan((7, 20, 20)), "small"),
        (CARD, scan(stack="time"), "film"),
    ],
)
def test_each_thing_that_does_not_suit_is_said(
    card: TrainedCard, volume: Volume, code: str
) -> None:
    assert codes(card, volume) == [code]
    (notice,) = fitness(card, volume)
    assert notice.text.endswith(".")


def test_voxels_that_are_resampled_may_have_any_size_but_then_count_as_resampled() -> None:
    assert codes(RESAMPLED, scan((30, 20, 20), (1.0, 1.0, 1.0))) == []
    assert codes(RESAMPLED, scan((20, 20, 20), (1.0, 1.0, 1.0))) == ["small"]
    resized = replace(CARD, steps=({"do": "resize", "shape": (8, 16, None)},))
    assert codes(resized, scan((3, 4, 16), (9.0, 9.0, 9.0))) == []


def test_sides_are_compared_as_they_are_turned() -> None:
    turned = replace(CARD, steps=({"do": "orient", "codes": "LPS"},), patch=(16, 16, 8))
    assert codes(turned, scan()) == []
    assert codes(replace(turned, steps=({"do": "orient", "codes": "stored"},)), scan()) == []
    assert codes(replace(turned, steps=()), scan()) == ["small"]


def test_a_2d_network_is_compared_with_slices() -> None:
    flat = replace(CARD, dimensions=2, patch=(16, 16), spacing_mm=(1.0, 1.0))
    assert codes(flat, scan((1, 20, 20))) == []
    assert codes(flat, scan((20, 10, 20))) == ["small"]
    assert codes(replace(flat, slice_axis=1), scan((20, 1, 20))) == []


def test_colour_for_a_network_that_sees_grey_is_said() -> None:
    grid = Geometry((20, 20, 10))
    colour = Volume.from_source_array(
        np.zeros((3, 20, 20, 10), np.uint8), grid, name="p", format="picture", modality="CT"
    )
    assert "colour" in codes(CARD, colour)
    assert "colour" not in codes(replace(CARD, in_channels=3), colour)
