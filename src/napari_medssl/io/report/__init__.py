"""A page for a colleague: what was outlined on an image, in pictures and numbers."""

from napari_medssl.io.report.write import write_report

__all__ = ["write_report"]
