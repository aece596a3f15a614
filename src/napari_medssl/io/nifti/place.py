"""Where a NIfTI header puts its voxels: sform, else qform, else an assumption that is said."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_medssl.errors import GeometryError
from napari_medssl.io.assemble import Placement
from napari_medssl.volume import Geometry, Notice

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_medssl.io.nifti.header import NiftiHeader

#: NIfTI's world is RAS+, ours LPS+
RAS_TO_LPS = np.diag([-1.0, -1.0, 1.0, 1.0])

#: xyzt_units (its lower three bits) -> millimetres
_MM_PER_UNIT = {1: 1000.0, 2: 1.0, 3: 0.001}
_SAME_PLACE_VOXELS = 0.1
_SAME_SPACING = 0.01
_NEVER = 100  # above every level of fault that nibabel knows


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
    fields, unit = _mended(header), _unit(header)
    spacing = np.array(fields["pixdim"][1:4], float) * unit
    sform, sform_fault = _geometry(header, fields.get_sform(coded=True)[0])
    qform, qform_fault = _qform(header, fields)
    units = _unit_notice(unit)
    if sform is not None:
        return Placement(sform, notices=(*units, *_disagreement(sform, qform, spacing)))
    if qform is not None:
        return Placement(qform, notices=(*units, *_unusable(sform_fault)))
    if fault := sform_fault or qform_fault:
        raise fault
    words = (
        "The file does not say which side is which. It is shown as if its first axis ran to the "
        "patient's left, its second to the front and its third to the head: check left and right."
    )
    assumed = Geometry.from_affine(header.sizes, _millimetres(header, fields.get_base_affine()))
    return Placement(
        assumed, orientation_known=False, notices=(*units, Notice("orientation-unknown", words))
    )


def _mended(header: NiftiHeader) -> Any:
    """Return a nibabel header: a copy that it has put right (signs of sizes, unknown codes).

    A voxel of no size is refused first: nibabel would make it 1 mm.
    """
    fields = header.fields.copy()
    sizes = fields["pixdim"][1:4]
    if header.sizes[2] == 1 and not (np.isfinite(sizes[2]) and sizes[2]):
        fields["pixdim"][3] = 1  # of a 2-D image it may be missing
    if not np.isfinite(sizes).all() or (sizes == 0).any():
        shown = " x ".join(f"{n:g}" for n in sizes)
        raise GeometryError(
            f"the header of '{header.name}' gives a voxel of {shown}",
            expected="a size above zero along each axis",
            do="Export the image again from the scanner or the tool that wrote it",
        )
    silent = logging.Logger("unheard", _NEVER)
    fields.check_fix(logger=silent, error_level=_NEVER)
    return fields


def _qform(header: NiftiHeader, fields: Any) -> tuple[Geometry | None, GeometryError | None]:
    try:
        return _geometry(header, fields.get_qform(coded=True)[0])
    except (ValueError, np.linalg.LinAlgError):  # a quaternion longer than 1
        return None, GeometryError(f"the header of '{header.name}' gives no usable rotation")


def _geometry(
    header: NiftiHeader, affine: NDArray[np.float64] | None
) -> tuple[Geometry | None, GeometryError | None]:
    if affine is None:
        return None, None
    try:
        return Geometry.from_affine(header.sizes, _millimetres(header, affine)), None
    except GeometryError as fault:
        return None, fault


def _unit(header: NiftiHeader) -> float:
    return _MM_PER_UNIT.get(int(header.fields["xyzt_units"]) & 7, 1.0)


def _millimetres(header: NiftiHeader, affine: NDArray[np.float64]) -> NDArray[np.float64]:
    """From RAS in the header's unit to LPS in millimetres."""
    scale = np.array([[_unit(header)]] * 3 + [[1.0]])
    lps: NDArray[np.float64] = RAS_TO_LPS @ affine * scale
    return lps


def _unit_notice(unit: float) -> tuple[Notice, ...]:
    words = {1000.0: "metres", 0.001: "micrometres"}.get(unit)
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
