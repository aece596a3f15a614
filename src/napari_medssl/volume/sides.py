"""Which sides of the patient lie beyond the edges of a picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_SIDES = (("L", "R"), ("P", "A"), ("S", "I"))
_SECOND_LETTER_FROM = 0.25  # an edge that leans more than 15 degrees gets a second letter


@dataclass(frozen=True)
class EdgeLetters:
    """What lies beyond each edge of a picture: R, L, A, P, S, I, or two of them."""

    left: str = ""
    right: str = ""
    top: str = ""
    bottom: str = ""


def edge_letters(right: NDArray[np.float64], up: NDArray[np.float64]) -> EdgeLetters:
    """Letters of a picture whose right edge and upper edge point to (x, y, z) in LPS+."""
    return EdgeLetters(towards(-right), towards(right), towards(up), towards(-up))


def towards(direction: NDArray[np.float64]) -> str:
    """Name the side of the patient that a direction (x, y, z in LPS+) points to.

    Examples
    --------
    >>> towards(np.array([1.0, 0.0, 0.0]))
    'L'
    >>> towards(np.array([-0.9, 0.0, 0.44]))
    'RS'
    """
    size = np.abs(direction)
    largest_first = np.argsort(-size, kind="stable")
    shown = [a for a in largest_first if size[a] > _SECOND_LETTER_FROM][:2]
    return "".join(_SIDES[a][0 if direction[a] > 0 else 1] for a in shown)
