"""How far masks that a promptable network decoded are from the truth."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch.nn import functional

if TYPE_CHECKING:
    from torch import Tensor

_LITTLE = 1e-5


def mask_losses(logits: Tensor, truth: Tensor) -> Tensor:
    """Squared Dice + cross-entropy of each mask.

    Parameters
    ----------
    logits : (b, masks, rows, columns) tensor
        Above 0 is inside.
    truth : (b, rows, columns) tensor
        0 or 1.

    Returns
    -------
    (b, masks) tensor

    References
    ----------
    Ma et al., Segment anything in medical images, 2024, "Loss function".
    """
    target = truth[:, None].expand_as(logits)
    entropy = functional.binary_cross_entropy_with_logits(logits, target, reduction="none")
    return squared_dice_losses(logits, target) + entropy.mean(dim=(2, 3))


def score_losses(scores: Tensor, logits: Tensor, truth: Tensor) -> Tensor:
    """Squared error of the overlap (IoU) that a network expects of each mask, (b, masks).

    References
    ----------
    LiteMedSAM's training.
    """
    return functional.mse_loss(scores, overlaps(logits, truth), reduction="none")


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


def least_of_allowed(masks: Tensor, scores: Tensor, lone: Tensor) -> Tensor:
    """Return the mean loss of what a prompt may mean.

    Parameters
    ----------
    masks, scores : (b, 4) tensors
        Losses of the mask for clear prompts, then of the three for a lone point; and of what the
        network expects of each.
    lone : (b,) bool tensor
        Which prompts are a lone point: what it means is open, so the nearest mask is taught, but
        of all three how near they are, as nobody else tells which to choose.

    References
    ----------
    Kirillov et al., Segment Anything, 2023, section 3, "Resolving ambiguity".
    """
    nearest = masks[:, 1:].min(dim=1).values + scores[:, 1:].mean(dim=1)
    return torch.where(lone, nearest, masks[:, 0] + scores[:, 0]).mean()
