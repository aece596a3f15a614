"""From what the images are like to a plan: the paper's own, or one that fits this machine."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

from napari_medssl.errors import UsageError
from napari_medssl.models.machine import ON_PROCESSOR, Machine
from napari_medssl.models.networks import network_card
from napari_medssl.models.networks.planned import NETWORK
from napari_medssl.pretrain.cards import method_card
from napari_medssl.pretrain.images.made_ready import made_ready
from napari_medssl.pretrain.images.slicing import across_slices, without_axis
from napari_medssl.pretrain.plan import PretrainPlan
from napari_medssl.pretrain.planning.enough import require_images
from napari_medssl.pretrain.planning.from_nnunet import planned_fields
from napari_medssl.pretrain.settings.declared import taken
from napari_medssl.pretrain.settings.of_methods import declared_settings
from napari_medssl.pretrain.settings.of_plan import PLAN_SETTINGS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from napari_medssl.models.machine import Means
    from napari_medssl.models.networks.planned import PlannedNetwork
    from napari_medssl.pretrain.cards import Scale
    from napari_medssl.pretrain.images.survey import ImageSurvey

ScaleName = Literal["here", "paper"]

#: a 3-D network learns from images of so many slices or more
_THIN = 8
#: of which each side of a crop is one, where the network does not say
_MULTIPLE = 32
_NAMES = {setting.name for setting in PLAN_SETTINGS}
#: fields of a plan that have an option, or an argument, of their own
_ELSEWHERE = {*PretrainPlan.__dataclass_fields__} - _NAMES


def plan_pretraining(
    method: str,
    survey: ImageSurvey,
    *,
    scale: ScaleName = "here",
    network: str | None = None,
    planned: PlannedNetwork | None = None,
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
    planned : PlannedNetwork, optional
        What nnU-Net planned, for the network that is built from it.
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
    card, machine = method_card(method), Machine(device, threads)
    recipe = card.recipe(scale)
    dimensions = planned.dimensions if planned else dimensions
    there = network_card(network).dimensions if network else tuple(recipe.network)
    there = tuple(n for n in there if n in card.dimensions) or there
    dims = dimensions or _dimensions(survey, there)
    name = NETWORK if planned else network or card.own_network(scale, dims)
    card.require_network(name, dims)
    net = network_card(name)
    changed, more = _sorted_out(changes or {})
    means, unlike = machine.means, ""
    if scale == "here":
        recipe, means, unlike = _within_reach(recipe, machine, survey, dims)
    fields = recipe.fields(dims)
    settings = {**fields.pop("settings", {}), **more}
    part, own_steps = fields.get("part_of_image", 1.0), fields.get("steps", 0)
    fields["arguments"] = _arguments(fields, name, recipe.network.get(dims), means, scale)
    fields["crop"] = fields.get("crop") or _crop(survey, dims, fields["arguments"], part, means)
    fields |= {
        "steps": steps or own_steps or 1,
        "warm_up": round(recipe.rising * (steps or own_steps)),
        "in_channels": 1 if scale == "here" else net.in_channels,
    } | changed
    if planned:
        voxels = None if scale == "paper" else means.view[dims]
        fields |= planned_fields(planned, survey, part=part, most=voxels) | changed
    fields, unlike_paper = made_ready(fields, survey, dims)
    reasons = (f"{card.title} on {net.title} in {dims}-D. {card.about}", recipe.why)
    plan = PretrainPlan(
        method=method,
        network=name,
        dimensions=dims,
        settings=settings,
        seed=seed,
        threads=threads,
        reasons=tuple(filter(None, (*reasons, unlike, unlike_paper))),
        **{"precision": machine.precision, **fields},
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
    taken(more, declared_settings(method), method_card(method).title)


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
            do="Choose another batch, other parts of it (accumulate), or fewer processes",
        )


def _sorted_out(changes: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return changes of a plan's fields, and those that the method has to know."""
    for name in changes:
        if name in _ELSEWHERE:
            raise UsageError(f"the setting '{name}'", expected="its own option or argument")
    given = {name: value for name, value in changes.items() if name in _NAMES}
    read = taken(given, PLAN_SETTINGS, "the plan")
    changed = {name: read[name] for name in given}
    return changed, {name: value for name, value in changes.items() if name not in _NAMES}


def _crop(
    survey: ImageSurvey, dimensions: int, arguments: Mapping[str, Any], part: float, means: Means
) -> tuple[int, ...]:
    """Return crops that hold most of an image, or the part of it that leaves room for two."""
    multiple = 2 ** (len(arguments["widths"]) - 1) if "widths" in arguments else _MULTIPLE
    return sides_within(
        [part * n for n in _seen(survey, dimensions)], means.view[dimensions], multiple
    )


def _seen(survey: ImageSurvey, dimensions: int) -> list[float]:
    """Return the sides of a typical image, or of a slice of it."""
    sides = survey.median(lambda image: image.shape)
    return list(sides) if dimensions == 3 else without_axis(sides, across_slices(survey))


def _within_reach(
    recipe: Scale, machine: Machine, survey: ImageSurvey, dimensions: int
) -> tuple[Scale, Means, str]:
    """Return a recipe with what a machine has the means for, as far as the images are large enough.

    A network takes some voxels at least: it halves a crop again and again. An image may be mirrored
    to twice its size, but not where two crops are cut of it.
    """
    large, means = recipe.on(machine), machine.means
    fields = large.fields(dimensions)
    least = fields.get("crop") or (2 * means.multiple,) * dimensions
    reach = 2 if fields.get("part_of_image", 1) == 1 else 1
    seen = _seen(survey, dimensions)
    if all(reach * there >= side for there, side in zip(seen, least, strict=True)):
        return large, means, ""
    words = (
        f"The images are too small for crops of {' x '.join(map(str, least))}, which a GPU has the "
        "means for: crops and network are as on a processor."
    )
    return recipe, ON_PROCESSOR, words if large != recipe or means != ON_PROCESSOR else ""


def _arguments(
    fields: Mapping[str, Any], name: str, own: str | None, means: Means, scale: ScaleName
) -> Mapping[str, Any]:
    """Return what a network is built with: the recipe's own, and as wide as the machine bears."""
    arguments = fields.get("arguments", {}) if name == own else {}
    if scale == "here" and name == means.network:
        return {**arguments, "widths": means.widths}
    return arguments


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
            do="Choose a larger batch, or fewer parts of it (accumulate)",
        )
    require_images(plan.method, images)


def _dimensions(survey: ImageSurvey, there: Sequence[int]) -> int:
    thin = min(survey.median(lambda image: image.shape)) < _THIN
    wanted = 2 if thin else 3
    return wanted if wanted in there else there[0]
