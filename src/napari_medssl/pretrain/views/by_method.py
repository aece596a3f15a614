"""Views of a crop: what each method of the papers does to it by chance before learning from it.

Numbers are for values of about 0 to 1, as the papers' preparations give them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from napari_medssl.pretrain.views.changes import (
    blurred,
    contrasted,
    mirrored,
    noisy,
    part_of,
    resized,
    scaled,
    shifted,
    turned,
    zoomed,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import numpy as np
    from torch import Tensor

    Change = Callable[[Tensor, np.random.Generator, float, float], Tensor]


@dataclass(frozen=True)
class Step:
    """A change that happens by chance.

    Parameters
    ----------
    change : callable
        One of `changes`.
    chance : float
        0 (never) to 1 (always).
    low, high : float
        Between what it draws its number.
    """

    change: Change
    chance: float
    low: float = 0.0
    high: float = 0.0


@dataclass(frozen=True)
class ViewPlan:
    """How a view is made.

    Parameters
    ----------
    steps : tuple of Step
        In this order.
    part : (float, float), optional
        First a part is cut out, so much of each side, and enlarged again.
    """

    steps: tuple[Step, ...] = ()
    part: tuple[float, float] | None = None

    def without(self, *changes: Change) -> ViewPlan:
        """Return it without some changes."""
        return replace(self, steps=tuple(s for s in self.steps if s.change not in changes))


def view_plans(of: str, *, mirror: bool = True) -> tuple[ViewPlan, ...]:
    """Return the plans of a method's views, a plan a view.

    Parameters
    ----------
    of : str
        Key of `VIEWS`.
    mirror : bool
        False leaves out what mirrors: where left and right are to be told apart.
    """
    return VIEWS[of] if mirror else tuple(plan.without(mirrored) for plan in VIEWS[of])


def view(
    image: Tensor,
    plan: ViewPlan,
    random: np.random.Generator,
    sides: tuple[int, ...] | None = None,
    upright: tuple[int, ...] | None = None,
) -> Tensor:
    """Return a view of a crop.

    Parameters
    ----------
    image : (channels, *sides) float tensor
        The crop, 2-D or 3-D; it is not changed.
    plan : ViewPlan
        How.
    random : numpy Generator
        Of this view; see `models.draws`.
    sides : tuple of int, optional
        Of the view; the crop's own when None. DINO's small views have smaller ones.
    upright : tuple of int, optional
        The crop's axes in the order that `changes` knows, as `PretrainPlan.upright` gives them:
        an image made ready may lie with x first. As they are when None.
    """
    sides = sides or tuple(image.shape[1:])
    if plan.part is not None:
        image = part_of(image, random, *plan.part, sides)
    order = upright or tuple(range(len(sides)))
    image = resized(image, sides).permute(0, *(1 + axis for axis in order))
    for step in plan.steps:
        if random.random() < step.chance:
            image = step.change(image, random, step.low, step.high)
    return image.permute(0, *(1 + order.index(axis) for axis in range(len(order)))).contiguous()


#: S3, section 4.5, in its order
_SIMSIAM = ViewPlan(
    (
        Step(zoomed, 0.75, 0.8, 1.2),
        Step(mirrored, 0.5),
        Step(turned, 0.5),
        Step(scaled, 0.75, 0.9, 1.1),
        Step(blurred, 0.25, 0.25, 1.5),
        Step(noisy, 0.25, 0.01, 0.01),
    )
)
#: Punn 2022, the published code; its colour jitter is switched off there
_BARLOW = ViewPlan((Step(mirrored, 0.5), Step(turned, 0.5)), part=(0.75, 1.0))
#: BYOL's and DINO's changes as far as grey pictures have them; the parts are DINO's, by area
_GREY_JITTER = (
    Step(mirrored, 0.5),
    Step(shifted, 0.8, -0.2, 0.2),
    Step(contrasted, 0.8, 0.6, 1.4),
    Step(blurred, 0.5, 0.1, 2.0),
)
_LARGE = ViewPlan(_GREY_JITTER, part=(0.63, 1.0))
#: ours, for images that are much alike, as crops about one organ are. Of two BYOL views of a
#: hippocampus a network with random weights makes vectors no nearer than those of two hippocampi,
#: so there is nothing to begin with; cutting parts, mirroring and strong blur do most of that
_GENTLE = ViewPlan(
    (
        Step(zoomed, 0.75, 0.9, 1.1),
        Step(shifted, 0.8, -0.2, 0.2),
        Step(contrasted, 0.8, 0.7, 1.3),
        Step(blurred, 0.5, 0.1, 0.7),
        Step(noisy, 0.5, 0.01, 0.05),
    )
)
_SMALL = ViewPlan(_GREY_JITTER, part=(0.22, 0.63))
_GENTLE_PART = ViewPlan(_GENTLE.steps, part=(0.6, 0.9))
#: S4 names crops, contrast and brightness; the numbers are Chaitanya's, the crop's are ours
_S4_JITTER = (Step(contrasted, 1.0, 0.7, 1.3), Step(shifted, 1.0, -0.3, 0.3))
_S4 = ViewPlan(_S4_JITTER, part=(0.7, 1.0))
#: S2 says augmented and no more; this is ours
_MEDSASS = ViewPlan(
    (Step(mirrored, 0.5), Step(contrasted, 0.5, 0.8, 1.2), Step(shifted, 0.5, -0.1, 0.1))
)

#: views of a crop by method, or by a setting of it; one plan a view. Other methods see a crop as it
#: is: mirrored, a left kidney is a right one, and turning is Swin UNETR's task
VIEWS: Mapping[str, tuple[ViewPlan, ...]] = {
    "simsiam": (_SIMSIAM, _SIMSIAM),
    "barlow": (_BARLOW, _BARLOW),
    "byol": (_LARGE, _LARGE),
    "byol-gentle": (_GENTLE, _GENTLE),
    "dino": (_LARGE, _LARGE, *(_SMALL,) * 6),
    "dino-gentle": (_GENTLE, _GENTLE, *(_GENTLE_PART,) * 6),
    "mae": (ViewPlan((Step(mirrored, 0.5),), part=(0.45, 1.0)),),  # He 2022, by area
    "simmim": (ViewPlan((Step(mirrored, 0.5),), part=(0.82, 1.0)),),  # Xie 2022, by area
    "medsass": (_MEDSASS,),
    "contrastive-global": (_S4, _S4),
    "contrastive-local": (ViewPlan(_S4_JITTER), ViewPlan(_S4_JITTER)),  # regions must stay in place
}
