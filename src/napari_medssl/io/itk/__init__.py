"""NRRD and MetaImage (``.nrrd``, ``.nhdr``, ``.mha``, ``.mhd``), the formats of ITK and 3D Slicer.

SimpleITK reads and writes them. Our gate goes first: by itself it filled cut-off images up with
zeros and followed a detached header to any file of the machine.
"""

from __future__ import annotations

from napari_medssl.io.itk.read import read_meta as read_meta
from napari_medssl.io.itk.read import read_nrrd as read_nrrd
from napari_medssl.io.itk.write import write_meta as write_meta
from napari_medssl.io.itk.write import write_nrrd as write_nrrd
