"""Which of the images that were made ready a method can learn from, and whether they suffice."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_medssl.errors import UsageError
from napari_medssl.pretrain.planning.enough import batch_of_others, require_images

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from napari_medssl.pretrain.images.prepared import PreparedImage
    from napari_medssl.pretrain.method import Method
    from napari_medssl.pretrain.plan import PretrainPlan


def accepted(
    method: Method,
    images: Sequence[PreparedImage],
    found: int,
    leave_out: Callable[[Mapping[str, str]], None],
) -> list[PreparedImage]:
    """Return the images that a method can learn from; say why of the others.

    Parameters
    ----------
    method : Method
        Looks at each.
    images : sequence of PreparedImage
        Those that could be made ready.
    found : int
        How many there were before any was left out.
    leave_out : callable
        Is told of those that it refuses: id -> why.

    Raises
    ------
    UsageError
        If too few are left.
    """
    refused = {image.id: why for image in images if (why := method.refuses(image))}
    leave_out(refused)
    kept = [image for image in images if image.id not in refused]
    if not kept:
        why = next(iter(refused.values())).rstrip(".")
        raise UsageError(
            f"no image to learn from: all {len(images)} were left out, the first because {why}",
            do=f"Choose another method, or another setting of this one: 'medssl models show "
            f"{method.plan.method}' tells them",
        )
    require_images(method.plan.method, len(kept), found - len(kept))
    return kept


def compared(
    plan: PretrainPlan,
    images: Sequence[PreparedImage],
    processes: int,
    warn: Callable[[str], None],
) -> PretrainPlan:
    """Return a plan whose batch is not larger than what there is to compare, and say a change.

    Parameters
    ----------
    plan : PretrainPlan
        Before.
    images : sequence of PreparedImage
        All that are learned from.
    processes : int
        How many share a batch.
    warn : callable
        Is told, in a sentence, of a batch that is smaller.

    Raises
    ------
    UsageError
        If there are too few for any batch.
    """
    slices = plan.dimensions == 2
    pictures = sum(image.sides[plan.slice_axis] if slices else 1 for image in images)
    fewer = batch_of_others(plan, pictures, processes)
    if fewer is not plan:
        warn(fewer.reasons[-1])
    return fewer
