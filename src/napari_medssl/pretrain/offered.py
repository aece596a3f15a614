"""Handing an encoder on: kept where learning looks for what to begin with, or taken away again."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

from napari_medssl.models.adding import keep_trained
from napari_medssl.models.trained import card_path, read_card, trained_cards, trained_folder
from napari_medssl.pretrain.plan import WEIGHTS

if TYPE_CHECKING:
    from pathlib import Path

    from napari_medssl.models.trained import TrainedCard
    from napari_medssl.models.weights import AtomicWrite

#: among a run's artifacts: which weights were offered
_MARK = "offered.json"


def offer_encoder(artifacts: Path, write: AtomicWrite) -> TrainedCard:
    """Keep what a run learned under a name of its own, in place of what it had learned before.

    Parameters
    ----------
    artifacts : Path
        Of the run.
    write : callable
        ``io.atomic_write``.

    Returns
    -------
    TrainedCard
        With the name that it is kept by.

    Raises
    ------
    WeightsError
        If the encoder or its card is missing, or they do not go together.
    SaveError
        If there is no room for the copy.
    """
    weights = artifacts / WEIGHTS
    card = read_card(weights)
    if _mark_of(artifacts).get("sha256") != card.sha256:
        withdraw_encoder(artifacts)
    kept = keep_trained(weights, replace(card, name=_name_of(card)), write)
    text = json.dumps({"name": kept.name, "sha256": kept.sha256})
    write(artifacts / _MARK, lambda part: _put(text, part), lambda _: None)
    return kept


def withdraw_encoder(artifacts: Path) -> None:
    """Take the copy of a run's encoder away, if there is one; its own file stays with the run."""
    mark = _mark_of(artifacts)
    kept = trained_cards().get(mark.get("name", ""))
    if kept is not None and kept.sha256 == mark["sha256"]:
        path = trained_folder() / f"{kept.name}.safetensors"
        card_path(path).unlink(missing_ok=True)
        path.unlink(missing_ok=True)


def is_offered(artifacts: Path) -> bool:
    """Tell whether the encoder as it is now is kept where learning looks for it."""
    weights = artifacts / WEIGHTS
    if not card_path(weights).is_file():
        return False
    card = read_card(weights)
    kept = trained_cards().get(_name_of(card))
    return kept is not None and kept.sha256 == card.sha256


def is_new(artifacts: Path) -> bool:
    """Tell whether there is an encoder that was never offered; one taken back is not new."""
    weights = artifacts / WEIGHTS
    if not (weights.is_file() and card_path(weights).is_file()):
        return False
    return _mark_of(artifacts).get("sha256") != read_card(weights).sha256


def _name_of(card: TrainedCard) -> str:
    return f"{card.method}-{card.sha256[:8]}"


def _mark_of(artifacts: Path) -> dict[str, str]:
    try:
        told = json.loads((artifacts / _MARK).read_text("utf-8"))
        return {"name": str(told["name"]), "sha256": str(told["sha256"])}
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def _put(text: str, part: Path) -> None:
    with part.open("w", encoding="utf-8") as stream:
        stream.write(text)
