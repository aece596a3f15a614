"""What an image is: voxels, where they are, what they measure, and where they came from."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from napari_medssl.errors import GeometryError
from napari_medssl.volume.axes import AxisMap, canonical_axes

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_medssl.volume.geometry import Geometry

Modality = Literal["CT", "MR", "US", "PT", "OT"]  # OT: not known, or none of these
Stack = Literal["space", "time"]


@dataclass(frozen=True)
class Notice:
    """Something that was assumed or found while reading, for the user to see.

    Parameters
    ----------
    code : str
        A short name for tests and machines, such as ``"spacing-assumed"``.
    text : str
        One or two whole sentences for people.
    """

    code: str
    text: str


@dataclass(frozen=True)
class Source:
    """Where a volume came from: enough to write a mask on the very same grid.

    Parameters
    ----------
    name : str
        File or folder name, without its path.
    format : str
        ``"nifti"``, ``"nrrd"``, ``"mha"``, ``"dicom"``, ``"picture"`` or ``"made"``.
    geometry : Geometry
        The grid as stored: array axes are (i, j, k), the order of the command line.
    axes : AxisMap
        From the stored axes to the volume's (z, y, x).
    path : Path or None
        The file or folder itself; None for a volume made in memory.
    header : bytes
        For NIfTI the raw header, whose orientation fields are written back byte for byte; for
        DICOM a digest of which slices these are, by which they are found again.
    volume, volumes : int
        Which of how many 3-D volumes of a 4-D file this is, from 0.
    """

    name: str
    format: str
    geometry: Geometry
    axes: AxisMap
    path: Path | None = None
    header: bytes = b""
    volume: int = 0
    volumes: int = 1


@dataclass(frozen=True)
class Volume:
    """A 3-D image (or one slice, or a cine) in the inside convention, valid from birth.

    Parameters
    ----------
    array : (z, y, x) or (3, z, y, x) array
        Voxels, read-only; three leading channels are red, green, blue in 0..255.
    geometry : Geometry
        The grid of (z, y, x): z up the body, y to the back, x to the patient's left, as nearly
        as the source's own axes allow; oblique directions are kept.
    source : Source
        The file it came from and its stored grid.
    modality : {"CT", "MR", "US", "PT", "OT"}
        What made the image; "OT" when not known.
    units : str
        What a voxel measures: ``"HU"`` for CT, else as the file says, or empty.
    stack : {"space", "time"}
        Whether the stored third axis (axis 0, until `Orient` turns it) is a direction in the
        patient or the frames of a cine.
    spacing_known, orientation_known : bool
        False where the file says nothing and 1 mm, or the usual picture layout, is assumed.
    notices : tuple of Notice
        What was assumed or found while reading.
    frame_ms : float or None
        Time between the frames of a cine, where the file tells it.
    """

    array: NDArray[Any]
    geometry: Geometry
    source: Source
    modality: Modality = "OT"
    units: str = ""
    stack: Stack = "space"
    spacing_known: bool = True
    orientation_known: bool = True
    notices: tuple[Notice, ...] = field(default=())
    frame_ms: float | None = None

    def __post_init__(self) -> None:
        grid = self.array.shape[-3:]
        if self.array.ndim not in (3, 4) or grid != self.geometry.shape:
            raise GeometryError(
                f"an array of {self.array.shape} for a grid of {self.geometry.shape}",
                expected="(z, y, x) or (3, z, y, x) of the grid's own shape",
            )
        if self.array.ndim == 4 and self.array.shape[0] != 3:
            raise GeometryError(
                f"an image of {self.array.shape[0]} channels", expected="one, or red, green, blue"
            )
        frozen = self.array.view()
        frozen.setflags(write=False)
        object.__setattr__(self, "array", frozen)

    @classmethod
    def from_source_array(
        cls,
        stored: NDArray[Any],
        source_geometry: Geometry,
        *,
        name: str,
        format: str,
        path: Path | None = None,
        header: bytes = b"",
        volume: int = 0,
        volumes: int = 1,
        **rest: Any,
    ) -> Volume:
        """Turn an array in the file's own axis order (i, j, k) or (3, i, j, k) into a volume.

        Values are untouched; ``rest`` are further fields of `Volume`.
        """
        axes = canonical_axes(source_geometry)
        source = Source(name, format, source_geometry, axes, path, header, volume, volumes)
        array = np.ascontiguousarray(axes.apply(stored))
        return cls(array, axes.apply_geometry(source_geometry), source, **rest)

    @property
    def is_rgb(self) -> bool:
        """True for a colour image, an array of (3, z, y, x)."""
        return self.array.ndim == 4

    @property
    def frame_axis(self) -> int | None:
        """The array axis along which the frames of a cine follow; None for a stack in space."""
        return self.source.axes.order.index(2) if self.stack == "time" else None

    @property
    def slice_axis(self) -> int:
        """The array axis along which the scanner stacked slices (0 axial, 1 coronal, 2 sagittal).

        The stored third axis, unless the file's spacing shows plainly that another is the thick
        one (files in which the third axis is not the slice axis are common in research).
        """
        stored_third = self.source.axes.order.index(2)
        spacing = self.geometry.spacing_mm
        if self.geometry.shape[stored_third] == 1:
            return stored_third
        thickest = int(np.argmax(spacing))
        return thickest if spacing[thickest] > 1.5 * spacing[stored_third] else stored_third

    def to_source(self, on_grid: NDArray[Any]) -> NDArray[Any]:
        """Return a (z, y, x) array of this grid in the file's own axis order (i, j, k)."""
        if on_grid.shape[-3:] != self.geometry.shape:
            raise GeometryError(
                f"an array of {on_grid.shape} for an image of {self.geometry.shape}",
                expected="the same grid",
            )
        return self.source.axes.inverse.apply(on_grid)

    def index_from_source(self, ijk: tuple[float, float, float]) -> tuple[float, float, float]:
        """Command-line voxel (i, j, k) -> index (z, y, x) into ``array``."""
        z, y, x = self.source.axes.index(ijk, self.source.geometry.shape)
        return z, y, x

    def index_to_source(self, zyx: tuple[float, float, float]) -> tuple[float, float, float]:
        """Index (z, y, x) into ``array`` -> command-line voxel (i, j, k)."""
        i, j, k = self.source.axes.inverse.index(zyx, self.geometry.shape)
        return i, j, k

    def with_values(self, array: NDArray[Any], *, units: str = "") -> Volume:
        """Return other voxels on the same grid, measuring ``units``."""
        return replace(self, array=array, units=units)

    def on_grid(self, array: NDArray[Any], geometry: Geometry) -> Volume:
        """Return the same image sampled on another grid.

        The source becomes a made one that keeps the file's name, path and axis order, so that
        what is written from here on lands on the new grid, and never on the file itself.
        """
        stored = self.source.axes.inverse.apply_geometry(geometry)
        source = replace(self.source, format="made", geometry=stored, header=b"")
        return replace(self, array=array, geometry=geometry, source=source)

    def as_stored(self) -> Volume:
        """Return the same image with its present array axes as the stored axes (i, j, k).

        What is written from it has the axis order seen here, not that of the file it came from.
        """
        axes = AxisMap()
        if self.source.axes == axes:
            return self
        made = replace(self.source, format="made", geometry=self.geometry, header=b"", axes=axes)
        return replace(self, source=made)

    def noting(self, code: str, text: str) -> Volume:
        """Return the same image with one more notice for the user."""
        return replace(self, notices=(*self.notices, Notice(code, text)))
