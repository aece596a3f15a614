"""What growing through a volume goes by: how far edges move, and what counts how much."""

from __future__ import annotations

from dataclasses import dataclass

from napari_medssl.errors import UsageError

#: weight of a network that is asked on every slice
ASKED = 0.25


@dataclass(frozen=True)
class GrowRules:
    """How a mask is followed from slice to slice.

    Three things speak for or against every pixel: how deep it lies in the outline next door, how
    its grey value and its place compare with those of the object, and what the network says.

    Parameters
    ----------
    slant : float
        How far an edge may well move sideways for each mm from slice to slice.
    momentum : float
        How much of the way that edges took from one slice to the next is expected again: 0 for
        none, 1 for all of it.
    network : float
        Weight of the network's answer; 0 does without it, and nothing is embedded then. It makes
        a slice some sixty times slower and helps where an object and its neighbour have one grey,
        as tumours and muscle; then 0.25 is a good weight (`ASKED`).
    greys : float
        Weight of the grey values; 0 for objects that look like their surroundings.
    least_likeness : float
        An object ends where what is found looks less like it than this part of how much the
        outline that it is followed from does.
    least_area, most_area : float
        It ends, too, where its area is below or above these parts of that outline's.

    Raises
    ------
    UsageError
        If the slant is not above 0, a weight or the momentum is negative, both weights are 0, or
        no area is allowed.
    """

    slant: float = 0.25
    momentum: float = 0.5
    network: float = 0.0
    greys: float = 1.5
    least_likeness: float = 0.5
    least_area: float = 0.05
    most_area: float = 1.5

    def __post_init__(self) -> None:
        if self.slant <= 0:
            raise UsageError(f"a slant of {self.slant:g}", expected="a number above 0")
        if min(self.network, self.greys, self.momentum) < 0 or self.network + self.greys == 0:
            raise UsageError(
                f"weights of {self.network:g} for the network and {self.greys:g} for the greys",
                expected="none below 0, and one above",
            )
        if self.least_area >= self.most_area:
            raise UsageError(
                f"areas from {self.least_area:g} to {self.most_area:g}", expected="the lower first"
            )
