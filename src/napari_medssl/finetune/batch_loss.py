"""How far a promptable network is from the masks of a batch, after one click and after more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from napari_medssl.finetune.loss import least_of_allowed, mask_losses, score_losses
from napari_medssl.finetune.prompts import next_point
from napari_medssl.models.decoder import decode
from napari_medssl.models.mask_prompt import mask_prompt

if TYPE_CHECKING:
    from torch import Tensor

    from napari_medssl.finetune.batches import Batch


def batch_loss(network: Any, batch: Batch, features: Tensor) -> Tensor:
    """Return how far a network is from the masks of a batch, as a mean over clicks.

    Parameters
    ----------
    network : torch module
        Has SAM's ``prompt_encoder`` and ``mask_decoder``.
    batch : Batch
        Boxes, lone points and their masks. An object with a box is answered once, one with points
        after every click.
    features : (b, c, rows, columns) tensor
        The embedding of each object's picture.
    """
    inside = torch.ones(batch.points.shape[:2], dtype=torch.int64, device=features.device)
    parts = []
    if len(batch.boxes):
        parts.append(network.prompt_encoder(points=None, boxes=batch.boxes, masks=None))
    if len(batch.points):
        parts.append(network.prompt_encoder((batch.points, inside), boxes=None, masks=None))
    sparse = torch.cat([some for some, _ in parts])
    logits, scores = decode(network, features, sparse, parts[0][1][:1])
    loss = least_of_allowed(
        mask_losses(logits, batch.truth), score_losses(scores, logits, batch.truth), batch.lone
    )
    if batch.clicks == 1 or not len(batch.points):
        return loss
    shown = scores[batch.lone, 1:].argmax(dim=1) if batch.shown is None else batch.shown
    found = logits[batch.lone, 1 + shown] > 0
    return (
        loss + _later_clicks(network, batch, features[batch.lone], inside, found)
    ) / batch.clicks


def _later_clicks(
    network: Any, batch: Batch, features: Tensor, inside: Tensor, found: Tensor
) -> Tensor:
    """Add up the losses after each further click, placed where the mask before it is most wrong.

    Parameters
    ----------
    network, batch
        As `batch_loss` has them.
    features : (m, c, rows, columns) tensor
        Of the objects with points.
    inside : (m, 1) tensor
        1 for points inside.
    found : (m, side, side) bool tensor
        Their masks after the first click; they are a prompt if the batch says what is shown.
    """
    truth, points = batch.truth[batch.lone], batch.points
    # clicks are placed on the grid of masks, and given in pixels of the network's square
    pixel = network.prompt_encoder.input_image_size[0] / truth.shape[-1]
    losses = []
    for _ in range(1, batch.clicks):
        pairs = zip(found.cpu().numpy(), truth.cpu().numpy() > 0, strict=True)
        clicks = [next_point(*pair) for pair in pairs]
        places = torch.stack([points.new_tensor(place) for place, _ in clicks])
        signs = inside.new_tensor([sign for _, sign in clicks])
        points = torch.cat([points, pixel * places[:, None]], dim=1)
        inside = torch.cat([inside, signs[:, None]], dim=1)
        before = None if batch.shown is None else mask_prompt(found)
        sparse, dense = network.prompt_encoder((points, inside), boxes=None, masks=before)
        logits, scores = decode(network, features, sparse, dense)
        answer, score = logits[:, :1], scores[:, :1]
        losses.append((mask_losses(answer, truth) + score_losses(score, answer, truth)).mean())
        found = logits[:, 0] > 0
    return torch.stack(losses).sum()
