"""Whether there are enough images for a method, and for a batch that compares them. No torch."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from napari_medssl.errors import UsageError
from napari_medssl.pretrain.cards import method_card

if TYPE_CHECKING:
    from napari_medssl.pretrain.plan import PretrainPlan


def require_images(method: str, images: int, left_out: int = 0) -> None:
    """Check that there are as many images as a method needs at least.

    Parameters
    ----------
    method : str
        Key of a `MethodCard`.
    images, left_out : int
        Those to learn from, and those that cannot be learned from.

    Raises
    ------
    UsageError
        If there are fewer.
    """
    card = method_card(method)
    if images >= card.least_images:
        return
    came = f"{card.title} with {images} image{'' if images == 1 else 's'}"
    raise UsageError(
        f"{came}, as {left_out} were left out" if left_out else came,
        expected=f"{card.least_images} or more",
        do="Add images, which need no masks, or choose a method that needs fewer: "
        "'medssl models show NAME' says how many",
    )


def batch_of_others(plan: PretrainPlan, pictures: int, processes: int = 1) -> PretrainPlan:
    """Return a plan whose batch holds no picture twice, where pictures are compared in it.

    To tell every picture of a batch from all others makes no sense where two are the same.

    Parameters
    ----------
    plan : PretrainPlan
        Of any method; one that does not compare stays as it is.
    pictures : int
        How many there are: images, or the slices of all of them where a network sees slices.
    processes : int
        How many share a batch: each takes as many.

    Raises
    ------
    UsageError
        If there are too few pictures for any batch.
    """
    card, at_once = method_card(plan.method), plan.batch // plan.accumulate
    if not card.compares or at_once <= pictures:
        return plan
    most = pictures // processes * processes
    if most < card.least_batch:
        raise UsageError(
            f"{card.title} with {pictures} images for {processes} processes",
            expected=f"{max(card.least_batch, processes)} images or more",
            do="Add images, which need no masks, or let fewer processes learn",
        )
    words = (
        f"{card.title} tells the images of a batch apart, and there are {pictures}: "
        f"{most} at a time, not {at_once}."
    )
    return replace(plan, batch=most * plan.accumulate, reasons=(*plan.reasons, words))
