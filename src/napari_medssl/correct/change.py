"""The one door through which every correction passes: a label becomes what was wanted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_medssl.correct.edit import Edit, Index
from napari_medssl.errors import GeometryError, UsageError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_medssl.correct.rules import Rules


def set_label(
    labels: NDArray[Any],
    value: int,
    wanted: NDArray[np.bool_],
    rules: Rules,
    *,
    image: NDArray[Any] | None = None,
    add_only: bool = False,
    low: Index = (0, 0, 0),
) -> Edit | None:
    """Return the edit that makes a label be what is wanted, as far as the rules allow.

    Nothing is changed yet: `Edit.apply` does that.

    Parameters
    ----------
    labels : (z, y, x) unsigned array
        A label map, or the part of it that may change.
    value : int
        The label; 0 erases what is wanted.
    wanted : (z, y, x) bool array
        Where the label is to be, of the same shape.
    rules : Rules
        What may change.
    image : (z, y, x) array, optional
        Intensities of the same part, for rules with a range.
    add_only : bool
        Keep the label where it is already; else its voxels that are not wanted become 0.
    low : (z, y, x)
        Where in the label map the part begins.

    Returns
    -------
    Edit or None
        None where nothing changes.

    Raises
    ------
    GeometryError
        If the shapes differ.
    UsageError
        If the label map's type does not hold ``value``, or a range of intensities has no image.
    """
    if labels.shape != wanted.shape:
        raise GeometryError(f"{wanted.shape} voxels for a label map of {labels.shape}")
    require_room(labels, value)
    here = labels == value
    after = np.where(wanted & ~here & rules.allows(labels, value, image), value, labels)
    if not add_only:
        after[here & ~wanted & rules.allows(labels, 0, image)] = 0
    return Edit.between(labels, after.astype(labels.dtype, copy=False), low)


def require_room(labels: NDArray[Any], value: int) -> None:
    """Refuse a label that a label map's type does not hold.

    Raises
    ------
    UsageError
        If ``value`` is negative or too large.
    """
    most = np.iinfo(labels.dtype).max
    if not 0 <= value <= most:
        raise UsageError(f"the label {value}", expected=f"a whole number up to {most:,}")
