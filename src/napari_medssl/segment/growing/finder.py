"""One volume, one plane and one window: how an object looks there, and where it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_medssl.errors import PromptError
from napari_medssl.segment.growing.looks import Look
from napari_medssl.segment.growing.shapes import depth_mm
from napari_medssl.segment.growing.step import Found, find_near, grey_of
from napari_medssl.segment.prompts import Plane
from napari_medssl.segment.slices import picture_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from napari_medssl.segment.growing.rules import GrowRules
    from napari_medssl.segment.interactive import InteractiveSegmenter
    from napari_medssl.volume import Volume, Window

#: a shape may move by this part of its inner radius at most, however far the slices are apart
_REACH_OF_RADIUS = 0.5
_LEAST_REACH_PIXELS = 0.5
#: a ring around the object is as wide as the object is deep, but no less than this
_LEAST_RING_PIXELS = 3


@dataclass(frozen=True, eq=False)
class Finder:
    """Looks for an object on slices of one plane.

    Parameters
    ----------
    segmenter : InteractiveSegmenter
        Embeds slices, and keeps what it embedded.
    volume : Volume
        The image.
    axis : int
        The array axis that the slices stand across.
    window : Window
        The grey values that network and eye see.
    rules : GrowRules
        What counts how much.
    """

    segmenter: InteractiveSegmenter
    volume: Volume
    axis: int
    window: Window
    rules: GrowRules

    def find(self, index: int, depth: NDArray[np.float32], look: Look, steps: int) -> Found | None:
        """Look on a slice for the shape; None where the slice shows nothing."""
        plane = Plane(self.axis, index)
        try:
            picture = picture_of(self.volume, plane, self.window)
        except PromptError:
            return None
        return find_near(
            picture,
            lambda: self.segmenter.prepare(self.volume, plane, self.window),
            self.segmenter.engine,
            depth,
            look,
            self._reach_mm(depth, steps),
            self.rules,
        )

    def _reach_mm(self, depth: NDArray[np.float32], steps: int) -> float:
        """How far an edge may well have moved over so many slices."""
        far = self.rules.slant * self._gap_mm * steps
        least = _LEAST_REACH_PIXELS * min(self.pixel_mm)
        return max(least, min(far, _REACH_OF_RADIUS * float(depth.max())))

    def look(self, index: int, mask: NDArray[np.bool_]) -> Look:
        """Learn from a slice what the object looks like there; raises as `picture_of`."""
        picture = picture_of(self.volume, Plane(self.axis, index), self.window)
        depth = depth_mm(mask, picture.pixel_mm)
        ring = max(float(depth.max()), _LEAST_RING_PIXELS * min(picture.pixel_mm))
        return Look.of(grey_of(picture), depth, ring)

    def likeness(self, index: int, mask: NDArray[np.bool_], look: Look) -> float:
        """Return how much an outline on a slice looks like the object; raises as `picture_of`."""
        picture = picture_of(self.volume, Plane(self.axis, index), self.window)
        return look.likeness(grey_of(picture), mask)

    @property
    def pixel_mm(self) -> tuple[float, float]:
        """Height and width of a pixel of these slices; 1 where the spacing is not known."""
        if not self.volume.spacing_known:
            return 1.0, 1.0
        a, b = Plane(self.axis, 0).flat(self.volume.geometry.spacing_mm)
        return a, b

    @property
    def _gap_mm(self) -> float:
        spacing = self.volume.geometry.spacing_mm if self.volume.spacing_known else (1.0, 1.0, 1.0)
        return float(spacing[self.axis])
