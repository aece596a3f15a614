"""From what the cases are like and what the machine can do to a plan, by rules that can be read.

The rules are nnU-Net's (Isensee 2021, "rule-based parameters") cut to what minutes allow: voxels as
coarse as the organs bear, a crop that holds an organ and its surroundings, and a network small
enough to see hundreds of them.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_medssl.errors import UsageError
from napari_medssl.finetune.volumes.plan import VolumePlan
from napari_medssl.models.networks import network_card

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from napari_medssl.finetune.volumes.facts import Survey
    from napari_medssl.models.machine import Machine, Means
    from napari_medssl.models.trained import TrainedCard
    from napari_medssl.volume.geometry import Triple

#: names that say on which side of the body something lies
_SIDED = ("left", "right", "links", "rechts", "_l", "_r", " l", " r", "sin", "dex")
#: AdamW's highest step length: plain convolutions bear long ones, attention does not
_RATE, _RATE_ATTENTION = 3e-3, 5e-4
#: of a network that knows the labels already
_RATE_KNOWN = 3e-4
_ATTENTION = ("swin_unetr", "smit", "smit_12", "medsass_vit_s")
_THIN, _FEW_THICK, _THICK = 4, 16, 3.0
_LEAST_WINDOW_HU = 150.0
_AROUND = 0.25


def plan_for(
    survey: Survey,
    names: Mapping[int, str],
    machine: Machine,
    *,
    start: TrainedCard | None = None,
    network: str | None = None,
    seed: int = 0,
    steps: int = 1,
) -> VolumePlan:
    """Choose a plan; how many steps the time allows `probe` finds out.

    Parameters
    ----------
    survey : Survey
        What the cases are like.
    names : mapping of int to str
        Label value -> name, to know what lies on one side of the body only.
    machine : Machine
        What it learns on.
    start : TrainedCard, optional
        Weights to begin with: their network and their preparation are kept.
    network : str, optional
        Key of a `NetworkCard`, instead of the one chosen.
    seed, steps : int
        As in `VolumePlan`.

    Raises
    ------
    UsageError
        If the network does not exist in the dimensions of these images.
    """
    means = machine.means
    dimensions, axis = _dimensions(survey)
    reasons = [_about_dimensions(survey, dimensions, axis)]
    sided = [names[v] for v in survey.labels if _is_sided(names.get(v, ""))]
    common: dict[str, Any] = {
        "values": survey.labels,
        "steps": steps,
        "seed": seed,
        "mirrored": not sided,
        "threads": machine.threads,
        "precision": machine.precision,
        "channels_last": machine.device.startswith("cuda"),
    }
    if sided:
        reasons.append(f"'{sided[0]}' lies on one side, so left and right are not exchanged.")
    if start is not None:
        if network not in (None, start.network):
            raise UsageError(
                f"the network '{network}' with weights of '{start.network}'",
                expected="weights of the same network",
            )
        return _from_start(start, survey, means, common, reasons)
    spacing = _spacing(survey, means, dimensions, axis)
    card = network_card(network or means.network)
    card.require_dimensions(dimensions)
    arguments = {"widths": means.widths} if network in (None, means.network) else {}
    multiple = means.multiple if arguments else 32
    across = axis if dimensions == 2 else None
    patch = _patch(survey, spacing, means.crop[dimensions], multiple, across)
    shown = " x ".join(f"{mm:g}" for mm in spacing)
    reasons.append(
        f"{card.title}, crops of {' x '.join(map(str, patch))} voxels of {shown} mm: what "
        f"{'this GPU' if machine.is_gpu else 'a processor'} can learn in the time."
    )
    return VolumePlan(
        network=card.name,
        arguments=arguments,
        dimensions=dimensions,
        in_channels=1 if arguments else card.in_channels,
        preparation=_preparation(survey, spacing),
        patch=patch,
        slice_axis=axis,
        batch=means.batch[dimensions],
        rate=_rate(card.name),
        reasons=tuple(reasons),
        **common,
    )


def _rate(network: str) -> float:
    """Return how fast a network learns whose decoder begins by chance."""
    return _RATE_ATTENTION if network in _ATTENTION else _RATE


def _patch(
    survey: Survey, spacing: Sequence[float], most: int, multiple: int, across: int | None
) -> tuple[int, ...]:
    """Return a crop of the images at a spacing; of slices, which axis they lie across."""
    sides = enumerate(_median_sides(survey, spacing))
    return patch_within([n for axis, n in sides if axis != across], most, multiple)


def patch_within(sides: Sequence[float], most: int, multiple: int) -> tuple[int, ...]:
    """Return the sides of a crop: the image's, the longest cut until it has few enough voxels.

    Parameters
    ----------
    sides : sequence of float
        Of the median image.
    most : int
        Voxels of a crop.
    multiple : int
        Of which each side is a multiple; and at least twice of it.
    """
    least = 2 * multiple
    patch = [max(least, math.ceil(n / multiple) * multiple) for n in sides]
    while math.prod(patch) > most and max(patch) > least:
        patch[patch.index(max(patch))] -= multiple
    return tuple(patch)


def _dimensions(survey: Survey) -> tuple[int, int]:
    """Return 2 or 3, and the axis across which slices would be cut."""
    sides = survey.median(lambda case: case.shape)
    spacing = survey.median(lambda case: case.spacing_mm)
    axis = sides.index(min(sides))
    others = [mm for a, mm in enumerate(spacing) if a != axis]
    thick = spacing[axis] > _THICK * max(others)
    flat = sides[axis] <= _THIN or (sides[axis] < _FEW_THICK and thick)
    return (2 if flat else 3), axis


def _about_dimensions(survey: Survey, dimensions: int, axis: int) -> str:
    if dimensions == 3:
        return "The images are volumes, so the network sees them in 3-D."
    count = survey.median(lambda case: case.shape)[axis]
    return f"The images have {count:g} slices, so the network sees them slice by slice."


def _spacing(survey: Survey, means: Means, dimensions: int, axis: int) -> Triple:
    """Return voxels as fine as the images', or as coarse as the organs bear."""
    native = survey.median(lambda case: case.spacing_mm)
    own = [max(_median_extent(survey, value)) for value in survey.labels]
    coarse = float(np.median(own)) / means.organ
    fixed = axis if dimensions == 2 else None
    spacing = [mm if a == fixed else max(mm, coarse) for a, mm in enumerate(native)]
    counted = [n for a, n in enumerate(_median_sides(survey, spacing)) if a != fixed]
    too_many = math.prod(counted) / means.image[dimensions]
    if too_many > 1:
        larger = too_many ** (1 / dimensions)
        spacing = [mm if a == fixed else mm * larger for a, mm in enumerate(spacing)]
    z, y, x = (float(f"{mm:.3g}") for mm in spacing)
    return z, y, x


def _median_extent(survey: Survey, value: int) -> list[float]:
    """Return the sides of a label's box in mm, the median over the cases that have it."""
    found = [case.extents_mm[value] for case in survey.cases if value in case.extents_mm]
    return [float(mm) for mm in np.median(found, axis=0)]


def _median_sides(survey: Survey, spacing: Sequence[float]) -> list[float]:
    extent = survey.median(
        lambda case: [n * mm for n, mm in zip(case.shape, case.spacing_mm, strict=True)]
    )
    return [mm / voxel for mm, voxel in zip(extent, spacing, strict=True)]


def _preparation(survey: Survey, spacing: Triple) -> tuple[dict[str, Any], ...]:
    rows: list[dict[str, Any]] = []
    if any(case.in_colour for case in survey.cases):
        rows.append({"do": "channels", "count": 1})
    rows.append({"do": "resample", "spacing_mm": spacing, "interpolation": "linear"})
    if survey.modalities == ("CT",):
        low, _, high = survey.median(lambda case: case.grey)
        more = max(_AROUND * (high - low), (_LEAST_WINDOW_HU - (high - low)) / 2)
        rows.append({"do": "to-unit", "low": round(low - more), "high": round(high + more)})
    else:
        rows.append({"do": "percentiles", "low": 0.5, "high": 99.5, "of_non_zero": False})
        rows.append({"do": "z-score", "of_foreground": False})
    return tuple(rows)


def _from_start(
    start: TrainedCard,
    survey: Survey,
    means: Means,
    common: Mapping[str, Any],
    reasons: Sequence[str],
) -> VolumePlan:
    """Keep the network and the preparation of the weights that it begins with.

    Weights that know these labels learn slowly, not to forget them. An encoder that was taught
    without masks does not: its decoder begins by chance, and at a third of the rate, on the smaller
    crops that it was taught on, 150 steps came to a Dice of 0.60 instead of 0.81
    (``benchmarks/pretrain_transfer.py``, SimMIM, four cases).
    """
    whole = start.holds == "network" and tuple(c.value for c in start.classes) == survey.labels
    words = "all of its weights" if whole else "the weights of its encoder"
    reasons = [*reasons, f"It begins with {words}: {start.title}.", *_narrower(start, means)]
    return VolumePlan(
        network=start.network,
        arguments=start.arguments,
        dimensions=start.dimensions,
        in_channels=start.in_channels,
        preparation=start.steps,
        patch=_patch_from(start, survey, means.crop[start.dimensions]),
        slice_axis=max(start.slice_axis, 0),
        batch=means.batch[start.dimensions],
        rate=_RATE_KNOWN if whole else _rate(start.network),
        known_parts=start.parts,
        reasons=tuple(reasons),
        **common,
    )


def _patch_from(start: TrainedCard, survey: Survey, most: int) -> tuple[int, ...]:
    """Return crops as for a start by chance, where the network takes any and axes lie the same."""
    widths = start.arguments.get("widths", ())
    turned = any(step["do"] == "orient" for step in start.steps)
    if widths and start.spacing_mm and not turned:
        across = max(start.slice_axis, 0) if start.dimensions == 2 else None
        return _patch(survey, start.spacing_mm, most, 2 ** (len(widths) - 1), across)
    if math.prod(start.patch) <= most:
        return start.patch
    return patch_within(start.patch, most, 32 if start.dimensions == 3 else 16)


def _narrower(start: TrainedCard, means: Means) -> list[str]:
    """Say that the machine would learn a wider network of the same kind."""
    own = start.arguments.get("widths", ())
    if start.network != means.network or not 0 < max(own, default=0) < max(means.widths):
        return []
    return [
        f"Its network is narrower (up to {max(own)} channels) than what this machine would learn "
        f"without it (up to {max(means.widths)}). Weights learned on this machine are as wide."
    ]


def _is_sided(name: str) -> bool:
    lower = name.lower()
    return any(
        lower.endswith(word) if word[0] in "_ " else lower.startswith(word) or f" {word}" in lower
        for word in _SIDED
    )
