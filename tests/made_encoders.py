"""Encoders as a run of pre-training leaves them, of made-up weights."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from napari_medssl.io import atomic_write
from napari_medssl.models.trained import TrainedCard, write_card
from napari_medssl.pretrain.plan import WEIGHTS


def encoder_card(**changes: Any) -> TrainedCard:
    """Return the card of a small encoder for volumes."""
    card: dict[str, Any] = {
        "name": "encoder",
        "title": "made",
        "network": "unet_small",
        "dimensions": 3,
        "in_channels": 1,
        "classes": (),
        "patch": (8, 8, 8),
        "steps": (),
        "holds": "encoder",
    }
    return TrainedCard(**{**card, **changes})


def leave_encoder(artifacts: Path, content: bytes = b"weights", **changes: Any) -> str:
    """Put weights and their card among a job's artifacts; return the weights' hash."""
    artifacts.mkdir(parents=True, exist_ok=True)
    (artifacts / WEIGHTS).write_bytes(content)
    sha256 = hashlib.sha256(content).hexdigest()
    learned: dict[str, Any] = {
        "title": "Barlow twins, scans",
        "patch": (16, 16, 16),
        "spacing_mm": (1.0, 1.0, 1.0),
        "method": "barlow",
        "trained_on": ("image-00001", "image-00002"),
        "about": "Learned by Barlow twins from 2 images without masks in 5 steps.",
        "source": "Zbontar 2021",
        "sha256": sha256,
    }
    write_card(encoder_card(**{**learned, **changes}), artifacts / WEIGHTS, atomic_write)
    return str(changes.get("sha256", sha256))
