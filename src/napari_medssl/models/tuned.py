"""Promptable networks that were trained further: a safetensors file, and a card in JSON beside it.

The file has the tensors of the published network under their published names, so that whatever
reads those reads these too.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any

from napari_medssl.errors import WeightsError
from napari_medssl.models.weights import sha256_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from torch import nn

    from napari_medssl.models.registry import ModelCard
    from napari_medssl.models.weights import AtomicWrite

_KIND, _FORMAT = "promptable network", 1


@dataclass(frozen=True)
class TunedCard:
    """What is known of a promptable network that was fine-tuned.

    Parameters
    ----------
    model : str
        Key of the `ModelCard` it started from, and by which it is loaded: ``--model``.
    title, network, licence : str
        Of that card.
    prompts : tuple of str
        What it was trained on by now: ``"box"``, ``"point"``, and ``"mask"`` for an outline that
        further points correct.
    method : str
        How: see `napari_medssl.finetune.SamPlan`.
    base_sha256 : str
        Hash of the weights it started from.
    settings : mapping
        The plan of the run.
    trained_on, judged_on : tuple of str
        Images by name.
    holds : {"network", "points"}
        All tensors of the network; or only those of a prompt encoder and a decoder that answer
        points, beside the published ones that go on to answer boxes.
    figures : mapping
        Mean Dice before and after on the images it was judged on, and from which prompts.
    versions : mapping
        Packages and their versions.
    sha256 : str
        Hash of the safetensors file; filled in when it is saved.
    """

    model: str
    title: str
    network: str
    licence: str
    prompts: tuple[str, ...]
    method: str
    base_sha256: str
    settings: Mapping[str, Any]
    trained_on: tuple[str, ...]
    judged_on: tuple[str, ...]
    figures: Mapping[str, Any]
    holds: str = "network"
    versions: Mapping[str, str] = field(default_factory=dict)
    sha256: str = ""


def tuned_card_path(weights: Path) -> Path:
    """Return where the card of a safetensors file lies."""
    return weights.with_suffix(".json")


def save_tuned(network: nn.Module, card: TunedCard, path: Path, write: AtomicWrite) -> TunedCard:
    """Write a promptable network and its card.

    Parameters
    ----------
    network : torch module
        With its published tensors, on any device.
    card : TunedCard
        Its hash is filled in.
    path : Path
        Ends in ``.safetensors``.
    write : callable
        ``io.atomic_write``: this package may not import it.

    Returns
    -------
    TunedCard
        As saved.

    Raises
    ------
    SaveError
        If the disk is full; what was there is unchanged.
    """
    from safetensors import safe_open
    from safetensors.torch import save_file

    from napari_medssl.models.point_head import halved, point_head

    whole = card.holds != "points"
    learned = network.state_dict() if whole else halved(point_head(network))
    tensors = {name: tensor.detach().cpu().clone().contiguous() for name, tensor in learned.items()}

    def verify(part: Path) -> None:
        with safe_open(part, "pt") as file:
            if set(file.keys()) != tensors.keys():
                raise WeightsError(f"'{path.name}' was not written whole")

    write(path, lambda part: save_file(tensors, part), verify)
    saved = replace(card, sha256=sha256_of(path))
    row = {"kind": _KIND, "format": _FORMAT, **asdict(saved)}
    text = json.dumps(row, indent=1, ensure_ascii=False) + "\n"
    write(tuned_card_path(path), lambda part: _write_text(part, text), lambda _: None)
    return saved


def read_tuned(weights: Path) -> TunedCard | None:
    """Read the card beside a weights file; None where there is none of this kind."""
    try:
        row = json.loads(tuned_card_path(weights).read_text("utf-8"))
        if row.pop("kind") != _KIND or row.pop("format") != _FORMAT:
            return None
        lists = {key: tuple(value) for key, value in row.items() if isinstance(value, list)}
        return TunedCard(**{**row, **lists})
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def as_tuned(card: ModelCard, weights: Path, weights_hash: str) -> ModelCard:
    """Return the card of a network with what its own weights have learned beside.

    A LiteMedSAM that was fine-tuned on points is given points as they are.
    """
    tuned = read_tuned(weights)
    if tuned is None or tuned.sha256 != weights_hash or tuned.model != card.name:
        return card
    return replace(card, prompts=tuned.prompts)


def _write_text(part: Path, text: str) -> None:
    with part.open("w", encoding="utf-8", newline="\n") as file:
        file.write(text)
