"""Pre-trained weights for a network of nnU-Net's, read from a file, and written to one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from napari_medssl.errors import WeightsError
from napari_medssl.finetune.nnunet.checkpoints import read_checkpoint
from napari_medssl.models.checkpoint import read_tensors
from napari_medssl.models.networks.planned import NETWORK
from napari_medssl.models.trained import card_path, read_card, require_unaltered

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from torch import Tensor

    from napari_medssl.models.trained import TrainedCard
    from napari_medssl.models.weights import AtomicWrite

_ENCODER, _DECODER = "encoder.", "decoder."
#: before the names of an encoder's tensors, in files of several origins
_PREFIXES = ("", _ENCODER, "network.encoder.", "decoder.encoder.")
#: what the names begin with after that: a residual encoder has a stem before its stages
_OWN = ("stages.", "stem.")
#: what tells classes, of which pre-training knows none
_LAST = "decoder.seg_layers."


@dataclass(frozen=True, eq=False)
class Start:
    """Weights that a planned network begins with.

    Parameters
    ----------
    name : str
        The file's, for messages.
    tensors : mapping of str to Tensor
        As in nnU-Net's network: ``encoder.*``, and ``decoder.*`` without its last layers where
        the decoder learned too.
    card : TrainedCard or None
        What is known of them; None for those of nnU-Net's own.
    """

    name: str
    tensors: Mapping[str, Tensor]
    card: TrainedCard | None = None

    @property
    def parts(self) -> str:
        """What they are of, in words."""
        return "encoder and decoder" if self._beyond else "encoder"

    @property
    def _beyond(self) -> bool:
        return any(name.startswith(_DECODER) for name in self.tensors)

    def wants(self, names: tuple[str, ...]) -> bool:
        """Tell whether a network's tensor is of the part that these weights are for."""
        if any(name.startswith(_ENCODER) for name in names):
            return True
        return self._beyond and not any(name.startswith(_LAST) for name in names)

    @property
    def facts(self) -> dict[str, Any]:
        """What is known of them, as plain data, for the card of what begins with them."""
        card = self.card
        if card is None:
            return {"file": self.name}
        return {
            "file": self.name,
            "title": card.title,
            "method": card.method,
            "about": card.about,
            "trained_on": list(card.trained_on),
        }


def read_start(path: Path) -> Start:
    """Read weights: an encoder that learned here or was exported, or a checkpoint of nnU-Net.

    Raises
    ------
    WeightsError
        If the file cannot be read, is not what its card was made for, or has no encoder as
        nnU-Net's networks do.
    """
    card = None
    if path.suffix == ".safetensors":
        if card_path(path).is_file():
            card = read_card(path)
            require_unaltered(path, card)
        tensors: Mapping[str, Tensor] = read_tensors(path)
    else:
        tensors = read_checkpoint(path)["network_weights"]
    tensors = {n.removeprefix("module.").removeprefix("_orig_mod."): t for n, t in tensors.items()}
    found = {_ENCODER + name: tensor for name, tensor in _encoder_of(tensors).items()}
    if not found or (card is not None and card.network != NETWORK):
        learned = f", but one of '{card.network}'" if card else ""
        raise WeightsError(
            f"'{path.name}' holds no encoder of a network of nnU-Net's{learned}",
            expected="tensors called 'stages...' or 'encoder.stages...'",
            do="Let one learn for the plan: 'medssl pretrain --nnunet PLAN'",
        )
    if card is not None and card.holds == "encoder and decoder":
        found |= {
            name: tensor
            for name, tensor in tensors.items()
            if name.startswith(_DECODER) and not name.startswith((_LAST, "decoder.encoder."))
        }
    return Start(path.name, found, card)


def export_encoder(checkpoint: Path, out: Path, write: AtomicWrite) -> int:
    """Write the encoder of a checkpoint of nnU-Net as safetensors, each tensor once.

    Parameters
    ----------
    checkpoint : Path
        One of nnU-Net's.
    out : Path
        The file to write.
    write : callable
        ``io.atomic_write``: this package may not import it.

    Returns
    -------
    int
        How many tensors were written.

    Raises
    ------
    WeightsError
        If the checkpoint cannot be read.
    """
    from safetensors.torch import load_file, save_file

    tensors = {
        name.removeprefix(_ENCODER): tensor.detach().clone().contiguous()
        for name, tensor in read_start(checkpoint).tensors.items()
        if ".all_modules." not in name
    }

    def verify(part: Path) -> None:
        if load_file(part).keys() != tensors.keys():
            raise WeightsError(f"'{out.name}' was not written whole", do="Try again")

    write(out, lambda part: save_file(tensors, part), verify)
    return len(tensors)


def _encoder_of(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    for prefix in _PREFIXES:
        begins = tuple(prefix + own for own in _OWN)
        found = {n.removeprefix(prefix): t for n, t in tensors.items() if n.startswith(begins)}
        if found:
            return found
    return {}
