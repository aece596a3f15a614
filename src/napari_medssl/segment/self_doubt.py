"""How far two looks at one image differ, and how unsure a network is where it drew the line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Collection

    from numpy.typing import NDArray


def disagreement(
    one: NDArray[Any],
    other: NDArray[Any],
    values: Collection[int],
    missing: Collection[int] = (),
) -> float:
    """Return the part of what two label maps outline on which they differ, as a mean over labels.

    Of each label 1 - Dice, which is known to foretell the Dice with the truth (Roy 2019, "Bayesian
    QuickNAT", where it is taken between samples of one network).

    Parameters
    ----------
    one, other : (z, y, x) arrays
        Label maps.
    values : collection of int
        Labels to compare; those in neither map do not count.
    missing : collection of int
        Labels that should have been found and were not: they count as wholly in dispute.

    Returns
    -------
    float
        0 where nothing is in dispute, 1 where nothing is shared.
    """
    found = []
    for value in values:
        a, b = one == value, other == value
        either = int(np.count_nonzero(a)) + int(np.count_nonzero(b))
        if value in missing:
            found.append(1.0)
        elif either:
            found.append(1 - 2 * int(np.count_nonzero(a & b)) / either)
    return float(np.mean(found)) if found else 0.0


def unsure_along_outline(labels: NDArray[Any], uncertainty: NDArray[Any]) -> float:
    """Return the mean uncertainty of the voxels on both sides of all outlines.

    Inside an organ a network is sure even where it is wrong altogether, and far outside too; the
    mean over a whole image tells of its size more than of its outline. Where nothing is outlined
    it is the highest uncertainty anywhere: how near the network came to outlining something.

    Parameters
    ----------
    labels : (z, y, x) array
        A label map.
    uncertainty : (z, y, x) array
        Of the same shape.

    Returns
    -------
    float
        In the unit of the uncertainty.
    """
    band = outline_band(labels)
    if not band.any():
        return float(uncertainty.max(initial=0))
    return float(uncertainty[band].mean(dtype=np.float64))


def outline_band(labels: NDArray[Any]) -> NDArray[np.bool_]:
    """Tell which voxels touch one of another label across a face."""
    band = np.zeros(labels.shape, bool)
    for axis in range(labels.ndim):
        count = labels.shape[axis]
        low, high = (
            tuple(cut if a == axis else slice(None) for a in range(labels.ndim))
            for cut in (slice(0, count - 1), slice(1, count))
        )
        differs = labels[low] != labels[high]
        band[low] |= differs
        band[high] |= differs
    return band
