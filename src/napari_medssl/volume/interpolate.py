"""Values between voxels: arrays sampled along their own axes, one axis after the other.

Along one axis a new voxel is a weighted sum of a few old ones, so a separable resampling is two
to four gathers an axis: several times quicker than a general affine resampler, and exact about
edges, where the outermost voxel's value continues.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

from napari_medssl.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

Interpolation = Literal["linear", "spline", "area", "nearest"]
INTERPOLATIONS: tuple[str, ...] = get_args(Interpolation)


def check_interpolation(interpolation: str) -> None:
    """Refuse a name that is not one of `INTERPOLATIONS`.

    Raises
    ------
    UsageError
        If it is not.
    """
    if interpolation not in INTERPOLATIONS:
        raise UsageError(
            f"the interpolation '{interpolation}'", expected=f"one of {', '.join(INTERPOLATIONS)}"
        )


def sample(
    array: NDArray[Any],
    positions: Sequence[NDArray[np.float64] | None],
    interpolation: Interpolation,
) -> NDArray[Any]:
    """Sample an array at the grid spanned by positions along each of its last three axes.

    Parameters
    ----------
    array : (..., a0, a1, a2) array
        Finite numbers; any numbers or bool for ``"nearest"``.
    positions : three (n,) arrays or None
        Where to sample along each axis, evenly spaced, in (fractions of) voxels; beyond the first
        or last voxel that voxel's value continues. None leaves the axis alone.
    interpolation : {"linear", "spline", "area", "nearest"}
        Spline is cubic. Area is linear where voxels get smaller; where they get larger, it is the
        mean of the linearly interpolated image over each new voxel, so that fine detail does not
        alias.

    Returns
    -------
    (..., b0, b1, b2) array
        Of the array's own type for ``"nearest"``; else floating point, double where the array is
        double precision or wider than 16 bits of integer.
    """
    if interpolation != "nearest":
        array = array.astype(np.result_type(array.dtype, np.float32), copy=False)
    for axis in _most_shrinking_first(array, positions):
        at = positions[axis]
        if at is not None:
            array = _along(array, axis - 3, at, interpolation)
    return array


def as_type_of(values: NDArray[Any], original: NDArray[Any]) -> NDArray[Any]:
    """Interpolated values -> the original's type and range: integers rounded, overshoot cut."""
    if original.dtype.kind != "f":
        values = np.rint(values)
    within: NDArray[Any] = np.clip(values, original.min(), original.max())
    return within.astype(original.dtype, copy=False)


def _most_shrinking_first(
    array: NDArray[Any], positions: Sequence[NDArray[np.float64] | None]
) -> list[int]:
    """Order the axes so that the least work is left for the later ones."""
    size = array.shape[-3:]
    growth = [1.0 if at is None else len(at) / n for at, n in zip(positions, size, strict=True)]
    return sorted(range(3), key=growth.__getitem__)


def _along(
    array: NDArray[Any], axis: int, at: NDArray[np.float64], interpolation: Interpolation
) -> NDArray[Any]:
    size = array.shape[axis]
    at = np.clip(at, 0, size - 1)
    if interpolation == "nearest":
        nearest: NDArray[Any] = np.take(array, np.floor(at + 0.5).astype(np.intp), axis)
        return nearest
    if interpolation == "spline":
        array, (taps, weights) = _spline_coefficients(array, axis), _spline_taps(at, size)
    else:
        step = float(at[1] - at[0]) if interpolation == "area" and len(at) > 1 else 1.0
        taps, weights = _linear_taps(at, size, step if step > 1 else 0.0)
    spread = [1] * array.ndim
    spread[axis] = -1
    total = np.zeros((), array.dtype)
    for tap, weight in zip(taps, weights.astype(array.dtype), strict=True):
        total = total + np.take(array, tap, axis) * weight.reshape(spread)
    return total


def _linear_taps(
    at: NDArray[np.float64], size: int, width: float
) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Old voxels (taps, n) and their weights in a mean of width 0 or more about each position."""
    taps = np.floor(at - width / 2).astype(np.intp) + np.arange(int(np.ceil(width)) + 2)[:, None]
    away = taps - at
    if width:
        weights = (_under_hat(away + width / 2) - _under_hat(away - width / 2)) / width
    else:
        weights = np.maximum(0, 1 - np.abs(away))
    return np.clip(taps, 0, size - 1), weights


def _under_hat(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Integral, up to x, of the hat that rises from -1 to 0 and falls to 1."""
    x = np.clip(x, -1, 1)
    return 0.5 + x - x * np.abs(x) / 2


def _spline_taps(
    at: NDArray[np.float64], size: int
) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Coefficients (4, n) and their weights under a cubic B-spline, mirrored at the ends."""
    taps = np.floor(at).astype(np.intp) + np.arange(-1, 3)[:, None]
    away = np.abs(taps - at)
    weights = np.where(away < 1, 2 / 3 - away**2 + away**3 / 2, (2 - away) ** 3 / 6)
    mirrored = (size - 1) - np.abs((size - 1) - np.abs(taps))
    return np.clip(mirrored, 0, size - 1), weights


def _spline_coefficients(array: NDArray[Any], axis: int) -> NDArray[Any]:
    from scipy import ndimage

    coefficients: NDArray[Any] = ndimage.spline_filter1d(
        array, 3, axis, output=array.dtype, mode="mirror"
    )
    return coefficients
