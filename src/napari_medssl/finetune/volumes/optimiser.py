"""What turns gradients into steps, as a protocol says."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from napari_medssl.finetune.volumes.protocols import protocol

if TYPE_CHECKING:
    from typing import Any

    from napari_medssl.finetune.volumes.plan import VolumePlan
    from napari_medssl.models.networks.network import SegmentationNetwork

_KINDS = {"adamw": torch.optim.AdamW, "adam": torch.optim.Adam}


def optimiser_for(network: SegmentationNetwork, plan: VolumePlan) -> torch.optim.Optimizer:
    """Make a plan's optimiser; each group's ``scale`` is what its rate is multiplied by."""
    wanted = protocol(plan.protocol)
    groups: list[dict[str, Any]] = [
        {"params": [p for _, p in parameters], "scale": scale}
        for parameters, scale in (
            (network.encoder_parameters(plan.known_parts), plan.encoder_rate),
            (network.decoder_parameters(plan.known_parts), 1.0),
        )
    ]
    if not wanted.decays_all:  # biases and norms have one axis
        groups = [
            {**group, "params": part, **more}
            for group in groups
            for part, more in (
                ([p for p in group["params"] if p.dim() > 1], {}),
                ([p for p in group["params"] if p.dim() <= 1], {"weight_decay": 0.0}),
            )
        ]
    made: torch.optim.Optimizer = _KINDS[wanted.optimiser](groups, weight_decay=plan.decay)
    return made
