"""Where a NIfTI header puts its voxels: sform, else qform, else an assumption that is said."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_medssl.errors import GeometryError
from napari_medssl.io.assemble import Placement
from napari_medssl.io.nifti_layout import MM_PER_UNIT
from napari_medssl.volume import Geometry, Notice

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_medssl.io.nifti_header import NiftiHeader

#: NIfTI's world is RAS+, ours LPS+
RAS_TO_LPS = np.diag([-1.0, -1.0, 1.0, 1.0])

_SAME_PLACE_VOXELS = 0.1
_SAME_SPACING = 0.01
_MOST_QUATERNION = 1.01


def place(header: NiftiHeader) -> Placement:
    """Return the grid of a NIfTI header, and what had to be assumed.

    Raises
    ------
    GeometryError
        If a voxel has no size, or neither form can be used.
    """
    with np.errstate(over="ignore", invalid="ignore"):  # damaged numbers are found, not warned of
        return _place(header)


def _place(header: NiftiHeader) -> Placement:
    spacing = _voxel_size(header)
    sform, sform_fault = _geometry(header, _sform_affine(header), header.fields["sform_code"])
    qform, qform_fault = _geometry(header, _qform_affine(header), header.fields["qform_code"])
    units = _unit_notice(header)
    if sform is not None:
        return Placement(sform, notices=(*units, *_disagreement(sform, qform, spacing)))
    if qform is not None:
        return Placement(qform, notices=(*units, *_unusable(sform_fault)))
    if fault := sform_fault or qform_fault:
        raise fault
    assumed = Geometry.from_affine(header.sizes, _millimetres(header, _analyze_affine(header)))
    words = (
        "The file does not say which side is which. It is shown as if its first axis ran to the "
        "patient's left, its second to the front and its third to the head: check left and right."
    )
    return Placement(
        assumed, orientation_known=False, notices=(*units, Notice("orientation-unknown", words))
    )


def _sform_affine(header: NiftiHeader) -> NDArray[np.float64]:
    """4 x 4, voxel (i, j, k) -> RAS, in the header's own unit."""
    rows = [header.fields[f"srow_{axis}"] for axis in "xyz"]
    return np.array([*rows, [0, 0, 0, 1]], float)


def _qform_affine(header: NiftiHeader) -> NDArray[np.float64]:
    """4 x 4, voxel (i, j, k) -> RAS, in the header's own unit, from the unit quaternion."""
    b, c, d = (float(header.fields[f"quatern_{n}"]) for n in "bcd")
    length = b * b + c * c + d * d
    if length > 1:  # rounding of a half turn, or damage
        scale = 1 / np.sqrt(length) if length < _MOST_QUATERNION else np.nan
        b, c, d = b * scale, c * scale, d * scale
    a = np.sqrt(max(0.0, 1 - (b * b + c * c + d * d)))
    rotation = np.array(
        [
            [a * a + b * b - c * c - d * d, 2 * (b * c - a * d), 2 * (b * d + a * c)],
            [2 * (b * c + a * d), a * a + c * c - b * b - d * d, 2 * (c * d - a * b)],
            [2 * (b * d - a * c), 2 * (c * d + a * b), a * a + d * d - b * b - c * c],
        ]
    )
    handedness = -1.0 if header.fields["pixdim"][0] < 0 else 1.0
    affine = np.eye(4)
    affine[:3, :3] = rotation * (np.abs(_sizes_or_one(header)) * [1, 1, handedness])
    affine[:3, 3] = [float(header.fields[f"qoffset_{axis}"]) for axis in "xyz"]
    return affine


def _analyze_affine(header: NiftiHeader) -> NDArray[np.float64]:
    """4 x 4 for a header without a form: i to the left, j to the front, k up, about the middle."""
    scale = np.abs(_sizes_or_one(header)) * [-1, 1, 1]
    affine = np.diag([*scale, 1.0])
    affine[:3, 3] = -scale * (np.asarray(header.sizes) - 1) / 2
    return affine


def _sizes_or_one(header: NiftiHeader) -> NDArray[np.float64]:
    """Voxel sizes along i, j, k; the third of a 2-D image may be missing and is then 1."""
    sizes = np.array(header.fields["pixdim"][1:4], float)
    if header.sizes[2] == 1 and not (np.isfinite(sizes[2]) and sizes[2]):
        sizes[2] = 1.0
    return sizes


def _voxel_size(header: NiftiHeader) -> NDArray[np.float64]:
    """Voxel sizes along i, j, k in mm, none of them zero."""
    sizes = _sizes_or_one(header)
    if not np.isfinite(sizes).all() or (sizes == 0).any():
        shown = " x ".join(f"{n:g}" for n in sizes)
        raise GeometryError(
            f"the header of '{header.name}' gives a voxel of {shown}",
            expected="a size above zero along each axis",
            do="Export the image again from the scanner or the tool that wrote it",
        )
    return np.abs(sizes) * _unit(header)


def _unit(header: NiftiHeader) -> float:
    return MM_PER_UNIT.get(int(header.fields["xyzt_units"]) & 7, 1.0)


def _millimetres(header: NiftiHeader, affine: NDArray[np.float64]) -> NDArray[np.float64]:
    """From RAS in the header's unit to LPS in millimetres."""
    lps = affine.copy()
    lps[:3] *= np.diag(RAS_TO_LPS)[:3, None] * _unit(header)
    return lps


def _geometry(
    header: NiftiHeader, affine: NDArray[np.float64], code: int
) -> tuple[Geometry | None, GeometryError | None]:
    if code <= 0:
        return None, None
    try:
        return Geometry.from_affine(header.sizes, _millimetres(header, affine)), None
    except GeometryError as fault:
        return None, fault


def _unit_notice(header: NiftiHeader) -> tuple[Notice, ...]:
    words = {1000.0: "metres", 0.001: "micrometres"}.get(_unit(header))
    if words is None:
        return ()
    return (Notice("units-converted", f"The file gives sizes in {words}; they are shown in mm."),)


def _unusable(fault: GeometryError | None) -> tuple[Notice, ...]:
    if fault is None:
        return ()
    words = (
        f"The header's first statement of orientation (sform) cannot be used: {fault.came}. "
        "Its second (qform) is used instead."
    )
    return (Notice("sform-unusable", words),)


def _disagreement(
    sform: Geometry, qform: Geometry | None, spacing: NDArray[np.float64]
) -> tuple[Notice, ...]:
    if qform is not None:
        tolerance = _SAME_PLACE_VOXELS * min(sform.spacing_mm)
        if sform.matches(qform, tolerance_mm=tolerance):
            return ()
        words = (
            "The header states the orientation twice (sform and qform), and the two differ. "
            "The first is used, as in most programs: check left and right."
        )
        return (Notice("qform-differs", words),)
    if np.abs(np.asarray(sform.spacing_mm) / spacing - 1).max() < _SAME_SPACING:
        return ()
    shown = " x ".join(f"{n:g}" for n in spacing)
    words = f"The header also gives a voxel of {shown} mm, which is not that of its orientation."
    return (Notice("spacing-differs", words),)
