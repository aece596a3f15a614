"""What a mask that MedSASS predicts is measured by: focal-Tversky, and what it was compared with.

The names alpha and beta change places from paper to paper and library to library, and gamma is an
exponent here and its inverse there; so the arguments say what they weigh.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch.nn import functional

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from torch import Tensor

_NO_PIXEL = 1e-6
_FOCUS, _FOCAL_INSIDE = 2.0, 0.25


def tversky(
    logits: Tensor,
    mask: Tensor,
    *,
    missed: float = 0.7,
    false: float = 0.3,
    exponent: float = 1.0,
) -> Tensor:
    """Return (1 - TP / (TP + missed FN + false FP)) ** exponent over the whole batch.

    Parameters
    ----------
    logits : (batch, 1, *sides) tensor
        Above 0 is inside.
    mask : (batch, 1, *sides) tensor
        0 or 1.
    missed, false : float
        Weight of pixels that were missed, and of those that are falsely inside.
    exponent : float
        Below 1 large errors count more.

    References
    ----------
    Salehi 2017, equation 4 (its beta is our ``missed``).
    """
    likely, mask = logits.float().sigmoid(), mask.float()
    both = (likely * mask).sum()
    lost, added = mask.sum() - both, likely.sum() - both
    overlap = (both + _NO_PIXEL) / (both + missed * lost + false * added + _NO_PIXEL)
    # the root of nothing has no slope
    return (1 - overlap).clamp(min=_NO_PIXEL) ** exponent


def focal_tversky(
    logits: Tensor, mask: Tensor, *, missed: float = 0.7, false: float = 0.3, gamma: float = 4 / 3
) -> Tensor:
    """Return the Tversky loss to the power 1 / gamma; see `tversky`.

    References
    ----------
    Abraham and Khan 2019, equation 4: alpha 0.7 for what is missed, gamma 4/3; Singh and Cirrone
    (S2), section 3.3.4, who give no values.
    """
    return tversky(logits, mask, missed=missed, false=false, exponent=1 / gamma)


def focal(logits: Tensor, mask: Tensor) -> Tensor:
    """Return the mean focal loss, exponent 2, pixels inside weighed 0.25 and others 0.75.

    References
    ----------
    Lin 2017, equation 5.
    """
    logits, mask = logits.float(), mask.float()
    entropy = functional.binary_cross_entropy_with_logits(logits, mask, reduction="none")
    wrong = (logits.sigmoid() - mask).abs()
    weight = mask * _FOCAL_INSIDE + (1 - mask) * (1 - _FOCAL_INSIDE)
    return (weight * wrong**_FOCUS * entropy).mean()


def cross_entropy(logits: Tensor, mask: Tensor) -> Tensor:
    """Return the mean binary cross-entropy; S2 saw it collapse (appendix B.1)."""
    return functional.binary_cross_entropy_with_logits(logits.float(), mask.float())


#: the losses that MedSASS compares, by the name that a user chooses
MASK_LOSSES: Mapping[str, Callable[[Tensor, Tensor], Tensor]] = {
    "focal-tversky": focal_tversky,
    "tversky": tversky,
    "focal": focal,
    "cross-entropy": cross_entropy,
}
