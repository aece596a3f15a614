"""The series that an image was read from, found again: what each of its planes is in the files."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from pydicom.uid import generate_uid

from napari_medssl.errors import UnreadableFileError, UnsupportedFormatError
from napari_medssl.io.dicom.geometry import normal_of
from napari_medssl.io.dicom.headers import read_elements
from napari_medssl.io.dicom.read import survey
from napari_medssl.io.dicom.tags import Tags
from napari_medssl.io.dicom.volume import fingerprint, grid_of, without_repeats

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray
    from pydicom.dataset import Dataset

    from napari_medssl.io.dicom.geometry import SliceGrid
    from napari_medssl.io.dicom.stacks import Slice
    from napari_medssl.volume import Geometry, Volume

#: what an object made from a series repeats of it
REPEATED = (
    *("PatientName", "PatientID", "IssuerOfPatientID", "PatientBirthDate", "PatientSex"),
    *("StudyInstanceUID", "StudyDate", "StudyTime", "StudyID", "AccessionNumber"),
    *("ReferringPhysicianName", "FrameOfReferenceUID", "PositionReferenceIndicator"),
)
_IDENTITY = (*REPEATED, "SOPClassUID", "SeriesInstanceUID")
#: how far a drawing may lie off a plane: others round positions to a tenth of a millimetre
_OFF_PLANE_MM, _OFF_PLANE_SHARE, _OFF_PLANE_MOST = 0.1, 0.05, 0.25


class Reference(NamedTuple):
    """How DICOM names one frame: class and identifier of its file, frame from 1 if it has many."""

    class_uid: str
    instance_uid: str
    frame: int | None = None


class SourcePlane(NamedTuple):
    """One plane of the image's grid.

    Its first pixel's position in LPS mm, and the frame that it is; None where it was filled in.
    """

    position: tuple[float, ...]
    reference: Reference | None


@dataclass(frozen=True)
class SourceSeries:
    """The series behind one volume.

    Parameters
    ----------
    geometry : Geometry
        The grid of (i, j, k): columns, rows, planes.
    planes : tuple of SourcePlane
        One for each k.
    orientation : six numbers
        Row and column direction that all planes share.
    header : Dataset
        What it says of patient, study and frame of reference.
    """

    geometry: Geometry
    planes: tuple[SourcePlane, ...]
    orientation: tuple[float, ...]
    header: Dataset

    @property
    def rows(self) -> int:
        """Rows of a plane."""
        return self.geometry.shape[1]

    @property
    def columns(self) -> int:
        """Columns of a plane."""
        return self.geometry.shape[0]

    @cached_property
    def tags(self) -> Tags:
        """Typed access to the header."""
        return Tags.of(self.header)

    @cached_property
    def planes_of(self) -> Mapping[str, frozenset[int]]:
        """Which planes lie in which file, by its identifier."""
        found: dict[str, set[int]] = {}
        for k, plane in enumerate(self.planes):
            if plane.reference is not None:
                found.setdefault(plane.reference.instance_uid, set()).add(k)
        return {uid: frozenset(ks) for uid, ks in found.items()}

    @property
    def is_named(self) -> bool:
        """Whether it has all the identifiers by which another object can refer to it."""
        stated = (self.tags.text(k) for k in ("StudyInstanceUID", "SeriesInstanceUID"))
        return all(stated) and all(r.class_uid and r.instance_uid for r in self.files)

    @property
    def frame_of_reference(self) -> str:
        """The coordinate system of its positions.

        Where the series names none it gets one made from its own identifier: the positions of one
        series always share a coordinate system.
        """
        made = generate_uid(entropy_srcs=[self.tags.text("SeriesInstanceUID")])
        return self.tags.text("FrameOfReferenceUID") or str(made)

    @property
    def files(self) -> tuple[Reference, ...]:
        """The files that hold its planes, each once, without a frame."""
        found = (p.reference._replace(frame=None) for p in self.planes if p.reference is not None)
        return tuple(dict.fromkeys(found))

    @cached_property
    def _axes(self) -> NDArray[np.float64]:
        """Rows: unit vectors along the columns' index, the rows' index and the normal."""
        o = np.asarray(self.orientation).reshape(2, 3)
        return np.stack([o[0], o[1], normal_of(self.orientation)])

    @cached_property
    def _depths(self) -> NDArray[np.float64]:
        depths: NDArray[np.float64] = np.array([p.position for p in self.planes]) @ self._axes[2]
        return depths

    def plane_at(self, points: NDArray[np.float64]) -> int | None:
        """Return the plane on which points (n, 3) in LPS mm lie; None if on none, or on several."""
        depth = points @ self._axes[2]
        k = int(np.argmin(np.abs(self._depths - depth[0])))
        step = self.geometry.spacing_mm[2]
        slack = min(max(_OFF_PLANE_MM, _OFF_PLANE_SHARE * step), _OFF_PLANE_MOST * step)
        return k if bool(np.abs(depth - self._depths[k]).max() <= slack) else None

    def in_plane(self, points: NDArray[np.float64], k: int) -> NDArray[np.float64]:
        """Points (n, 3) in LPS mm -> (row, column) in plane k, pixel centres at whole numbers."""
        spacing = np.array([self.geometry.spacing_mm[1], self.geometry.spacing_mm[0]])
        axes = self._axes[[1, 0]]
        found: NDArray[np.float64] = (points - self.planes[k].position) @ axes.T / spacing
        return found

    def in_space(self, points: NDArray[np.float64], k: int) -> NDArray[np.float64]:
        """(row, column) in plane k -> points (n, 3) in LPS mm."""
        spacing = np.array([self.geometry.spacing_mm[1], self.geometry.spacing_mm[0]])
        found: NDArray[np.float64] = (points * spacing) @ self._axes[[1, 0]]
        return found + self.planes[k].position

    def renamed(self, header: Dataset, uids: Callable[[Sequence[str]], list[str]]) -> SourceSeries:
        """Return the same planes under another header and other identifiers."""
        known = [p.reference.instance_uid for p in self.planes if p.reference is not None]
        new = dict(zip(known, uids(known), strict=True))
        planes = tuple(
            plane
            if plane.reference is None
            else plane._replace(
                reference=plane.reference._replace(instance_uid=new[plane.reference.instance_uid])
            )
            for plane in self.planes
        )
        return replace(self, header=header, planes=planes)


def find_source(volume: Volume) -> SourceSeries:
    """Find the series that an image was read from; reads headers only.

    Raises
    ------
    UnsupportedFormatError
        If it was read from no series whose slices have a place in a frame of reference.
    UnreadableFileError
        If the files are no longer those that were opened.
    """
    name, path = volume.source.name, volume.source.path
    if volume.source.format != "dicom" or path is None:
        raise UnsupportedFormatError(
            f"the image '{name}' is no DICOM series",
            expected="the series itself, whose slices a DICOM mask must name",
            do="Open the DICOM folder of this image, or use NIfTI (.nii.gz) for its masks",
        )
    slices = _slices_again(volume, path)
    if slices[0].frame.placement is None:
        raise UnsupportedFormatError(
            f"the picture '{name}' has no place in the patient",
            expected="slices with a position, as a DICOM mask needs",
            do="Save its mask as NIfTI (.nii.gz)",
        )
    slices, _ = without_repeats(slices)
    grid = grid_of(slices)
    header = read_elements(slices[0].file.path, _IDENTITY)
    return SourceSeries(
        geometry=volume.source.geometry,
        planes=_planes(grid, slices, Tags.of(header).text("SOPClassUID")),
        orientation=slices[0].placement.orientation,
        header=header,
    )


def _slices_again(volume: Volume, path: Path) -> tuple[Slice, ...]:
    _, stacks = survey(path)
    for stack in stacks:
        for slices in stack.volumes:
            if fingerprint(slices) == volume.source.header:
                return slices
    raise UnreadableFileError(
        f"the DICOM files of '{volume.source.name}' are not those that were opened",
        do="Open the image again",
    )


def _planes(grid: SliceGrid, slices: Sequence[Slice], class_uid: str) -> tuple[SourcePlane, ...]:
    planes = []
    for k, (below, fraction) in enumerate(zip(grid.below, grid.fraction, strict=True)):
        if fraction:
            position = np.asarray(grid.origin_mm) + k * np.asarray(grid.step_mm)
            planes.append(SourcePlane(tuple(position.tolist()), None))
            continue
        file, frame = slices[below]
        number = frame.index + 1 if len(file.frames) > 1 else None
        reference = Reference(class_uid, file.instance_uid, number)
        planes.append(SourcePlane(slices[below].placement.position, reference))
    return tuple(planes)
