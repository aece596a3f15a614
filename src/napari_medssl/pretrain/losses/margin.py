"""The margin loss of a siamese network: the same side close together, opposite sides apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch.nn import functional

if TYPE_CHECKING:
    from torch import Tensor

#: the root of nothing has no slope
_CLOSE = 1e-12


def margin_loss(
    first: Tensor, second: Tensor, same: Tensor, *, margin: float = 1.0, literal: bool = False
) -> Tensor:
    """Return the mean of d^2 for pairs of one kind and max(0, margin - d)^2 for the others.

    The paper takes d between whole flattened maps. Of a map with tens of thousands of numbers d is
    far beyond the margin at the start, so pairs of different kinds teach nothing and the others
    draw everything to one point. So by default maps are averaged over their sides and brought to
    length 1: d is then 0 to 2.

    Parameters
    ----------
    first, second : (batch, channels, *sides) tensor
        The encoder's deepest maps of both images of each pair.
    same : (batch,) bool tensor
        Whether both show the same kind.
    margin : float
        How far apart is far enough.
    literal : bool
        As in the paper. (It prints d as the squared distance and squares it again; we take the
        distance, as its references do.)

    References
    ----------
    Dhere and Sivaswamy (S1), section 2.1; Hadsell 2006, equation 4.
    """
    first, second = (_embedded(maps.float(), literal) for maps in (first, second))
    squared = (first - second).square().sum(1)
    short = (margin - squared.clamp(min=_CLOSE).sqrt()).clamp(min=0)
    return squared.where(same, short.square()).mean()


def _embedded(maps: Tensor, literal: bool) -> Tensor:
    if literal:
        return maps.flatten(1)
    return functional.normalize(maps.flatten(2).mean(2), dim=1)
