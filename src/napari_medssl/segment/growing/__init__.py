"""From outlines on a few slices to a mask through the volume."""

from __future__ import annotations

from napari_medssl.segment.growing.grow import GrownSlice, grow
from napari_medssl.segment.growing.grown import GrownMask
from napari_medssl.segment.growing.marked import by_slice, given_masks
from napari_medssl.segment.growing.rules import ASKED, GrowRules
from napari_medssl.segment.growing.vote import grow_in_all_planes

__all__ = [
    "ASKED",
    "GrowRules",
    "GrownMask",
    "GrownSlice",
    "by_slice",
    "given_masks",
    "grow",
    "grow_in_all_planes",
]
