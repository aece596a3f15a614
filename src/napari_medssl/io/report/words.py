"""What a report says: facts of the image, a table of the labels, where the outlines came from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from napari_medssl.io.summary import plain_words

if TYPE_CHECKING:
    from napari_medssl.io.label_figures import LabelFigures
    from napari_medssl.io.overlay import Overlay
    from napari_medssl.volume import Volume

#: notices that a colleague must know to trust the numbers
_ABOUT_MEASURES = (
    "spacing-assumed",
    "spacing-differs",
    "orientation-unknown",
    "position-assumed",
    "thickness-assumed",
    "uneven-slices",
    "slice-gaps",
    "slices-missing",
)

_TIMES, _DASH, _MINUS = "\u00d7", "\u2013", "\u2212"


@dataclass(frozen=True)
class Column:
    """One column of the table of labels: its heading and what stands below."""

    title: str
    cell: Callable[[LabelFigures], str]


def facts(overlay: Overlay) -> list[str]:
    """Say what the image is and how it is shown, a line each."""
    volume, window = overlay.volume, overlay.shown
    what, extent = (words.replace(" x ", f" {_TIMES} ") for words in plain_words(volume)[:2])
    if volume.is_rgb:
        return [what, extent]
    low, high = (f"{_number(end)} {volume.units}".strip() for end in (window.low, window.high))
    return [what, f"{extent}. Black is {low} and below, white {high} and above"]


def columns(volume: Volume) -> list[Column]:
    """Choose what can be said of labels on this image: a picture has no volume, a cine no depth."""
    found = [_size(volume)]
    if volume.geometry.shape[plane_axis(volume)] > 1:
        word = "Frames" if volume.stack == "time" else "Slices"
        found.append(Column(word, lambda label: f"{label.slices}"))
    found.append(_extent(volume))
    if volume.units and not volume.is_rgb:
        found.append(Column(f"Mean ± SD, {volume.units}", _mean))
    return found


def plane_axis(volume: Volume) -> int:
    """The axis across which this image is looked at: that of its slices, or of its frames."""
    return volume.slice_axis if volume.frame_axis is None else volume.frame_axis


def origin_of_outlines(
    outlines: Sequence[Mapping[str, Any]], edits: Mapping[str, int]
) -> list[str]:
    """Say how the outlines came about: a sentence an engine, and one on work by hand."""
    records = [row for row in outlines if isinstance(row, Mapping)]
    told = [row for row in records if "tool" not in row]
    edits = Counter(edits) + Counter(str(row["tool"]) for row in records if "tool" in row)
    sentences = []
    for engine, count in Counter(str(row.get("engine") or "") for row in told).items():
        rows = [row for row in told if str(row.get("engine") or "") == engine]
        words = f"{_count(count, 'outline')} by {engine or 'an engine that is not named'}"
        automatic = all(row.get("automatic") for row in rows)
        sentences.append(f"{words}, {'by itself' if automatic else f'from {_prompts(rows)}'}.")
    if edits:
        words = ", ".join(f"{words} {count:,}" for words, count in edits.items())
        sentences.append(f"Steps by hand: {words}.")
    return sentences or ["Nothing is recorded about how these outlines came about."]


def limits(volume: Volume) -> list[str]:
    """Return what was assumed about the image and touches the numbers."""
    return [notice.text for notice in volume.notices if notice.code in _ABOUT_MEASURES]


def _prompts(rows: Sequence[Mapping[str, Any]]) -> str:
    points, boxes = (
        sum(len(row[key]) for row in rows if isinstance(row.get(key), list))
        for key in ("points_ijk", "boxes_ijk")
    )
    counted = [_count(boxes, "box", "boxes")] if boxes else []
    counted += [_count(points, "point")] if points else []
    if not counted and all(row.get("method") == "everything" for row in rows):
        return "all that it found on a slice"
    return " and ".join(counted) or "prompts that are not recorded"


def _size(volume: Volume) -> Column:
    axis = plane_axis(volume)
    is_flat = volume.geometry.shape[axis] == 1
    if volume.stack == "space" and not is_flat:
        if volume.spacing_known:
            return Column("Volume, ml", lambda label: _three_digits(label.volume_ml))
        return Column("Voxels", lambda label: f"{label.voxels:,}")
    title = "Area" if is_flat else "Largest area"
    if not volume.spacing_known:
        return Column(f"{title}, pixels", lambda label: f"{label.largest_voxels[axis]:,}")
    spacing = [s for a, s in enumerate(volume.geometry.spacing_mm) if a != axis]
    pixel_cm2 = spacing[0] * spacing[1] / 100
    return Column(
        f"{title}, cm²", lambda label: _three_digits(label.largest_voxels[axis] * pixel_cm2)
    )


def _extent(volume: Volume) -> Column:
    axis, spacing = plane_axis(volume), volume.geometry.spacing_mm
    in_depth = volume.stack == "space" and volume.geometry.shape[axis] > 1
    axes = [a for a in (2, 1, 0) if in_depth or a != axis]
    unit = "mm" if volume.spacing_known else "pixels"
    letters = {2: f"R{_DASH}L", 1: f"A{_DASH}P", 0: f"S{_DASH}I"}
    words = f" {_TIMES} ".join(letters[a] for a in axes)
    if not volume.orientation_known:
        words = f" {_TIMES} ".join(("width", "height", "depth")[: len(axes)])

    def cell(label: LabelFigures) -> str:
        sizes = [label.extent_mm[a] / (1 if volume.spacing_known else spacing[a]) for a in axes]
        return f" {_TIMES} ".join(f"{n:.{0 if n >= 10 else 1}f}" for n in sizes)

    return Column(f"Extent {words}, {unit}", cell)


def _mean(label: LabelFigures) -> str:
    if label.mean is None or label.sd is None:
        return _DASH
    return f"{_number(label.mean)} ± {_number(label.sd)}"


def _number(value: float) -> str:
    text = f"{value:,.0f}" if abs(value) >= 10 else f"{value:.3g}"
    return text.replace("-", _MINUS)


def _three_digits(value: float) -> str:
    return f"{value:,.{2 if value < 10 else 1 if value < 100 else 0}f}"


def _count(number: int, one: str, many: str = "") -> str:
    return f"{number:,} {one if number == 1 else many or one + 's'}"
