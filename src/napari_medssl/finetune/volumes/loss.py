"""How far logits are from what was drawn, counted only where somebody looked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch.nn import functional

from napari_medssl.finetune.volumes.protocol import DiceForm

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

_OURS = DiceForm()


def dice_and_entropy(
    logits: Tensor,
    classes: Tensor,
    weight: Tensor,
    total: Callable[[Tensor], Tensor] = lambda sums: sums,
    *,
    parts: tuple[float, float] = (1.0, 1.0),
    balanced: bool = False,
    form: DiceForm = _OURS,
) -> Tensor:
    """Return soft Dice loss plus cross-entropy.

    Dice is taken a class at a time, unless its form says otherwise over the whole batch and
    without the background; a voxel belongs to it or not. In the cross-entropy a voxel counts by
    its weight.

    Parameters
    ----------
    logits : (batch, classes, *sides) tensor
        Of the network.
    classes : (batch, *sides) int64 tensor
        What was drawn.
    weight : (batch, *sides) tensor
        0 leaves a voxel out of both.
    total : callable
        Adds up the sums of all processes, where each has a part of the batch.
    parts : (float, float)
        Weights of cross-entropy and Dice.
    balanced : bool
        Whether in the cross-entropy each class that is there counts alike, however rare.
    form : DiceForm
        Which Dice.

    References
    ----------
    Milletari 2016 (Dice, with squares); Isensee 2021 (nnU-Net), the sum of the two.
    """
    logits = logits.float()
    entropy = functional.cross_entropy(logits, classes, reduction="none")
    counted = (weight > 0).float()[:, None]
    likely = logits.softmax(1) * counted
    drawn = functional.one_hot(classes, logits.shape[1]).movedim(-1, 1) * counted
    over = (0, *range(2, logits.dim()))
    if balanced:
        voxels = total(drawn.sum(over))
        weight = weight * (voxels.sum() / voxels.clamp(min=1) / (voxels > 0).sum())[classes]
    of_voxels = torch.stack([(entropy * weight).sum(), weight.sum()])
    first = 0 if form.background else 1
    found = likely.square() if form.squared else likely
    if form.apiece:  # one a crop and class: their sum, and how many crops there are
        sides = over[1:]
        dice = _dice((likely * drawn).sum(sides), found.sum(sides), drawn.sum(sides), form)
        missing = (1 - dice[:, first:]).mean(1)
        sums = total(
            torch.cat([of_voxels, missing.sum()[None], missing.new_tensor([len(missing)])])
        )
        without = sums[2] / sums[3]
    else:
        of_classes = [(likely * drawn).sum(over), found.sum(over), drawn.sum(over)]
        sums = total(torch.cat([of_voxels, *of_classes]))
        shared, likelihood, there = sums[2:].chunk(3)
        without = (1 - _dice(shared, likelihood, there, form)[first:]).mean()
    return parts[0] * sums[0] / sums[1].clamp(min=1) + parts[1] * without


def _dice(shared: Tensor, found: Tensor, drawn: Tensor, form: DiceForm) -> Tensor:
    return (2 * shared + form.above) / (found + drawn + form.below)


def redrawing_error(
    drawn: Tensor, image: Tensor, total: Callable[[Tensor], Tensor] = lambda sums: sums
) -> Tensor:
    """Return the mean squared error of an image that a network draws again.

    Parameters
    ----------
    drawn, image : (batch, channels, *sides) tensor
        What was drawn, and what was there.
    total : callable
        As in `dice_and_entropy`.
    """
    wrong = (drawn.float() - image.float()).square()
    sums = total(torch.stack([wrong.sum(), wrong.new_tensor(float(wrong.numel()))]))
    return sums[0] / sums[1]
