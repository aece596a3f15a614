"""DICOM: headers first, grouped and sorted by geometry, checked; only then the pixels."""

from napari_medssl.io.dicom.files import looks_like_dicom
from napari_medssl.io.dicom.read import SeriesSummary, list_series, read_dicom

__all__ = ["SeriesSummary", "list_series", "looks_like_dicom", "read_dicom"]
