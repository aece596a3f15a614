"""From the sorted slices of one stack to a `Volume`: pixels decoded and laid on a regular grid."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_medssl.errors import GeometryError
from napari_medssl.io.assemble import Placement, assemble
from napari_medssl.io.dicom.geometry import SliceGrid, along_normal, fit_grid, places
from napari_medssl.io.dicom.notices import about_grid, about_picture, about_place
from napari_medssl.io.dicom.pixels import Wanted, decode
from napari_medssl.io.dicom.values import meaningful
from napari_medssl.io.gate import check_memory
from napari_medssl.volume import Geometry, Modality, Notice, Volume

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_medssl.io.dicom.stacks import Slice, Stack

_MODALITIES: dict[str, Modality] = {"CT": "CT", "MR": "MR", "US": "US", "IVUS": "US", "PT": "PT"}
_UNITS = {"BQML": "Bq/ml", "GML": "g/ml", "CNTS": "counts", "PROPCPS": "counts/s"}
_NOTHING_STATED = {"", "US"}  # rescale type "US" is "unspecified"
_BYTES_A_VOXEL = 10  # stored, rescaled and turned, for a moment side by side


def load_volume(path: Path, stack: Stack, volume: int, said: tuple[Notice, ...]) -> Volume:
    """Decode one volume of a stack and lay it on its grid.

    Parameters
    ----------
    path : Path
        What the user opened; its name becomes the volume's.
    stack : Stack
        The slices, whose headers are read.
    volume : int
        Which of the stack's volumes, from 0.
    said : tuple of Notice
        What was said already.

    Raises
    ------
    UnreadableFileError
        If pixels are damaged, cut off or too large for the memory.
    GeometryError
        If the slices cannot be laid on one grid.
    """
    slices = stack.volumes[volume]
    pixels = slices[0].file.pixels
    check_memory(
        path.name, len(slices) * pixels.rows * pixels.columns * pixels.samples * _BYTES_A_VOXEL
    )
    grid = None
    notices = [*said]
    header = fingerprint(slices)
    if stack.is_placed:
        slices, repeats = without_repeats(slices)
        grid = grid_of(slices)
        notices += [*repeats, *about_grid(grid, slices)]
    geometry = _picture_geometry(slices) if grid is None else _geometry(grid, slices)
    values = meaningful(decode(_wanted(slices)), slices)
    array = values.array if grid is None else on_grid(values.array, grid)
    notices += [*about_place(slices), *about_picture(slices), *values.notices]
    known = slices[0].frame.pixel_size.source not in ("assumed", "outside")
    modality = _MODALITIES.get(slices[0].file.modality, "OT")
    made = assemble(
        _stored_order(array),
        Placement(geometry, known, stack.is_placed, tuple(notices)),
        path=path,
        format="dicom",
        modality=modality,
        header=header,
        volume=volume,
        volumes=len(stack.volumes),
    )
    cine = not stack.is_placed and len(slices) > 1
    units = _units(slices[0].file.units, modality)
    if not cine:
        return replace(made, units=units)
    return replace(made, units=units, stack="time", frame_ms=slices[0].file.frame_time_ms)


def fingerprint(slices: Sequence[Slice]) -> bytes:
    """Digest of which frames of which files these are; tells nothing of the patient."""
    named = (f"{s.file.instance_uid or s.file.path.name}:{s.frame.index}\n" for s in slices)
    return sha256("".join(named).encode()).digest()


def grid_of(slices: Sequence[Slice]) -> SliceGrid:
    """Lay the regular grid through slices, no two at one place."""
    first = slices[0]
    size = first.frame.pixel_size
    return fit_grid(
        [s.placement.position for s in slices],
        first.placement.orientation,
        thickness_mm=first.frame.thickness_mm or 1.0,
        pixel_mm=min(size.row_mm, size.column_mm),
    )


def without_repeats(slices: Sequence[Slice]) -> tuple[tuple[Slice, ...], list[Notice]]:
    """Leave out slices that lie where another with the very same pixels lies.

    Raises
    ------
    GeometryError
        If their pixels differ and nothing in the headers says why.
    """
    positions = [s.placement.position for s in slices]
    place = places(along_normal(positions, slices[0].placement.orientation)).tolist()
    kept: dict[int, Slice] = {}
    repeats = 0
    for number, one in zip(place, slices, strict=True):
        if number not in kept:
            kept[number] = one
            continue
        repeats += 1
        if not np.array_equal(decode(_wanted([kept[number]])), decode(_wanted([one]))):
            raise GeometryError(
                "two different slices lie at one place, and nothing says which belongs to the "
                "volume",
                expected="one slice at each place, or as many at each",
                do="Put the slices that belong together into a folder of their own",
            )
    if not repeats:
        return tuple(slices), []
    words = f"{repeats} slices lie where another with the same pixels lies; they were left out."
    return tuple(kept.values()), [Notice("duplicate-slices", words)]


def _wanted(slices: Sequence[Slice]) -> list[Wanted]:
    """Gather runs of frames of one file, so that each file is opened once."""
    runs: list[Wanted] = []
    for file, frame in slices:
        if runs and runs[-1].path == file.path:
            runs[-1] = replace(runs[-1], frames=(*runs[-1].frames, frame.index))
        else:
            runs.append(Wanted(file.path, file.pixels, (frame.index,)))
    return runs


def on_grid(array: NDArray[Any], grid: SliceGrid) -> NDArray[Any]:
    """Fill the slices of a grid from the given ones, (slices, rows, columns[, 3]).

    A grid slice that is a given slice is taken as it is; others are mixed of their two neighbours.
    """
    if not grid.made_up:
        return array
    out = np.empty((len(grid.below), *array.shape[1:]), array.dtype)
    for k, (below, fraction) in enumerate(zip(grid.below, grid.fraction, strict=True)):
        if fraction == 0:
            out[k] = array[below]
            continue
        mixed = (1 - fraction) * array[below].astype(np.float64) + fraction * array[below + 1]
        out[k] = mixed if array.dtype.kind == "f" else np.rint(mixed)
    return out


def _geometry(grid: SliceGrid, slices: Sequence[Slice]) -> Geometry:
    first = slices[0]
    size = first.frame.pixel_size
    affine = np.eye(4)
    affine[:3, 0] = np.asarray(first.placement.orientation[:3]) * size.column_mm
    affine[:3, 1] = np.asarray(first.placement.orientation[3:]) * size.row_mm
    affine[:3, 2] = grid.step_mm
    affine[:3, 3] = grid.origin_mm
    pixels = first.file.pixels
    return Geometry.from_affine((pixels.columns, pixels.rows, len(grid.below)), affine)


def _picture_geometry(slices: Sequence[Slice]) -> Geometry:
    """Place pictures as they are looked at: columns to the patient's left, rows to the back."""
    size, pixels = slices[0].frame.pixel_size, slices[0].file.pixels
    affine = np.diag([size.column_mm, size.row_mm, 1.0, 1.0])
    return Geometry.from_affine((pixels.columns, pixels.rows, len(slices)), affine)


def _stored_order(array: NDArray[Any]) -> NDArray[Any]:
    """(slices, rows, columns[, 3]) -> (i, j, k) or (3, i, j, k)."""
    return array.transpose(3, 2, 1, 0) if array.ndim == 4 else array.transpose(2, 1, 0)


def _units(stated: str, modality: Modality) -> str:
    if modality == "CT":
        return "HU" if stated in {"", "HU"} else "" if stated in _NOTHING_STATED else stated
    return "" if stated in _NOTHING_STATED else _UNITS.get(stated, stated)
