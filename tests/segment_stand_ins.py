"""What stands in for a model that segments: its card, and the options it is run with."""

from __future__ import annotations

from dataclasses import dataclass

from napari_medssl.models.trained import OutputClass, TrainedCard

CARD = TrainedCard(
    name="ct-organs",
    title="Organs in CT",
    network="unet",
    dimensions=3,
    in_channels=1,
    classes=(OutputClass(1, "liver"), OutputClass(2, "spleen")),
    patch=(32, 32, 32),
    steps=(),
    sha256="c0ffee",
)


@dataclass(frozen=True)
class Options:
    """As `segment.automatic.RunOptions`, without torch."""

    overlap: float = 0.5
    flips: bool = False
    keep_largest: tuple[int, ...] | str = ()
    min_mm3: float = 0
    uncertainty: bool = False
