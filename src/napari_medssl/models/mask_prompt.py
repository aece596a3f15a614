"""The outline that a further click corrects, shown to a network as a prompt.

Published networks were trained to get their own logits back. Weights for points are shown signs
instead, 1 inside and -1 outside: an outline means the same whoever drew it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


def mask_prompt(masks: Tensor) -> Tensor:
    """Return masks as a prompt encoder wants them.

    Parameters
    ----------
    masks : (b, rows, columns) bool tensor
        On the grid of the decoder.

    Returns
    -------
    (b, 1, rows, columns) float32 tensor
    """
    return masks[:, None].float() * 2 - 1
