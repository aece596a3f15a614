"""Which bytes of a NIfTI-1 or NIfTI-2 header mean what, as the standard's tables give them."""

from __future__ import annotations

from typing import Any

import numpy as np


def _table(text: str) -> np.dtype[Any]:
    """Make a layout of ``name type`` pairs; ``8i2`` is eight 16-bit integers."""
    pairs = [pair.split() for pair in text.replace("\n", " ").split(",")]
    return np.dtype([(name, kind) for name, kind in pairs])


NIFTI_1 = _table("""
    sizeof_hdr i4, data_type S10, db_name S18, extents i4, session_error i2, regular S1,
    dim_info u1, dim 8i2, intent_p1 f4, intent_p2 f4, intent_p3 f4, intent_code i2,
    datatype i2, bitpix i2, slice_start i2, pixdim 8f4, vox_offset f4, scl_slope f4,
    scl_inter f4, slice_end i2, slice_code u1, xyzt_units u1, cal_max f4, cal_min f4,
    slice_duration f4, toffset f4, glmax i4, glmin i4, descrip S80, aux_file S24,
    qform_code i2, sform_code i2, quatern_b f4, quatern_c f4, quatern_d f4,
    qoffset_x f4, qoffset_y f4, qoffset_z f4, srow_x 4f4, srow_y 4f4, srow_z 4f4,
    intent_name S16, magic S4
""")

NIFTI_2 = _table("""
    sizeof_hdr i4, magic S8, datatype i2, bitpix i2, dim 8i8, intent_p1 f8, intent_p2 f8,
    intent_p3 f8, pixdim 8f8, vox_offset i8, scl_slope f8, scl_inter f8, cal_max f8,
    cal_min f8, slice_duration f8, toffset f8, slice_start i8, slice_end i8, descrip S80,
    aux_file S24, qform_code i4, sform_code i4, quatern_b f8, quatern_c f8, quatern_d f8,
    qoffset_x f8, qoffset_y f8, qoffset_z f8, srow_x 4f8, srow_y 4f8, srow_z 4f8,
    slice_code i4, xyzt_units i4, intent_code i4, intent_name S16, dim_info u1, unused S15
""")

#: the fields that say where the voxels are, by the same names in both versions
ORIENTATION_FIELDS = (
    *("pixdim", "xyzt_units", "qform_code", "quatern_b", "quatern_c", "quatern_d"),
    *("qoffset_x", "qoffset_y", "qoffset_z", "sform_code", "srow_x", "srow_y", "srow_z"),
)

#: magic of (one file, header with a detached .img) by layout
MAGIC = {
    NIFTI_1.itemsize: (b"n+1", b"ni1"),
    NIFTI_2.itemsize: (b"n+2\x00\r\n\x1a\n", b"ni2\x00\r\n\x1a\n"),
}

#: datatype code -> numpy type of one grey value
DATATYPES = {
    **{2: "u1", 4: "i2", 8: "i4", 16: "f4", 64: "f8", 256: "i1", 512: "u2", 768: "u4"},
    **{1024: "i8", 1280: "u8"},
}
RGB, RGBA = 128, 2304

#: codes of numbers that are no image
NOT_GREY = {1: "single bits", 32: "complex", 1536: "128-bit", 1792: "complex", 2048: "complex"}

#: xyzt_units (its lower three bits) -> millimetres
MM_PER_UNIT = {1: 1000.0, 2: 1.0, 3: 0.001}


def layout_of(head: bytes) -> np.dtype[Any] | None:
    """Return the layout, in its byte order, of bytes that begin like a NIfTI header; else None."""
    for layout in (NIFTI_1, NIFTI_2):
        for ordered in (layout.newbyteorder("<"), layout.newbyteorder(">")):
            if len(head) >= layout.itemsize:
                fields = np.frombuffer(head[: layout.itemsize], ordered)[0]
                if fields["sizeof_hdr"] == layout.itemsize and 1 <= fields["dim"][0] <= 7:
                    return ordered
    return None


def byte_order(layout: np.dtype[Any]) -> str:
    """Return ``"<"`` or ``">"``."""
    order = layout["sizeof_hdr"].newbyteorder("=") == layout["sizeof_hdr"]
    native = "<" if np.little_endian else ">"
    return native if order else {"<": ">", ">": "<"}[native]
