"""A real network with random weights, so small that whole volumes take a moment."""

from __future__ import annotations

from pathlib import Path

import torch

from napari_medssl.io import atomic_write
from napari_medssl.models.trained import TrainedCard, numbered_classes, trained_folder
from napari_medssl.models.trained_weights import network_for, save_trained


def keep_tiny_model(name: str = "tiny", *, seed: int = 0, patch: int = 8) -> Path:
    """Put it where trained models are kept; the same seed gives the same weights."""
    card = TrainedCard(
        name=name,
        title="Tiny",
        network="unet",
        dimensions=3,
        in_channels=1,
        classes=numbered_classes(("liver", "spleen")),
        patch=(patch,) * 3,
        steps=(),
        arguments={"widths": (4, 8)},
    )
    path = trained_folder() / f"{name}.safetensors"
    path.parent.mkdir(parents=True, exist_ok=True)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        save_trained(network_for(card), card, path, atomic_write)
    return path
