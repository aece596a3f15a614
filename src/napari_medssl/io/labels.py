"""Label maps: written on the image's own stored grid, read back onto it, never bent to fit."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_medssl.errors import (
    GeometryError,
    SaveError,
    UnreadableFileError,
    UnsupportedFormatError,
)
from napari_medssl.io.label_table import MOST_LABEL, LabelInfo
from napari_medssl.io.pictures import JPEG_MAGIC, read_picture
from napari_medssl.io.read import format_of, read_volume
from napari_medssl.io.sidecar import require_ours, sidecar_of, write_sidecar
from napari_medssl.io.write import require_not_source, save_stored, suffix_of
from napari_medssl.volume import AxisMap
from napari_medssl.volume.geometry import assign_axes
from napari_medssl.volume.label_types import smallest_unsigned

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from napari_medssl.volume import Geometry, Volume

_SAME_PLACE_VOXELS = 0.05


def write_labels(
    mask_zyx: NDArray[Any],
    volume: Volume,
    path: str | Path,
    *,
    labels: Sequence[LabelInfo] = (),
    provenance: Mapping[str, Any] | None = None,
) -> Path:
    """Save a label map on the grid of the image as its file stores it, with a JSON file beside it.

    Nothing is resampled. A mask of a NIfTI image keeps its orientation fields byte for byte. The
    file is read back and compared before it replaces anything.

    Parameters
    ----------
    mask_zyx : (z, y, x) array
        Whole numbers from 0, or booleans, on ``volume.geometry``.
    volume : Volume
        The image the labels belong to.
    path : str or Path
        Target; its suffix (.nii, .nii.gz, .nrrd, .mha; .png for a picture; .dcm for a DICOM
        segmentation) chooses the format.
    labels : sequence of LabelInfo
        Names and colours, for the JSON file.
    provenance : mapping, optional
        How the labels came about (prompts, engine, hash of its weights), for the JSON file.

    Returns
    -------
    Path
        The target.

    Raises
    ------
    SaveError
        If the values are no labels, or a file could not be written; nothing is changed then.
    GeometryError
        If the mask is not of the volume's shape.
    """
    path = Path(path)
    if fault := fault_of(mask_zyx):
        raise SaveError(f"the mask for '{path.name}' {fault}", expected="whole numbers from 0")
    require_not_source(path, volume.source)
    require_ours(sidecar_of(path))
    if path.suffix.lower() == ".dcm":
        from napari_medssl.io.dicom.seg import write_seg

        write_seg(mask_zyx, volume, path, labels)
    else:
        suffix_of(path)  # a name that says no format is told before anything is written
        stored = volume.to_source(smallest_unsigned(mask_zyx))
        save_stored(path, stored, volume.source, labels=True)
    write_sidecar(path, volume, labels, provenance or {})
    return path


def read_label_array(path: Path, volume: Volume) -> NDArray[Any]:
    """Read a label map that is stored as an image onto an image's grid.

    Returns
    -------
    (z, y, x) array
        Labels in the smallest unsigned type.

    Raises
    ------
    GeometryError
        If the labels are not on the image's grid: another shape, or another place.
    UnreadableFileError
        If values are negative, not whole, or the file is damaged.
    """
    found = _read(path)
    if found.source.volumes > 1:
        raise UnsupportedFormatError(
            f"'{path.name}' holds {found.source.volumes} volumes", expected="one label map"
        )
    axes = _axes_onto(volume.geometry, found.geometry)
    _require_same_grid(path, axes.apply_geometry(found.geometry), volume)
    values = axes.apply(_one_channel(path, found.array))
    if fault := fault_of(values):
        raise UnreadableFileError(
            f"'{path.name}' {fault}",
            expected="labels: whole numbers from 0",
            do="Check that this is the label map and not an image or a probability map",
        )
    return smallest_unsigned(values)


def values_in(labels: NDArray[Any]) -> list[int]:
    """Return the label values that occur, sorted, without the background."""
    # plane by plane: one sort of a whole CT would take seconds
    return sorted({value for plane in labels for value in np.unique(plane).tolist()} - {0})


def fault_of(values: NDArray[Any]) -> str:
    """Say what keeps values from being labels; empty when nothing does."""
    if values.dtype.kind == "f" and not (np.isfinite(values) & (values == np.rint(values))).all():
        return "holds values that are not whole numbers"
    if values.dtype.kind not in "biuf":
        return f"holds values of the type {values.dtype}"
    if values.size and values.min() < 0:
        return f"holds the negative value {values.min():g}"
    if values.size and values.max() > MOST_LABEL:
        return f"holds the value {values.max():g}, too large for a label"
    return ""


def _read(path: Path) -> Volume:
    if not path.is_file() or format_of(path) != "picture":
        return read_volume(path)
    with path.open("rb") as file:
        if file.read(3) == JPEG_MAGIC:
            raise UnsupportedFormatError(
                f"'{path.name}' is a JPEG, which blurs labels", do="Save the labels as PNG"
            )
    return read_picture(path, palette_as_values=True)


def _one_channel(path: Path, array: NDArray[Any]) -> NDArray[Any]:
    """Take labels that were saved as grey in three equal channels; refuse real colours."""
    if array.ndim == 3:
        return array
    if (array != array[:1]).any():
        raise UnsupportedFormatError(
            f"'{path.name}' is a colour picture",
            expected="label numbers, as grey values or palette entries",
        )
    grey: NDArray[Any] = array[0]
    return grey


def _axes_onto(wanted: Geometry, found: Geometry) -> AxisMap:
    """Map the axes of ``found`` to those of ``wanted`` that they run along, or against."""
    overlap = np.asarray(wanted.direction).T @ np.asarray(found.direction)
    order = assign_axes(overlap)
    a, b, c = (bool(overlap[axis, of] < 0) for axis, of in enumerate(order))
    return AxisMap(order, (a, b, c))


def _require_same_grid(path: Path, found: Geometry, volume: Volume) -> None:
    wanted = volume.geometry
    if found.shape != wanted.shape:
        sizes = [" x ".join(str(n) for n in g.shape[::-1]) for g in (found, wanted)]
        raise GeometryError(
            f"the labels '{path.name}' have {sizes[0]} voxels",
            expected=f"{sizes[1]}, as the image '{volume.source.name}' has",
            do="Choose the label map that was made on this image",
        )
    if not found.matches(wanted, tolerance_mm=_SAME_PLACE_VOXELS * min(wanted.spacing_mm)):
        middle = (np.asarray(wanted.shape) - 1) / 2
        away = float(np.linalg.norm(found.to_world(middle) - wanted.to_world(middle)))
        raise GeometryError(
            f"the labels '{path.name}' lie elsewhere in space (their middle is {away:.1f} mm away)",
            expected=f"the grid of the image '{volume.source.name}'",
            do="Choose the label map that was made on this image",
        )
