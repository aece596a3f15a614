"""The ResNet-50 U-Net of MedSASS: three stages of ResNet-50 and a decoder with attention."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from torch import Tensor, nn

from napari_medssl.models.networks.network import Features, SegmentationNetwork
from napari_medssl.models.quiet_imports import quiet_imports

if TYPE_CHECKING:
    from collections.abc import Sequence


class ResNet50UNet(SegmentationNetwork):
    """segmentation-models-pytorch's U-Net of depth 3, without the parts that never learn.

    Its encoder carries the third and fourth stage of ResNet-50 and its last decoder block an
    attention for a skip that is not there; at this depth neither is ever run, and both are left
    out here (methods.md, trap T30).

    Parameters
    ----------
    in_channels, classes : int
        As in `SegmentationNetwork`; 2-D.
    decoder_widths : sequence of int
        Channels of the decoder's three blocks from coarse to fine.

    References
    ----------
    Singh and Cirrone (S2), appendix A.1; methods.md section 7.
    """

    encoder_parts = ("encoder",)

    def __init__(self, *, in_channels: int, classes: int, decoder_widths: Sequence[int]) -> None:
        whole = _smp_unet(in_channels, classes, decoder_widths)
        super().__init__(
            dimensions=2,
            in_channels=in_channels,
            classes=classes,
            multiple=8,
            deepest_channels=whole.encoder.out_channels[-1],
            smallest=16,  # batch norm needs more than one pixel at the deepest
        )
        self.encoder = whole.encoder
        self.decoder = whole.decoder
        self.head = whole.segmentation_head
        del self.encoder.layer3, self.encoder.layer4
        self.decoder.blocks[-1].attention1 = nn.Identity()

    def encode(self, image: Tensor) -> Features:
        """Return skips of 64 and 256 channels at 1/2 and 1/4, and 512 channels at 1/8."""
        _, *skips, deepest = self.encoder(image)
        return Features(tuple(skips), deepest)

    def decode(self, image: Tensor, features: Features) -> Tensor:
        """Return logits; of the image only the sides are asked."""
        logits: Tensor = self.head(self.decoder([image, *features.skips, features.deepest]))
        return logits


def build(
    *,
    dimensions: int,
    in_channels: int,
    classes: int,
    decoder_widths: Sequence[int] = (256, 128, 64),
) -> ResNet50UNet:
    """Build it; it exists in 2-D alone."""
    return ResNet50UNet(in_channels=in_channels, classes=classes, decoder_widths=decoder_widths)


def _smp_unet(in_channels: int, classes: int, decoder_widths: Sequence[int]) -> Any:
    with quiet_imports():
        from segmentation_models_pytorch import Unet
    return Unet(
        "resnet50",
        encoder_depth=3,
        encoder_weights=None,
        decoder_channels=tuple(decoder_widths),
        decoder_attention_type="scse",
        in_channels=in_channels,
        classes=classes,
    )
