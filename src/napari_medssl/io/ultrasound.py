"""What ultrasound says about itself: the regions of a picture and their calibration.

An ultrasound picture is a screenshot: next to the scan may stand a Doppler curve, a heart rate or
the patient's name. The file lists regions of the screen and, for each, what a pixel measures.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_medssl.io.dicom.tags import Tags

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pydicom.dataset import Dataset

_TISSUE_2D = 1  # Region Spatial Format
_CENTIMETRES = 3  # Physical Units
_SAME = 0.01


@dataclass(frozen=True)
class ScanRegion:
    """A part of the picture that shows tissue, with the size of its pixels.

    Parameters
    ----------
    left, top, right, bottom : int
        Pixel columns and rows of its corners, inclusive.
    row_mm, column_mm : float
        Distance between rows and between columns, in mm.
    """

    left: int
    top: int
    right: int
    bottom: int
    row_mm: float
    column_mm: float

    @property
    def area(self) -> int:
        """Pixels inside."""
        return (self.right - self.left + 1) * (self.bottom - self.top + 1)

    def agrees_with(self, other: ScanRegion) -> bool:
        """Tell whether pixels of both regions have one size, to a hundredth."""
        return (
            abs(self.row_mm / other.row_mm - 1) < _SAME
            and abs(self.column_mm / other.column_mm - 1) < _SAME
        )


def scan_regions(items: Iterable[Dataset]) -> tuple[ScanRegion, ...]:
    """Return the calibrated two-dimensional tissue regions, largest first.

    Parameters
    ----------
    items : iterable of Dataset
        The items of the file's Sequence of Ultrasound Regions.
    """
    found = [region for region in map(_region, items) if region is not None]
    return tuple(sorted(found, key=lambda region: -region.area))


def _region(item: Dataset) -> ScanRegion | None:
    tags = Tags.of(item)
    units = tags.whole("PhysicalUnitsXDirection"), tags.whole("PhysicalUnitsYDirection")
    if tags.whole("RegionSpatialFormat") != _TISSUE_2D or units != (_CENTIMETRES, _CENTIMETRES):
        return None
    corners = [tags.whole(f"RegionLocation{side}") for side in ("MinX0", "MinY0", "MaxX1", "MaxY1")]
    across, down = tags.number("PhysicalDeltaX"), tags.number("PhysicalDeltaY")
    if None in corners or not across or not down:
        return None
    left, top, right, bottom = (int(c) for c in corners if c is not None)
    return ScanRegion(left, top, right, bottom, abs(down) * 10, abs(across) * 10)


def region_spacing(
    regions: tuple[ScanRegion, ...], rows: int, columns: int
) -> tuple[tuple[float, float] | None, str]:
    """Return (row, column) spacing in mm, or None, and how it was found or why not.

    A region that reaches outside the picture tells that the picture was cut or scaled after it
    was calibrated, and by how much is not known: such a calibration is not used.

    Returns
    -------
    spacing : (float, float) or None
        Distance between rows and between columns, in mm.
    how : {"region", "largest-region", "outside", "none"}
        From all regions alike, from the largest of several that differ, not used because a region
        lies outside the picture, or no region given.
    """
    if not regions:
        return None, "none"
    if any(r.right > columns or r.bottom > rows or r.left < 0 or r.top < 0 for r in regions):
        return None, "outside"
    largest = regions[0]
    how = "region" if all(largest.agrees_with(r) for r in regions) else "largest-region"
    return (largest.row_mm, largest.column_mm), how
