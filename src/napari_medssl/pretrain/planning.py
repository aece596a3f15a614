"""From what the images are like to a plan: the paper's own, or one that fits this machine."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

from napari_medssl.errors import UsageError
from napari_medssl.models.networks import network_card
from napari_medssl.pretrain.cards import method_card
from napari_medssl.pretrain.declared import taken
from napari_medssl.pretrain.plan import PretrainPlan
from napari_medssl.volume.presets import preparation

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from napari_medssl.pretrain.survey import ImageSurvey

ScaleName = Literal["here", "paper"]

#: a 3-D network learns from images of so many slices or more
_THIN = 8
#: of which each side of a crop is one, where the network does not say
_MULTIPLE = 32
#: of all steps, in which the rate rises, where a method does not say
WARM_UP = 0.1
#: fields of a plan that may be wanted otherwise, each with what it is like
_FIELDS: Mapping[str, Any] = {
    "crop": (),
    "batch": 16,
    "accumulate": 1,
    "optimiser": "adamw",
    "rate": 1e-3,
    "last_rate": 0.0,
    "decay": 1e-2,
    "warm_up": 0,
    "save_every": 25,
    "precision": "float32",
    "stop_on_collapse": False,
}
#: those that have an option, or an argument, of their own
_ELSEWHERE = {*PretrainPlan.__dataclass_fields__} - {*_FIELDS}
#: of a crop, for what a machine at hand does in minutes
_MOST_VOXELS = {2: 224**2, 3: 90_000}


def plan_pretraining(
    method: str,
    survey: ImageSurvey,
    *,
    scale: ScaleName = "here",
    network: str | None = None,
    dimensions: int | None = None,
    steps: int = 1,
    seed: int = 0,
    threads: int = 1,
    device: str = "cpu",
    processes: int = 1,
    changes: Mapping[str, Any] | None = None,
) -> PretrainPlan:
    """Choose a plan; how many steps the time allows `probe` finds out.

    Parameters
    ----------
    method : str
        Key of a `MethodCard`.
    survey : ImageSurvey
        What the images are like.
    scale : {"here", "paper"}
        What this machine can do in minutes, or what the paper says.
    network : str, optional
        Key of a `NetworkCard`, instead of the scale's.
    dimensions : int, optional
        2 or 3, instead of what the images are.
    steps, seed, threads : int
        As in `PretrainPlan`; the paper's steps where ``steps`` is 0.
    device : str
        ``"cpu"``, ``"cuda:0"`` or ``"mps"``.
    processes : int
        How many learn together: each takes as many images of a batch.
    changes : mapping, optional
        Fields of the plan, or settings of the method, that are wanted otherwise.

    Raises
    ------
    UsageError
        If the method makes no sense for the network, the images are too few, or a change is of
        nothing that there is.
    """
    card = method_card(method)
    chosen = card.paper if scale == "paper" else card.here
    there = network_card(network).dimensions if network else tuple(chosen.network)
    there = tuple(n for n in there if n in card.dimensions) or there
    dims = dimensions or _dimensions(survey, there)
    name = network or chosen.network.get(dims)
    if name is None:
        words = " or ".join(f"{n}-D" for n in chosen.network)
        raise UsageError(
            f"{card.title} in {dims}-D, of which there is no network at the scale '{scale}'",
            expected=words,
            do="Name a network, or choose the other scale",
        )
    card.require_network(name, dims)
    net, is_own = network_card(name), name == chosen.network.get(dims)
    fields = chosen.fields(dims)
    settings = dict(fields.pop("settings", {}))
    own_arguments = fields.pop("arguments", {})
    arguments = own_arguments if is_own else {}
    preset = fields.pop("preparation", None)
    part = fields.pop("part_of_image", 1.0)
    own_steps = fields.get("steps", 0)
    fields |= {
        "steps": steps or own_steps or 1,
        "warm_up": _warm_up(fields.get("warm_up"), own_steps, steps),
        "crop": fields.get("crop") or _crop(survey, dims, arguments, part),
        "in_channels": 1 if scale == "here" else net.in_channels,
        "preparation": _rows(preset, survey),
    }
    changed, more = _sorted_out(changes or {})
    fields |= changed
    settings |= more
    plan = PretrainPlan(
        method=method,
        network=name,
        dimensions=dims,
        settings=settings,
        arguments=arguments,
        slice_axis=_slice_axis(survey),
        seed=seed,
        threads=threads,
        precision="bfloat16" if device.startswith("cuda") else "float32",
        reasons=(
            f"{card.title} on {net.title} in {dims}-D. {card.about}",
            *([chosen.why] if chosen.why else []),
        ),
        **fields,
    )
    if "batch" not in changed:
        plan = replace(plan, batch=-(-plan.batch // processes) * processes)
    _require_enough(plan, len(survey.images), processes)
    return plan


def require_known(method: str, changes: Mapping[str, Any]) -> None:
    """Check that each change is of something that there is, and of its kind.

    Raises
    ------
    UsageError
        If one is not.
    """
    _, more = _sorted_out(changes)
    if more:
        from napari_medssl.pretrain.method import settings_of

        taken(more, settings_of(method), method_card(method).title)


def require_shares(images: int, processes: int) -> None:
    """Check that processes can share images, each as many.

    Raises
    ------
    UsageError
        If they cannot.
    """
    if images % processes:
        raise UsageError(
            f"{images} images at once for {processes} processes",
            expected=f"a multiple of {processes}: each takes as many",
        )


def _sorted_out(changes: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return changes of a plan's fields, and those that the method has to know."""
    for name in changes:
        if name in _ELSEWHERE:
            raise UsageError(f"the setting '{name}'", expected="its own option or argument")
    given = {name: value for name, value in changes.items() if name in _FIELDS}
    read = taken(given, _FIELDS, "the plan")
    changed = {name: read[name] for name in given}
    return changed, {name: value for name, value in changes.items() if name not in _FIELDS}


def _warm_up(own: int | None, own_steps: int, steps: int) -> int:
    """Return in how many steps the rate rises: of another number of steps the same part."""
    if not own_steps:
        return int(WARM_UP * steps)
    return round((own or 0) * (steps or own_steps) / own_steps)


def _crop(
    survey: ImageSurvey, dimensions: int, arguments: Mapping[str, Any], part: float
) -> tuple[int, ...]:
    """Return crops that hold most of an image, or the part of it that leaves room for two."""
    multiple = 2 ** (len(arguments["widths"]) - 1) if "widths" in arguments else _MULTIPLE
    sides = list(survey.median(lambda image: image.shape))
    if dimensions == 2:
        sides.pop(_slice_axis(survey))
    return sides_within([part * n for n in sides], _MOST_VOXELS[dimensions], multiple)


def sides_within(sides: Sequence[float], most: int, multiple: int) -> tuple[int, ...]:
    """Return multiples within some sides, the longest cut until there are few enough voxels."""
    crop = [max(multiple, math.floor(n / multiple) * multiple) for n in sides]
    while math.prod(crop) > most and max(crop) > multiple:
        crop[crop.index(max(crop))] -= multiple
    return tuple(crop)


def _require_enough(plan: PretrainPlan, images: int, processes: int) -> None:
    card = method_card(plan.method)
    at_once = plan.batch // plan.accumulate
    require_shares(at_once, processes)
    if at_once < card.least_batch:
        raise UsageError(
            f"{card.title} with {at_once} of {plan.batch} images at once",
            expected=f"{card.least_batch} or more",
        )
    if images < card.least_images:
        raise UsageError(
            f"{card.title} with {images} images",
            expected=f"{card.least_images} or more",
            do="Add images; they need no masks",
        )


def _dimensions(survey: ImageSurvey, there: Sequence[int]) -> int:
    thin = min(survey.median(lambda image: image.shape)) < _THIN
    wanted = 2 if thin else 3
    return wanted if wanted in there else there[0]


def _slice_axis(survey: ImageSurvey) -> int:
    sides = survey.median(lambda image: image.shape)
    return sides.index(min(sides))


def _rows(preset: str | None, survey: ImageSurvey) -> tuple[dict[str, Any], ...]:
    return tuple(preparation(preset).pipeline.steps()) if preset else _preparation(survey)


def _preparation(survey: ImageSurvey) -> tuple[dict[str, Any], ...]:
    """Make grey values comparable, and voxels of the size that most images have."""
    spacing = tuple(float(f"{mm:.3g}") for mm in survey.median(lambda image: image.spacing_mm))
    rows: list[dict[str, Any]] = []
    if any(image.in_colour for image in survey.images):
        rows.append({"do": "channels", "count": 1})
    rows.append({"do": "resample", "spacing_mm": spacing, "interpolation": "linear"})
    if survey.modalities == ("CT",):
        rows.append({"do": "to-unit", "low": -175, "high": 250})
    else:
        rows.append({"do": "percentiles", "low": 0.5, "high": 99.5, "of_non_zero": False})
    return tuple(rows)
