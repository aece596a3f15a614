"""SAM ViT-B, L and H, and MedSAM, which is a ViT-B trained further on boxes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari_medssl.models.promptable import Square

if TYPE_CHECKING:
    from torch import Tensor

_SIDE = 1024
SQUARE = Square(_SIDE)
#: MedSAM was trained on images stretched to a square, SAM on padded ones
MEDSAM_SQUARE = Square(_SIDE, keep_proportions=False)
ANTIALIAS = True
BOX_MARGIN = 0.0

_MEAN = (123.675, 116.28, 103.53)
_DEVIATION = (58.395, 57.12, 57.375)


def build(network: str) -> Any:
    """Build ``"vit_b"``, ``"vit_l"`` or ``"vit_h"``, its weights still random."""
    from segment_anything import sam_model_registry

    return sam_model_registry[network](checkpoint=None)


def prepare(pixels: Tensor) -> Tensor:
    """Centre and scale red, green and blue as SAM was trained; (1, 3, rows, columns)."""
    mean = pixels.new_tensor(_MEAN)[:, None, None]
    deviation = pixels.new_tensor(_DEVIATION)[:, None, None]
    return (pixels - mean) / deviation
