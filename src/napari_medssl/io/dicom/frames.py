"""One frame of a DICOM file: where it lies, what a pixel measures, and which phase it belongs to.

A plain image has one frame, described at the top of the file. In an enhanced multi-frame image
each frame is described by functional groups: some shared by all, some its own.
"""

from __future__ import annotations

from collections import ChainMap
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from napari_medssl.io.dicom.tags import Tags
from napari_medssl.io.ultrasound import region_spacing, scan_regions

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

Orientation = tuple[float, ...]
Position = tuple[float, ...]
SpacingSource = Literal[
    "given", "detector", "scanned", "region", "largest-region", "outside", "assumed"
]

#: what may tell images at one place apart, with the words for it, in the order to try
PHASES = {
    "TemporalPositionIndex": "time point",
    "TemporalPositionIdentifier": "time point",
    "EffectiveEchoTime": "echo time",
    "EchoTime": "echo time",
    "EchoNumbers": "echo",
    "DiffusionBValue": "b-value",
    "DiffusionGradientOrientation": "diffusion direction",
    "InversionTime": "inversion time",
    "NominalCardiacTriggerDelayTime": "cardiac phase",
    "NominalPercentageOfCardiacPhase": "cardiac phase",
    "TriggerTime": "trigger time",
    "FrameReferenceTime": "frame time",
    "ComplexImageComponent": "image type",
    "FrameType": "image type",
    "ImageType": "image type",
    "KVP": "tube voltage",
    "StackID": "stack",
    "AcquisitionNumber": "acquisition",
    "FrameAcquisitionDateTime": "time",
    "AcquisitionDateTime": "time",
    "AcquisitionTime": "time",
    "ContentTime": "time",
}
#: detectors whose pixel size is not a size in the patient unless it was calibrated
_PROJECTIONS = {"CR", "DX", "MG", "RF", "XA", "IO", "PX", "RG"}
_UNIT_TOLERANCE = 1e-2
_AXIAL = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a frame lies: row and column direction (6 numbers) and first pixel, in LPS mm.

    ``assumed`` where only a slice location is given and the position is made from it.
    """

    orientation: Orientation
    position: Position
    assumed: bool = False


@dataclass(frozen=True, slots=True)
class PixelSize:
    """Distance between rows and between columns in mm, and where the file says so."""

    row_mm: float
    column_mm: float
    source: SpacingSource


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame of a file.

    Parameters
    ----------
    index : int
        Its place in the file, from 0.
    placement : Placement or None
        None where the file does not place it in the patient.
    pixel_size : PixelSize
        Millimetres between pixels.
    thickness_mm : float or None
        Slice thickness.
    slope, intercept : float
        Value = slope x stored + intercept.
    phase : tuple of str
        One entry for each of `PHASES`; empty where the file says nothing.
    """

    index: int
    placement: Placement | None
    pixel_size: PixelSize
    thickness_mm: float | None
    slope: float
    intercept: float
    phase: tuple[str, ...]


def read_frames(dataset: Dataset, count: int, rows: int, columns: int) -> tuple[Frame, ...]:
    """Describe the ``count`` frames of a file from its header."""
    top = Tags.of(dataset)
    modality = top.text("Modality")
    shared = _macros(top.items("SharedFunctionalGroupsSequence")[:1])
    own = top.items("PerFrameFunctionalGroupsSequence")
    plain = {int(tag): dataset for tag in dataset.keys()}  # noqa: SIM118 - not a dict
    if len(own) != count:
        # no (or not enough) functional groups: all frames share the top of the file, and more
        # than one frame at one place is no volume
        frame = _frame(0, Tags(ChainMap(shared, plain)), modality, rows, columns)
        placed = frame.placement if count == 1 else None
        return tuple(
            Frame(
                n,
                placed,
                frame.pixel_size,
                frame.thickness_mm,
                frame.slope,
                frame.intercept,
                frame.phase,
            )
            for n in range(count)
        )
    return tuple(
        _frame(n, Tags(ChainMap(_macros([group]), shared, plain)), modality, rows, columns)
        for n, group in enumerate(own)
    )


def _macros(groups: tuple[Dataset, ...] | list[Dataset]) -> dict[int, Dataset]:
    """Map each tag inside the functional group macros to the item that holds it."""
    owners: dict[int, Dataset] = {}
    for group in groups:
        for tag in group.keys():  # noqa: SIM118 - a Dataset is not a dict
            # a private macro may repeat a public tag with another meaning (Philips does)
            if tag.is_private:
                continue
            value = group[tag].value
            if type(value).__name__ != "Sequence" or not value:
                continue
            for inner in value[0].keys():  # noqa: SIM118
                owners.setdefault(int(inner), value[0])
            owners.update(_gradient(value[0]))
    return owners


def _gradient(macro: Dataset) -> dict[int, Dataset]:
    items = Tags.of(macro).items("DiffusionGradientDirectionSequence")
    return {int(tag): items[0] for tag in items[0].keys()} if items else {}  # noqa: SIM118


def _frame(index: int, tags: Tags, modality: str, rows: int, columns: int) -> Frame:
    thickness = tags.number("SliceThickness") or tags.number("SpacingBetweenSlices")
    slope = tags.number("RescaleSlope")
    return Frame(
        index=index,
        placement=_placement(tags, modality),
        pixel_size=_pixel_size(tags, modality, rows, columns),
        thickness_mm=abs(thickness) if thickness else None,
        slope=1.0 if slope is None else slope,
        intercept=tags.number("RescaleIntercept") or 0.0,
        phase=tuple(tags.text(keyword) for keyword in PHASES),
    )


def _placement(tags: Tags, modality: str) -> Placement | None:
    orientation = _unit_directions(tags.numbers("ImageOrientationPatient", 6))
    position = tags.numbers("ImagePositionPatient", 3)
    if orientation and position:
        return Placement(orientation, position)
    along = tags.number("SliceLocation")
    if along is None or modality not in {"CT", "MR", "PT"}:
        return None
    orientation = orientation or _AXIAL
    normal = np.cross(orientation[:3], orientation[3:])
    return Placement(orientation, tuple((normal * along).tolist()), assumed=True)


def _unit_directions(values: tuple[float, ...] | None) -> Orientation | None:
    """Return two unit vectors at right angles, or None where the file's are not nearly that."""
    if values is None:
        return None
    row, column = np.asarray(values[:3]), np.asarray(values[3:])
    lengths = np.linalg.norm(row), np.linalg.norm(column)
    if max(abs(length - 1) for length in lengths) > _UNIT_TOLERANCE:
        return None
    row, column = row / lengths[0], column / lengths[1]
    return None if abs(row @ column) > _UNIT_TOLERANCE else (*row.tolist(), *column.tolist())


def _pixel_size(tags: Tags, modality: str, rows: int, columns: int) -> PixelSize:
    given, detector = _positive(tags, "PixelSpacing"), _positive(tags, "ImagerPixelSpacing")
    if given and modality in _PROJECTIONS and (not detector or given == detector):
        return PixelSize(
            *given, "given" if tags.text("PixelSpacingCalibrationType") else "detector"
        )
    if given:
        return PixelSize(*given, "given")
    if detector:
        return PixelSize(*detector, "detector")
    if scanned := _positive(tags, "NominalScannedPixelSpacing"):
        return PixelSize(*scanned, "scanned")
    regions = scan_regions(tags.items("SequenceOfUltrasoundRegions"))
    spacing, how = region_spacing(regions, rows, columns)
    if spacing is not None:
        return PixelSize(*spacing, "region" if how == "region" else "largest-region")
    aspect = tags.numbers("PixelAspectRatio", 2) or (1.0, 1.0)
    ratio = aspect[0] / aspect[1] if min(aspect) > 0 else 1.0
    return PixelSize(ratio, 1.0, "outside" if how == "outside" else "assumed")


def _positive(tags: Tags, keyword: str) -> tuple[float, float] | None:
    values = tags.numbers(keyword, 2)
    return (values[0], values[1]) if values and min(values) > 0 else None
