"""How far masks that a promptable network decoded are from the truth."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch.nn import functional

if TYPE_CHECKING:
    from torch import Tensor

_LITTLE = 1e-5


def mask_losses(logits: Tensor, scores: Tensor, truth: Tensor) -> Tensor:
    """Squared Dice + cross-entropy + squared error of the expected overlap, each counted once.

    Parameters
    ----------
    logits : (b, masks, rows, columns) tensor
        Above 0 is inside.
    scores : (b, masks) tensor
        The overlap (IoU) that the network expects.
    truth : (b, rows, columns) tensor
        0 or 1.

    Returns
    -------
    (b, masks) tensor

    References
    ----------
    Dice and cross-entropy: Ma et al., Segment anything in medical images, 2024, "Loss function";
    the error of the IoU head: LiteMedSAM's training.
    """
    target = truth[:, None].expand_as(logits)
    entropy = functional.binary_cross_entropy_with_logits(logits, target, reduction="none")
    expected = functional.mse_loss(scores, overlaps(logits, truth), reduction="none")
    return squared_dice_losses(logits, target) + entropy.mean(dim=(2, 3)) + expected


def squared_dice_losses(logits: Tensor, target: Tensor) -> Tensor:
    """1 - 2 sum(p g) / (sum(p p) + sum(g g)) of each mask: (b, masks, r, c) -> (b, masks)."""
    inside = logits.sigmoid()
    both = (inside * target).sum(dim=(2, 3))
    either = (inside * inside).sum(dim=(2, 3)) + (target * target).sum(dim=(2, 3))
    return 1 - (2 * both + _LITTLE) / (either + _LITTLE)


@torch.no_grad()
def overlaps(logits: Tensor, truth: Tensor) -> Tensor:
    """Overlap (IoU) of each mask, (b, masks, r, c), with the truth, (b, r, c): (b, masks)."""
    inside, target = logits > 0, (truth > 0.5)[:, None]
    both = (inside & target).sum(dim=(2, 3))
    either = (inside | target).sum(dim=(2, 3))
    return both / either.clamp(min=1)


def least_of_allowed(losses: Tensor, lone: Tensor) -> Tensor:
    """Return the mean over prompts of the least loss among the masks that a prompt may mean.

    Parameters
    ----------
    losses : (b, 4) tensor
        Of the mask for clear prompts, and of the three for a lone point.
    lone : (b,) bool tensor
        Which prompts are a lone point: what it means is open, so the nearest mask is taught.

    References
    ----------
    Kirillov et al., Segment Anything, 2023, section 3, "Resolving ambiguity".
    """
    return torch.where(lone, losses[:, 1:].min(dim=1).values, losses[:, 0]).mean()
