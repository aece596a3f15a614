"""From a network's name to an engine that answers prompts."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from napari_medssl.errors import WeightsError
from napari_medssl.models.registry import model_card
from napari_medssl.models.tuned import as_tuned
from napari_medssl.models.weights import installed_weights, own_weights, sha256_of

if TYPE_CHECKING:
    from pathlib import Path

    from napari_medssl.models.promptable import PromptEngine
    from napari_medssl.models.registry import ModelCard


def load_engine(
    name: str = "litemedsam", *, device: str = "auto", weights: Path | None = None
) -> PromptEngine:
    """Load a promptable network.

    Parameters
    ----------
    name : str
        Key of its card; see `napari_medssl.models.model_cards`.
    device : str
        ``"auto"``, ``"cpu"``, ``"cuda"``, ``"cuda:N"`` or ``"mps"``.
    weights : Path, optional
        A file to take the weights from instead of the published ones that were installed, added
        or fetched; or one with weights for points, to go beside the published ones. Without
        either, those for points that come with this program go beside.

    Returns
    -------
    PromptEngine
        Ready to encode and decode.

    Raises
    ------
    UsageError
        If there is no such network or device.
    WeightsError
        If the weights are not on this machine, are altered, or do not fit the network.
    """
    card = model_card(name)
    from napari_medssl.models.device import pick_device
    from napari_medssl.models.point_head import holds_points, shipped_points

    points = weights if weights and holds_points(weights) else None
    whole = None if points else weights
    path, found = own_weights(whole, card) if whole else installed_weights(card)
    card = as_tuned(card, path, found) if whole else card
    if weights is None:
        points = shipped_points(card)
    return _engine(card, path, found, pick_device(device), points)


def _engine(
    card: ModelCard, path: Path, weights_hash: str, device: str, points: Path | None
) -> PromptEngine:
    from napari_medssl.models import litemedsam, mobilesam, sam
    from napari_medssl.models.checkpoint import load_into, network_of, read_tensors
    from napari_medssl.models.point_head import load_point_head, shown_masks
    from napari_medssl.models.torch_engine import TorchEngine

    tensors = read_tensors(path)
    if network_of(tensors) not in (card.network, None):
        raise WeightsError(
            f"'{path.name}' holds the weights of another network",
            expected=f"those of {card.title}",
            do="Choose another file, or another model",
        )
    lite = card.network == "litemedsam"
    if card.network == "mobile_sam":
        network, tensors = mobilesam.build(), mobilesam.without_classifier(tensors)
    else:
        network = litemedsam.build() if lite else sam.build(card.network)
    load_into(network, tensors, path, card.title)
    network.to(device).eval()
    clicked = load_point_head(network, points, card, weights_hash) if points else None
    family = litemedsam if lite else sam
    stretched = card.preparation == "medsam"
    return TorchEngine(
        card=replace(card, clicks=clicked is not None, corrects=shown_masks(points)),
        network=network,
        weights_hash=weights_hash,
        device=device,
        square=sam.MEDSAM_SQUARE if stretched else family.SQUARE,
        prepare=litemedsam.prepare if stretched else family.prepare,
        antialias=family.ANTIALIAS,
        box_margin=family.BOX_MARGIN,
        clicked=clicked,
        points_hash=sha256_of(points) if points else "",
    )
