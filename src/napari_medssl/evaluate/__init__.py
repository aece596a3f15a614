"""How good a mask is, in numbers. numpy and scipy only."""

from napari_medssl.evaluate.overlap import dice

__all__ = ["dice"]
