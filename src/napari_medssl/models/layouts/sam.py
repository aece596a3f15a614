"""Files of Segment Anything and its descendants, told by the width and the stem of the encoder."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari_medssl.models.checkpoint import network_of
from napari_medssl.models.layouts.foreign import Foreign, unwrapped
from napari_medssl.models.mobilesam import CLASSIFIER

if TYPE_CHECKING:
    from collections.abc import Mapping


def recognise(content: Mapping[str, Any]) -> Foreign | None:
    """Recognise SAM ViT-B, L and H, MedSAM, LiteMedSAM and MobileSAM."""
    found = unwrapped(content)
    network = found and network_of(found[1])
    if found is None or not network:
        return None
    unused = {
        name: "the classifier it was distilled with"
        for name in found[1]
        if network == "mobile_sam" and name.startswith(CLASSIFIER)
    }
    return Foreign(
        "sam",
        network=network,
        holds="promptable",
        tensors={name: tensor for name, tensor in found[1].items() if name not in unused},
        dimensions=2,
        in_channels=3,
        unused=unused,
    )
