"""WHAT an image is: geometry, voxels, window, orientation, resampling. numpy and scipy only."""

from napari_medssl.volume.axes import AxisMap, axes_towards, canonical_axes
from napari_medssl.volume.geometry import Geometry
from napari_medssl.volume.operation import Inverse, Operation
from napari_medssl.volume.pipeline import Pipeline
from napari_medssl.volume.presets import Preparation, preparation, preparations
from napari_medssl.volume.volume import Modality, Notice, Source, Volume
from napari_medssl.volume.window import Window, default_window, window_presets

__all__ = [
    "AxisMap",
    "Geometry",
    "Inverse",
    "Modality",
    "Notice",
    "Operation",
    "Pipeline",
    "Preparation",
    "Source",
    "Volume",
    "Window",
    "axes_towards",
    "canonical_axes",
    "default_window",
    "preparation",
    "preparations",
    "window_presets",
]
