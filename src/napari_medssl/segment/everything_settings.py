"""What counts as a thing when everything on a slice is looked for."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from napari_medssl.errors import UsageError

if TYPE_CHECKING:
    from napari_medssl.models.promptable import PromptEngine


@dataclass(frozen=True)
class EverythingSettings:
    """What counts as a thing.

    Parameters
    ----------
    points_per_side : int
        Points along the longer side of a slice, for networks that know points.
    box_sides : tuple of float
        Sides of the boxes for the others, as parts of the longer side of the slice.
    box_step : float
        Distance of one box from the next, as a part of its side.
    least_score : float
        The overlap (IoU, 0..1) with the truth that the network must expect of a mask.
    least_stability : float
        How alike (IoU, 0..1) a mask must be when its border is drawn a little tighter and a
        little looser.
    stability_offset : float
        How much tighter and looser, in logits.
    least_first_score : float
        As ``least_score``, before a mask was boxed tightly and decoded again.
    least_settled : float
        How alike (IoU, 0..1) a mask must be before and after that.
    looser : float
        How far each side of the tight box is moved out for that, as a part of its length. A box
        that cuts off a part of something is filled up to its sides; a looser one tells.
    most_settled : int
        Of how many masks that is tried, the best first.
    most_alike : float
        Of two masks that overlap more than this (IoU, 0..1), the better one is kept.
    least_area_mm2 : float
        Smaller masks are left out; in pixels where the spacing is not known.
    most_of_slice : float
        Masks that fill more of a slice (0..1) are left out, as background.
    flat : float
        Standard deviation, in grey values of 0..255, below which a place shows nothing.
    least_link : float
        Masks of neighbouring slices that overlap this much (IoU, 0..1) are one object.
    least_slices : int
        Objects of a volume on fewer slices are left out.

    Raises
    ------
    UsageError
        If one of them is out of range.

    References
    ----------
    Kirillov et al., Segment Anything, 2023, section 4 and appendix B; the thresholds are lower,
    as medical images want.
    """

    points_per_side: int = 32
    box_sides: tuple[float, ...] = (0.12, 0.17, 0.24, 0.34, 0.48, 0.68)
    box_step: float = 0.5
    least_score: float = 0.75
    least_stability: float = 0.85
    stability_offset: float = 1.0
    least_first_score: float = 0.6
    least_settled: float = 0.7
    looser: float = 0.0
    most_settled: int = 150
    most_alike: float = 0.7
    least_area_mm2: float = 40.0
    most_of_slice: float = 0.6
    flat: float = 2.0
    least_link: float = 0.5
    least_slices: int = 2

    def __post_init__(self) -> None:
        shares = ("least_score", "least_stability", "least_first_score", "least_settled")
        for name in (*shares, "most_alike", "most_of_slice", "least_link"):
            if not 0 <= getattr(self, name) <= 1:
                raise UsageError(f"{name} of {getattr(self, name):g}", expected="0 to 1")
        for name in ("points_per_side", "most_settled", "least_slices"):
            if not 1 <= getattr(self, name) <= 256:
                raise UsageError(f"{name} of {getattr(self, name)}", expected="1 to 256")
        for name in ("least_area_mm2", "flat", "stability_offset", "looser"):
            if not getattr(self, name) >= 0:
                raise UsageError(f"{name} of {getattr(self, name):g}", expected="0 or more")
        if not (0.05 <= self.box_step <= 2 and self.box_sides):
            raise UsageError(f"a box step of {self.box_step:g}", expected="0.05 to 2")
        if not all(0.02 <= side <= 1 for side in self.box_sides):
            raise UsageError("a box side that is no part of a slice", expected="0.02 to 1")

    @classmethod
    def for_engine(cls, engine: PromptEngine) -> EverythingSettings:
        """Return the settings that suit a network: masks from boxes have softer borders."""
        if engine.card.takes_points:
            return cls()
        return replace(cls(), least_stability=0.6)
