"""NIfTI-1 and NIfTI-2 (``.nii``, ``.nii.gz``, ``.hdr`` with ``.img``), in either byte order.

nibabel reads and writes them, behind our gate.
"""

from __future__ import annotations

from napari_medssl.io.nifti.read import read_nifti as read_nifti
from napari_medssl.io.nifti.write import write_nifti as write_nifti
