"""Weights for points alone, beside a network that was trained on boxes and goes on to answer those.

They are a prompt encoder and a mask decoder of the same build as the network's own, which work on
the same embeddings.
"""

from __future__ import annotations

from copy import deepcopy
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from torch import nn

from napari_medssl.errors import WeightsError
from napari_medssl.models.checkpoint import load_into, read_tensors
from napari_medssl.models.tuned import read_tuned
from napari_medssl.models.weights import sha256_of

if TYPE_CHECKING:
    from torch import Tensor

    from napari_medssl.models.registry import ModelCard

_PARTS = ("prompt_encoder", "mask_decoder")


def halved(head: nn.ModuleDict) -> dict[str, Tensor]:
    """Return the tensors of weights for points, what was learned in 16 bits: half as large a file.

    Where places lie is not learned, and keeps its 32 bits.
    """
    learned = {name for name, _ in head.named_parameters()}
    return {n: t.half() if n in learned else t for n, t in head.state_dict().items()}


def point_head(network: nn.Module) -> nn.ModuleDict:
    """Return copies of the parts of a network that answer prompts, under their own names."""
    return nn.ModuleDict({name: deepcopy(network.get_submodule(name)) for name in _PARTS})


def holds_points(weights: Path) -> bool:
    """Whether a file is one of ours that holds weights for points alone."""
    card = read_tuned(weights)
    return card is not None and card.holds == "points"


def shown_masks(weights: Path | None) -> bool:
    """Whether weights for points were shown the outlines that further points correct."""
    card = read_tuned(weights) if weights else None
    return card is not None and "mask" in card.prompts


def shipped_points(card: ModelCard) -> Path | None:
    """Return the weights for points that come with this program; None if a network has none."""
    if not card.points:
        return None
    return Path(str(files("napari_medssl").joinpath("resources", card.points)))


def load_point_head(
    network: nn.Module, weights: Path, card: ModelCard, base_sha256: str
) -> nn.ModuleDict:
    """Load weights for points.

    Parameters
    ----------
    network : torch module
        That they go beside; it stays as it is.
    weights : Path
        A file that `holds_points`.
    card, base_sha256
        Of the network.

    Raises
    ------
    WeightsError
        If the file is altered or damaged, or was made for another network or other weights.
    """
    made = read_tuned(weights)
    if made is None or made.sha256 != sha256_of(weights):
        raise WeightsError(
            f"'{weights.name}' is not the file its card was made for", do="Copy both files again"
        )
    if (made.model, made.base_sha256) != (card.name, base_sha256):
        raise WeightsError(
            f"'{weights.name}' answers points for '{made.model}' with weights whose sha256 begins "
            f"with {made.base_sha256[:8]}",
            expected=f"'{card.name}' and {base_sha256[:8]}",
            do=f"Choose --model {made.model}, or weights that were made for {card.title}",
        )
    head = point_head(network)
    load_into(head, read_tensors(weights), weights, f"the parts of {card.title} that answer points")
    return head.eval()
