"""MobileSAM: LiteMedSAM's TinyViT on images four times as large, with SAM's decoder.

The two differ in the stem alone, which halves the image twice here, and in how large an image the
prompts are measured on. An image is prepared as for SAM. Source: Zhang 2023 (MobileSAM).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari_medssl.models import litemedsam, sam

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

#: the published file carries the classifier that its encoder was first trained with
CLASSIFIER = ("image_encoder.head.", "image_encoder.norm_head.")


def build() -> Any:
    """Build the network, its weights still random."""
    network = litemedsam.build()
    stem = network.image_encoder.patch_embed.seq
    convolution, width = type(stem[0]), stem[2].c.out_channels
    stem[0] = convolution(3, width // 2, ks=3, stride=2, pad=1)
    stem[2] = convolution(width // 2, width, ks=3, stride=2, pad=1)
    network.prompt_encoder.input_image_size = (sam.SQUARE.side, sam.SQUARE.side)
    return network


def without_classifier(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return the tensors that segment."""
    return {n: tensor for n, tensor in tensors.items() if not n.startswith(CLASSIFIER)}
