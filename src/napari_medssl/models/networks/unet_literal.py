"""The U-Net as it was printed: two convolutions a level, max-pooling, transposed convolutions.

Ronneberger 2015, with padding; in 3-D Cicek 2016, whose batch norm it takes. Widths of the
survey's comparison, methods.md section 1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_medssl.models.networks.levels import PlainUNet, two_convolutions

if TYPE_CHECKING:
    from collections.abc import Sequence


def build(
    *,
    dimensions: int,
    in_channels: int,
    classes: int,
    widths: Sequence[int] = (32, 64, 128, 256),
) -> PlainUNet:
    """Build it."""
    return PlainUNet(
        two_convolutions,
        dimensions=dimensions,
        in_channels=in_channels,
        classes=classes,
        widths=widths,
    )
