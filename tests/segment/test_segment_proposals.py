from __future__ import annotations

from dataclasses import replace

import numpy as np
from bright_engine import BrightEngine

from napari_medssl.segment import EverythingSettings
from napari_medssl.segment.proposals import Proposal, cropped, propose
from napari_medssl.segment.slices import SlicePicture

BLOCKS = {(10, 12): (20, 30), (60, 20): (25, 18), (20, 90): (50, 24)}


def picture(
    pixel_mm: tuple[float, float] = (1.0, 1.0),
    blocks: dict[tuple[int, int], tuple[int, int]] = BLOCKS,
) -> SlicePicture:
    grey = np.random.default_rng(0).integers(0, 60, (100, 128)).astype(np.uint8)
    for (row, column), (rows, columns) in blocks.items():
        grey[row : row + rows, column : column + columns] += 180
    return SlicePicture(np.stack([grey] * 3, -1), pixel_mm)


def found(engine: BrightEngine, seen: SlicePicture, **given) -> list[Proposal]:
    settings = replace(EverythingSettings.for_engine(engine), points_per_side=16, **given)
    return propose(engine, seen, engine.encode(seen.image, seen.pixel_mm), settings)


def test_every_bright_block_is_found_once() -> None:
    things = found(BrightEngine(points=True), picture())
    assert {thing.corner: thing.mask.shape for thing in things} == BLOCKS
    assert all(thing.mask.all() for thing in things)
    assert all(0.75 <= thing.score <= 1 and thing.stability >= 0.85 for thing in things)


def test_boxes_find_a_block_once_too() -> None:
    """This network takes two blocks in a box for one thing, and never sees beyond its box."""
    seen = picture(blocks={(10, 12): (20, 30)})
    (thing,) = found(BrightEngine(), seen)
    whole = np.zeros((100, 128), bool)
    (row, column), (rows, columns) = thing.corner, thing.mask.shape
    whole[row : row + rows, column : column + columns] = thing.mask
    bright = seen.image[..., 0] > 150
    assert (whole & bright).sum() / (whole | bright).sum() > 0.9


def test_a_mask_that_moves_is_tried_once_more_from_there() -> None:
    """The first look sees a quarter of the block; the second all of it, and the third again."""
    looks: list[int] = []

    class Growing(BrightEngine):
        def decode_boxes(self, embedding, boxes_xyxy):
            looks.append(len(boxes_xyxy))
            decoded = super().decode_boxes(embedding, np.array([[0, 0, 128, 100]], np.float32))
            if len(looks) == 1:
                decoded.logits[:, :, 40:] = -5  # two places of the grid a pixel
            return decoded

    seen = picture(blocks={(10, 12): (20, 30)})
    (thing,) = found(Growing(), seen, box_sides=(1.0,))
    assert looks == [1, 1, 1]
    assert (thing.corner, thing.mask.shape) == ((10, 12), (20, 30))


def test_small_and_large_ones_are_left_out_by_mm2() -> None:
    engine = BrightEngine(points=True)
    assert len(found(engine, picture(), least_area_mm2=500.0)) == 2
    assert len(found(engine, picture((2.0, 2.0)), least_area_mm2=500.0)) == 3
    assert len(found(engine, picture(), most_of_slice=0.05)) == 2


def test_unsure_and_unstable_ones_are_left_out() -> None:
    engine = BrightEngine(points=True)
    assert found(engine, picture(), least_score=0.95) == []
    assert found(engine, picture(), stability_offset=6.0) == []


def test_what_is_stopped_returns_what_it_has() -> None:
    engine, asked = BrightEngine(points=True), []
    seen = picture()

    def stop() -> bool:
        asked.append(1)
        return len(asked) > 4

    settings = replace(EverythingSettings.for_engine(engine), points_per_side=16)
    things = propose(engine, seen, engine.encode(seen.image), settings, stop)
    assert 0 < len(things) < 3
    boxes = BrightEngine()
    assert propose(boxes, seen, boxes.encode(seen.image), settings, lambda: True) == []


def test_a_mask_is_cut_to_its_box() -> None:
    mask = np.zeros((9, 9), bool)
    mask[2:5, 7] = True
    corner, cut = cropped(mask)
    assert (corner, cut.shape) == ((2, 7), (3, 1))


def test_boxes_that_cut_something_off_find_all_of_it_or_nothing() -> None:
    """A block, the middle of another one, and nothing at all; twice looser boxes find the rest."""
    engine, seen = BrightEngine(), picture()
    boxes = np.array([[8, 8, 50, 40], [96, 35, 108, 55], [60, 80, 80, 95]], np.float32)
    settings = EverythingSettings(least_score=0.1, least_first_score=0.1, most_settled=3)
    embedding = engine.encode(seen.image)

    def corners(looser: float) -> list[tuple[int, int]]:
        given = replace(settings, looser=looser)
        return sorted(t.corner for t in propose(engine, seen, embedding, given, boxes=boxes))

    assert corners(0.0) == [(10, 12), (35, 96)]
    assert corners(0.2) == [(10, 12)]
    assert corners(1.0) == [(10, 12), (20, 90)]
    assert propose(engine, seen, embedding, settings, boxes=boxes[:0]) == []
