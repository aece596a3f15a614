"""One predicted mask and its reference: both read onto one grid, and measured."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from napari_medssl.errors import GeometryError, UnreadableFileError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_medssl.evaluate import Row
    from napari_medssl.evaluate.table import Unit
    from napari_medssl.io import SavedMask
    from napari_medssl.volume import Volume

_ALL_AS_ONE = {1: "all labels"}
_OVERLAP = "labels-overlap"
#: what reading may have found out about the image that bears on millimetres and millilitres
_ABOUT_SIZES = {
    "slice-gaps",
    "slices-missing",
    "spacing-at-detector",
    "spacing-differs",
    "spacing-from-regions",
    "spacing-scanned",
    "thickness-assumed",
    "uneven-slices",
    "units-converted",
}


@dataclass(frozen=True)
class MeasuredCase:
    """What one pair of masks gave.

    Parameters
    ----------
    rows : tuple of Row
        One a label.
    unit : {"mm", "px"}
        Of its distances.
    names : mapping of int to str
        What its labels are called.
    notes : tuple of str
        A sentence each.
    """

    rows: tuple[Row, ...]
    unit: Unit
    names: Mapping[int, str]
    notes: tuple[str, ...] = ()


def measure_case(
    case: str,
    pred: Path,
    ref: Path,
    *,
    image: Path | None = None,
    labels: Sequence[int] = (),
    as_one: bool = False,
) -> MeasuredCase:
    """Read two masks onto one grid and measure them.

    Parameters
    ----------
    case : str
        What to call it in the rows.
    pred, ref : Path
        The masks.
    image : Path, optional
        The image of both; where it is None the reference tells the grid.
    labels : sequence of int
        Measure these alone; all where it is empty.
    as_one : bool
        Take all labels together.

    Raises
    ------
    MedSSLError
        If a mask cannot be read, is no mask, or the two are on different grids.
    """
    from napari_medssl.evaluate import compare_masks
    from napari_medssl.io import read_mask

    grid = _grid(pred, ref, image)
    reference = _require_labels(ref, read_mask(ref, grid))
    try:
        predicted = _require_labels(pred, read_mask(pred, grid))
    except GeometryError as error:
        size = " x ".join(map(str, grid.geometry.shape[::-1]))
        raise GeometryError(
            error.came,
            expected=f"the grid of '{grid.source.name}', {size} voxels",
            do="Compare masks of one image that were drawn on the same voxels",
        ) from error
    unit: Unit = "mm" if grid.spacing_known else "px"
    measure = partial(compare_masks, case, geometry=grid.geometry, unit=unit)
    notes = _found_while_reading(grid, predicted, reference)
    if as_one:
        rows = measure(predicted.array != 0, reference.array != 0, names=_ALL_AS_ONE)
        return MeasuredCase(rows, unit, _ALL_AS_ONE, notes)
    names, contradictions = _names(predicted, reference)
    if labels:
        names = {label: names.get(label, unnamed(label)) for label in labels}
    if not (_overlaps(predicted) or _overlaps(reference)):
        rows = measure(predicted.array, reference.array, names=names)
    else:
        rows = tuple(
            row
            for label, name in names.items()
            for row in measure(
                _all_of(label, pred, predicted, grid),
                _all_of(label, ref, reference, grid),
                names={label: name},
            )
        )
    return MeasuredCase(rows, unit, names, (*notes, *contradictions))


def _grid(pred: Path, ref: Path, image: Path | None) -> Volume:
    """Return the image that two masks belong to; where none is given the reference will do."""
    from napari_medssl.io import read_volume
    from napari_medssl.io.read import format_of

    if image is not None:
        return read_volume(image)
    for path in (pred, ref):
        if format_of(path) == "dicom":
            raise UsageError(
                f"the DICOM mask '{path.name}' without the series it was drawn on",
                expected="--image with the folder of that series, and one mask a side",
            )
    return read_volume(ref)


def _overlaps(mask: SavedMask) -> bool:
    return any(notice.code == _OVERLAP for notice in mask.notices)


def _all_of(label: int, path: Path, mask: SavedMask, grid: Volume) -> NDArray[Any]:
    """Return where a label is, also where a smaller one was drawn over it."""
    from napari_medssl.io import read_mask

    if not _overlaps(mask) or label not in {info.value for info in mask.labels}:
        return mask.array
    return read_mask(path, grid, label=label).array


def _found_while_reading(grid: Volume, *masks: SavedMask) -> tuple[str, ...]:
    """Say what bears on the figures; overlaps do not, as each label is measured whole."""
    notices = [notice for mask in masks for notice in mask.notices if notice.code != _OVERLAP]
    notices += [notice for notice in grid.notices if notice.code in _ABOUT_SIZES]
    return tuple(dict.fromkeys(notice.text for notice in notices))


def _require_labels(path: Path, mask: SavedMask) -> SavedMask:
    from napari_medssl.evaluate import looks_like_an_image

    if looks_like_an_image(mask.array):
        raise UnreadableFileError(
            f"'{path.name}' looks like an image: it holds many values, and voxels differ from "
            "those beside them",
            expected="a mask",
            do="Give the label map that was drawn on the image",
        )
    return mask


def _names(predicted: SavedMask, reference: SavedMask) -> tuple[Mapping[int, str], tuple[str, ...]]:
    """Name the labels of both masks, as the reference does where both do, and say where not."""
    ours = {info.value: info.name for info in predicted.labels}
    theirs = {info.value: info.name for info in reference.labels}
    names, notes = {}, []
    for label in sorted({*ours, *theirs}):
        said = [n[label] for n in (theirs, ours) if n.get(label, "") not in ("", unnamed(label))]
        names[label] = said[0] if said else unnamed(label)
        if len(said) == 2 and said[0].casefold() != said[1].casefold():
            notes.append(
                f"Label {label} is '{said[0]}' in a reference and '{said[1]}' in its prediction."
            )
    return names, tuple(notes)


def unnamed(label: int) -> str:
    """Return what a label is called that nobody has named."""
    from napari_medssl.io.label_table import unnamed_label

    return unnamed_label(label).name
