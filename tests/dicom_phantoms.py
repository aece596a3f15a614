"""DICOM files made by the tests: every voxel's value tells where in the patient it must lie."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from pydicom import Dataset, dcmwrite, uid
from pydicom.dataset import FileMetaDataset
from pydicom.sequence import Sequence as Items

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_medssl.volume import Geometry, Volume

AXIAL = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
CORONAL = (1.0, 0.0, 0.0, 0.0, 0.0, -1.0)
CT_CLASS, MR_CLASS = uid.CTImageStorage, uid.MRImageStorage


def value_at(world: NDArray[np.float64]) -> NDArray[np.float64]:
    """Value, linear in the position (..., 3) in LPS mm, so that interpolation keeps it."""
    return world @ np.array([2.0, 3.0, 5.0])


def values_on(geometry: Geometry) -> NDArray[np.float64]:
    """What every voxel of a grid must hold."""
    return value_at(geometry.to_world(np.moveaxis(np.indices(geometry.shape), 0, -1)))


def misplaced(volume: Volume, offset: float = 0.0) -> float:
    """How far the voxels are from what their place says, at worst; rounding gives up to 1."""
    return float(np.abs(volume.array - values_on(volume.geometry) - offset).max())


@dataclass(frozen=True)
class SliceMaker:
    """How to make the slices of a series; `write` places one."""

    rows: int = 12
    columns: int = 10
    spacing: tuple[float, float] = (1.5, 0.8)
    thickness: float = 2.0
    orientation: tuple[float, ...] = AXIAL
    series: str = "1.2.826.0.1.1"
    series_number: int = 1
    modality: str = "CT"
    offset: float = 0.0
    intercept: float = -1024.0
    syntax: str = uid.ExplicitVRLittleEndian

    def pixels(self, position: Sequence[float]) -> NDArray[np.int16]:
        """Stored values (rows, columns) of a slice at a position."""
        o = np.asarray(self.orientation).reshape(2, 3)
        row, column = np.meshgrid(np.arange(self.rows), np.arange(self.columns), indexing="ij")
        world = (
            np.asarray(position, float)
            + column[..., None] * self.spacing[1] * o[0]
            + row[..., None] * self.spacing[0] * o[1]
        )
        return np.rint(value_at(world) + self.offset - self.intercept).astype(np.int16)

    def dataset(self, position: Sequence[float], number: int, **tags: Any) -> Dataset:
        """Return one slice."""
        ds = plain_image(self.pixels(position), self.syntax)
        ds.SOPClassUID = CT_CLASS if self.modality == "CT" else MR_CLASS
        ds.Modality = self.modality
        ds.SeriesInstanceUID, ds.SeriesNumber = self.series, self.series_number
        ds.InstanceNumber = number
        ds.ImageOrientationPatient = [f"{v:.10g}" for v in self.orientation]
        ds.ImagePositionPatient = [f"{v:.10g}" for v in position]
        ds.PixelSpacing = list(self.spacing)
        ds.SliceThickness = self.thickness
        ds.RescaleSlope, ds.RescaleIntercept = 1, self.intercept
        for keyword, value in tags.items():
            setattr(ds, keyword, value)
        return ds

    def write(self, path: Path, position: Sequence[float], number: int, **tags: Any) -> Path:
        """Write one slice."""
        return save(path, self.dataset(position, number, **tags))

    def write_all(
        self, folder: Path, positions: Iterable[Sequence[float]], *, first: int = 1, **tags: Any
    ) -> Path:
        """Write a series, one file a slice, named in order."""
        folder.mkdir(exist_ok=True)
        for n, position in enumerate(positions, first):
            self.write(folder / f"{self.series[-3:]}-{n:04d}.dcm", position, n, **tags)
        return folder

    def with_(self, **changes: Any) -> SliceMaker:
        """Return a maker that differs in some fields."""
        return replace(self, **changes)


def axial(depths: Iterable[float], tilt_deg: float = 0.0) -> list[tuple[float, float, float]]:
    """Positions of axial slices stacked along z; a tilted gantry shears them along y."""
    shear = float(np.tan(np.radians(tilt_deg)))
    return [(-20.0, -30.0 + z * shear, float(z)) for z in depths]


def plain_image(pixels: NDArray[Any], syntax: str = uid.ExplicitVRLittleEndian) -> Dataset:
    """Return an image of (rows, columns), (frames, rows, columns) or (..., 3) uint8 pixels."""
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = uid.UID(syntax)
    ds.SOPClassUID = uid.SecondaryCaptureImageStorage
    ds.SOPInstanceUID = uid.generate_uid()
    ds.SeriesInstanceUID = uid.generate_uid()
    ds.PatientName, ds.PatientID = "CANARY^NAME", "CANARY-ID"
    colour = pixels.dtype == np.uint8 and pixels.shape[-1] == 3
    size = pixels.shape[:-1] if colour else pixels.shape
    ds.Rows, ds.Columns = size[-2:]
    if len(size) == 3:
        ds.NumberOfFrames = size[0]
    ds.SamplesPerPixel = 3 if colour else 1
    if colour:
        ds.PlanarConfiguration = 0
    ds.PhotometricInterpretation = "RGB" if colour else "MONOCHROME2"
    ds.BitsAllocated = ds.BitsStored = 8 * pixels.dtype.itemsize
    ds.HighBit = ds.BitsStored - 1
    ds.PixelRepresentation = int(pixels.dtype.kind == "i")
    order = ">" if syntax == uid.ExplicitVRBigEndian else "<"
    raw = pixels.astype(pixels.dtype.newbyteorder(order)).tobytes()
    ds.PixelData = raw + b"\0" * (len(raw) % 2)
    ds["PixelData"].VR = "OB" if ds.BitsAllocated == 8 else "OW"
    return ds


def enhanced(
    maker: SliceMaker, positions: Sequence[Sequence[float]], echoes: Sequence[float] = ()
) -> Dataset:
    """Return an enhanced MR image with a frame for each position, and for each echo of it."""
    frames = [(p, e) for e in (echoes or (None,)) for p in positions]
    stacks = [maker.with_(offset=maker.offset + 100 * (e or 0)).pixels(p) for p, e in frames]
    ds = plain_image(np.stack(stacks), maker.syntax)
    ds.SOPClassUID, ds.Modality = uid.EnhancedMRImageStorage, "MR"
    measures, transform, orientation = Dataset(), Dataset(), Dataset()
    measures.PixelSpacing, measures.SliceThickness = list(maker.spacing), maker.thickness
    transform.RescaleSlope, transform.RescaleIntercept = 1, maker.intercept
    orientation.ImageOrientationPatient = list(maker.orientation)
    shared = Dataset()
    shared.PixelMeasuresSequence = Items([measures])
    shared.PixelValueTransformationSequence = Items([transform])
    shared.PlaneOrientationSequence = Items([orientation])
    ds.SharedFunctionalGroupsSequence = Items([shared])
    ds.PerFrameFunctionalGroupsSequence = Items([_own_group(p, e) for p, e in frames])
    return ds


def _own_group(position: Sequence[float], echo: float | None) -> Dataset:
    group, plane = Dataset(), Dataset()
    plane.ImagePositionPatient = [f"{v:.10g}" for v in position]
    group.PlanePositionSequence = Items([plane])
    if echo is not None:
        timing = Dataset()
        timing.EffectiveEchoTime = float(echo)
        group.MREchoSequence = Items([timing])
    return group


def scan_region(
    corners: tuple[int, int, int, int], delta_cm: tuple[float, float], *, format_: int = 1
) -> Dataset:
    """Return an ultrasound region of (left, top, right, bottom) and cm per column and row."""
    region = Dataset()
    region.RegionSpatialFormat = format_
    for side, value in zip(("MinX0", "MinY0", "MaxX1", "MaxY1"), corners, strict=True):
        setattr(region, f"RegionLocation{side}", value)
    region.PhysicalUnitsXDirection = region.PhysicalUnitsYDirection = 3
    region.PhysicalDeltaX, region.PhysicalDeltaY = delta_cm
    return region


def save(path: Path, ds: Dataset, *, preamble: bool = True) -> Path:
    """Write a file, with or without preamble and meta information."""
    ds.file_meta.MediaStorageSOPClassUID = ds.SOPClassUID
    ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID
    if preamble:
        dcmwrite(path, ds, enforce_file_format=True)
    else:
        bare = Dataset({tag: ds[tag] for tag in ds.keys()})  # noqa: SIM118 - not a dict
        dcmwrite(path, bare, implicit_vr=True, little_endian=True)
    return path
