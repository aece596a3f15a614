"""What a finished run has found on the cases that had no mask."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_medssl.errors import UsageError
from napari_medssl.finetune.nnunet.model import CHECKPOINT, read_model
from napari_medssl.models.weights import sha256_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

MASKS = "masks"


@dataclass(frozen=True)
class FoundMasks:
    """Masks of a run, and which networks made them.

    Parameters
    ----------
    masks : mapping of str to Path
        Ids of cases, and the label map of each.
    configurations : tuple of str
        Of the networks whose probabilities were averaged.
    weights_sha256 : str
        Hash of the hashes of all their checkpoints.
    model, title : str
        What they are called.
    """

    masks: Mapping[str, Path]
    configurations: tuple[str, ...]
    weights_sha256: str
    model: str = "nnunet"
    title: str = "nnU-Net"

    @property
    def settings(self) -> dict[str, object]:
        """What decides on the masks, as plain values."""
        return {"configurations": list(self.configurations)}


def found_masks(artifacts: Path) -> FoundMasks:
    """Look what a run has found; reads all its checkpoints, which takes seconds.

    Parameters
    ----------
    artifacts : Path
        Of the run's job.

    Raises
    ------
    WeightsError, UnreadableFileError
        If there is no whole model.
    UsageError
        If every case had a mask before.
    """
    place, card = read_model(artifacts)
    paths = sorted((artifacts / MASKS).glob(f"*{card.suffix}"))
    if not paths:
        raise UsageError(
            "a run without masks: every case was trained on",
            expected="cases that were not done when it began",
        )
    digest = hashlib.sha256()
    for member in card.members:
        for fold in member.folds:
            digest.update(sha256_of(place / member.folder / fold / CHECKPOINT).encode())
    return FoundMasks(
        masks={path.name.removesuffix(card.suffix): path for path in paths},
        configurations=tuple(member.configuration for member in card.members),
        weights_sha256=digest.hexdigest(),
    )
