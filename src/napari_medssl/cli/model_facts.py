"""Cards of networks and of trained models, ready for JSON."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from napari_medssl.models import ModelCard
    from napari_medssl.models.networks import NetworkCard
    from napari_medssl.models.trained import TrainedCard


def promptable_facts(card: ModelCard) -> dict[str, Any]:
    """Return a promptable network, and whether its weights are on this machine."""
    from napari_medssl.models.weights import find_weights

    present = find_weights(card) is not None
    return {"kind": "promptable", **asdict(card), "offline": card.offline, "present": present}


def network_facts(card: NetworkCard) -> dict[str, Any]:
    """Return a segmentation network."""
    return {"kind": "network", **asdict(card), "dimensions": card.dimensions}


def trained_facts(card: TrainedCard) -> dict[str, Any]:
    """Return a trained model, or an encoder."""
    return {"kind": "trained" if card.holds == "network" else "encoder", **asdict(card)}
