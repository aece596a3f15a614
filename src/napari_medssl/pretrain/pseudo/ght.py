"""Generalised histogram thresholding: Otsu, minimum error and a percentile are its limits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_NOTHING = 1e-30


def ght_threshold(
    grey: NDArray[np.uint8],
    *,
    nu: float = 0.0,
    tau: float = 0.0,
    kappa: float = 0.0,
    omega: float = 0.5,
) -> float:
    """Return the threshold whose two classes explain the grey levels best, given prior beliefs.

    Each side of the threshold is a bell of its own mean and variance. Of equally good thresholds
    the mean is taken.

    Parameters
    ----------
    grey : (*sides) uint8 array
        From `grey.grey_levels`.
    nu, tau : float
        How strongly to believe that both bells have the deviation ``tau``, in grey levels. With
        nu = 0 it is minimum error thresholding; with a large nu and a small tau, Otsu's.
    kappa, omega : float
        How strongly to believe that the part ``omega`` of all pixels is dark. With a large kappa
        it is that percentile.

    Returns
    -------
    float
        What is above it is the bright class.

    References
    ----------
    Barron 2020, equations 4 to 18. S2 prints no values for its four numbers; these defaults favour
    nothing.
    """
    counts = np.bincount(grey.ravel(), minlength=256).astype(np.float64)
    levels = np.arange(256.0)
    dark, bright = _class_below(counts, levels), _class_below(counts[::-1], levels[::-1])
    sides = (dark, tuple(part[::-1] for part in bright))
    total = counts.sum()
    scores = np.zeros(255)
    for (weight, distortion), prior in zip(sides, (omega, 1 - omega), strict=True):
        belief = weight / total * nu
        variance = np.maximum(_NOTHING, (belief * tau**2 + distortion) / (belief + weight))
        scores += -distortion / variance - weight * np.log(variance)
        scores += 2 * (weight + kappa * prior) * np.log(weight)
    return float(levels[:-1][scores == scores.max()].mean())


def _class_below(
    counts: NDArray[np.float64], levels: NDArray[np.float64]
) -> tuple[NDArray[np.float64], ...]:
    """Return, for a cut after each level, how many pixels lie before it and how spread they are."""
    weight = np.maximum(_NOTHING, np.cumsum(counts)[:-1])
    mean = np.cumsum(counts * levels)[:-1] / weight
    squares = np.cumsum(counts * levels**2)[:-1]
    return weight, np.maximum(0.0, squares - weight * mean**2)
