"""What the slices across each axis of an array (z, y, x) are called."""

from __future__ import annotations

#: the axis that a slice of the plane stands across
PLANES = {"axial": 0, "coronal": 1, "sagittal": 2}

#: the same by axis
AXIS_NAMES = tuple(PLANES)
