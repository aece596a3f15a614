"""The table of correcting tools: words, settings, and what each does."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from napari_medssl.correct import holes, islands, margin, smooth
from napari_medssl.correct.interpolate import fill_between
from napari_medssl.correct.logic import clear, intersect, subtract, union
from napari_medssl.correct.slices import copy_slice
from napari_medssl.correct.threshold import fill_range
from napari_medssl.correct.tool import Parameter, Tool

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from napari_medssl.correct.edit import Edit
    from napari_medssl.correct.target import Target

    Reshape = Callable[[NDArray[Any], Sequence[float], float], NDArray[Any]]

_MOST_MM = 20.0  # some seconds on a large organ
_MOST_MM3 = 1e9
_MOST_VALUE = 1e9


def _remove_small(target: Target, mm3: float) -> Edit | None:
    return target.reshape(lambda mask: islands.remove_small(mask, target.voxels(mm3)))


def _fill_holes(target: Target, mm3: float, axis: int | None = None) -> Edit | None:
    most = target.voxels(mm3) if mm3 else math.inf
    return target.reshape(lambda mask: holes.fill_holes(mask, most_voxels=most, across=axis))


def _fill_between(target: Target, axis: int) -> Edit | None:
    return target.reshape(lambda mask: fill_between(mask, target.spacing_mm, axis))


def _by(reshape: Reshape, reach: float = 1) -> Callable[..., Edit | None]:
    """Make a tool of what reshapes a mask by so many mm and reaches ``reach`` times as far."""
    return lambda target, mm: target.reshape(
        lambda mask: reshape(mask, target.spacing_mm, mm), reach * mm
    )


def _mm(title: str, default: float, tip: str, most: float = _MOST_MM) -> tuple[Parameter, ...]:
    return (Parameter("mm", title, "mm", default, 0.01, most, tip),)


def _mm3(title: str, default: float, tip: str) -> tuple[Parameter, ...]:
    return (Parameter("mm3", title, "mm³", default, 0, _MOST_MM3, tip),)


_NO_EFFECT = "It does nothing along an axis whose voxels are larger than half of this."
_SIZE = f"Details smaller than this go. {_NO_EFFECT}"
_RANGE = (
    Parameter("low", "From", "", None, -_MOST_VALUE, _MOST_VALUE, "Lowest intensity; HU for CT."),
    Parameter("high", "To", "", None, -_MOST_VALUE, _MOST_VALUE, "Highest intensity; HU for CT."),
)

TOOLS: tuple[Tool, ...] = (
    Tool(
        "keep-largest",
        "Keep largest island",
        "Removes every part of the label but the largest.",
        "Islands",
        lambda target: target.reshape(islands.keep_largest),
    ),
    Tool(
        "remove-small",
        "Remove small islands",
        "Removes parts of the label that are smaller than a volume.",
        "Islands",
        _remove_small,
        _mm3("Smallest kept", 100, "Islands of less than this go."),
    ),
    Tool(
        "keep-island",
        "Keep this island",
        "Removes every part of the label but the one with the chosen voxel.",
        "Islands",
        lambda target: islands.choose(target, keep=True),
        needs="voxel",
    ),
    Tool(
        "remove-island",
        "Remove this island",
        "Removes the part of the label with the chosen voxel.",
        "Islands",
        lambda target: islands.choose(target, keep=False),
        needs="voxel",
    ),
    Tool(
        "split-islands",
        "Split into labels",
        "Gives every part of the label a label of its own. The largest keeps this one.",
        "Islands",
        islands.split,
    ),
    Tool(
        "fill-holes",
        "Fill holes",
        "Fills background that the label closes in on all sides, or on one slice.",
        "Holes",
        _fill_holes,
        _mm3("Largest filled", 0, "Larger holes stay; 0 fills holes of any size."),
    ),
    Tool(
        "fill-holes-in-slices",
        "Fill holes in each slice",
        "Fills background that the label closes in within a slice, on all slices of this view.",
        "Holes",
        _fill_holes,
        _mm3("Largest filled", 0, "Larger holes stay; 0 fills holes of any size."),
        scope="axis",
    ),
    Tool(
        "median",
        "Median",
        "Smooths: each voxel becomes what most voxels around it are.",
        "Smooth",
        _by(smooth.median),
        _mm("Size", 3, _SIZE),
    ),
    Tool(
        "gaussian",
        "Gaussian",
        "Smooths the most: blurs the label and keeps what is more than half inside. Thin parts "
        "lose volume.",
        "Smooth",
        _by(smooth.gaussian, smooth.GAUSSIAN_REACH),
        _mm(
            "Standard deviation",
            1,
            "How far it blurs. It does nothing along an axis where this is under half a voxel.",
            _MOST_MM / 2,
        ),
    ),
    Tool(
        "opening",
        "Opening",
        "Smooths by removing: spikes, thin bridges and single voxels go.",
        "Smooth",
        _by(smooth.opening),
        _mm("Size", 3, f"What is thinner than this goes. {_NO_EFFECT}"),
    ),
    Tool(
        "closing",
        "Closing",
        "Smooths by adding: cracks, notches and small holes are filled.",
        "Smooth",
        _by(smooth.closing),
        _mm("Size", 3, f"What is narrower than this is filled. {_NO_EFFECT}"),
    ),
    Tool(
        "grow",
        "Grow",
        "Adds a margin around the label, of the same width in every direction.",
        "Margin",
        _by(margin.grow),
        _mm("Margin", 2, "Nothing is added along an axis whose voxels are larger than this."),
    ),
    Tool(
        "shrink",
        "Shrink",
        "Removes a margin inside the label. Where the scan cuts the label off, it stays.",
        "Margin",
        _by(margin.shrink),
        _mm("Margin", 2, "Nothing is removed along an axis whose voxels are larger than this."),
    ),
    Tool(
        "add",
        "Add another label",
        "The voxels of another label become this one.",
        "Combine",
        union,
        needs="label",
    ),
    Tool(
        "intersect",
        "Keep what another mask has",
        "Removes what lies outside another mask.",
        "Combine",
        intersect,
        needs="mask",
    ),
    Tool(
        "subtract",
        "Remove what another mask has",
        "Removes what lies inside another mask.",
        "Combine",
        subtract,
        needs="mask",
    ),
    Tool("clear", "Clear", "Removes all of the label, or all on one slice.", "Combine", clear),
    Tool(
        "fill-between",
        "Fill between slices",
        "Fills the empty slices between those drawn in this view. Drawn slices stay as they are.",
        "Slices",
        _fill_between,
        scope="axis",
    ),
    Tool(
        "copy-previous",
        "Copy from previous slice",
        "Makes this slice as the one before it: towards the feet, the front or the right.",
        "Slices",
        lambda target: copy_slice(target, -1),
        scope="slice",
    ),
    Tool(
        "copy-next",
        "Copy from next slice",
        "Makes this slice as the one after it: towards the head, the back or the left.",
        "Slices",
        lambda target: copy_slice(target, 1),
        scope="slice",
    ),
    Tool(
        "threshold",
        "Fill by intensity",
        "Adds every voxel of the scan, or of one slice, whose intensity is in the range.",
        "Threshold",
        fill_range,
        _RANGE,
        needs="image",
    ),
    Tool(
        "threshold-nearby",
        "Fill by intensity nearby",
        "Adds voxels whose intensity is in the range, in the smallest box around the label.",
        "Threshold",
        lambda target, low, high: fill_range(target, low, high, in_bounds=True),
        _RANGE,
        needs="image",
    ),
)
