"""How far an image is from those that a network learned from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_medssl.volume.finite import fill_not_finite

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from napari_medssl.volume import Pipeline, Volume

Features = tuple[float, ...]

_QUANTILES = (5, 25, 50, 75, 95, 99)
_MOST_SAMPLES = 200_000
#: no spread is taken to be less, as one or two cases do not tell it: ten percent, for grey values
#: of the range from the first to the last but one quantile
_LEAST_SPREAD = 0.1


def features_of(volume: Volume, preparation: Pipeline) -> Features:
    """Return what an image is like: its grey values as the network sees them, sizes and noise.

    Six quantiles of the prepared voxels, which differ for another sequence, kernel, contrast agent
    or windowing; the logarithm of the mean step between neighbours, for noise and blur; and the
    logarithms of the voxels' sides and of the image's sides in mm, for another protocol or part of
    the body. Cheap and explained; what only shapes tell, such as a missing organ, it does not see.

    Parameters
    ----------
    volume : Volume
        An image.
    preparation : Pipeline
        Of the network.

    Returns
    -------
    tuple of float
        As many as for any other image.
    """
    prepared, _ = preparation(fill_not_finite(volume))
    array = prepared.array
    flat = array.reshape(-1)
    grey = np.percentile(flat[:: max(1, flat.size // _MOST_SAMPLES)], _QUANTILES)
    steps = np.abs(np.diff(array[..., ::2, :].astype(np.float32), axis=-1))
    noise = float(steps.mean()) if steps.size else 0.0
    grid = volume.geometry
    sides = [n * mm for n, mm in zip(grid.shape, grid.spacing_mm, strict=True)]
    return (
        *(float(value) for value in grey),
        float(np.log(noise / _range(grey) + 1e-3)),
        *(float(v) for v in np.log(grid.spacing_mm)),
        *(float(v) for v in np.log(sides)),
    )


def distance(features: Features, learned: Sequence[Features]) -> float:
    """Return how many standard deviations lie between an image and those learned from.

    The root of the mean square over the features, each measured from the mean of what was learned
    from in its spread there: a Mahalanobis distance with a diagonal covariance, which is all that
    a handful of cases allow to estimate. Gonzalez 2022 ("Distance-based detection of
    out-of-distribution silent failures") shows that such distances find failures about which a
    network is sure of itself.

    Parameters
    ----------
    features : tuple of float
        Of the image.
    learned : sequence of tuple of float
        Of the images learned from; where there is none, the distance is 0.
    """
    if not learned:
        return 0.0
    known = np.asarray(learned, float)
    least = np.full(known.shape[1], _LEAST_SPREAD)
    least[: len(_QUANTILES)] *= _range(known.mean(axis=0))
    spread = np.maximum(known.std(axis=0), least)
    away = (np.asarray(features) - known.mean(axis=0)) / spread
    return float(np.sqrt(np.mean(away**2)))


def _range(grey: NDArray[np.float64]) -> float:
    """Return what grey values span; 1 where there is one value only."""
    return float(grey[len(_QUANTILES) - 2] - grey[0]) or 1.0
