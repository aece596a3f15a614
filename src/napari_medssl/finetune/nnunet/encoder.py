"""Pre-trained weights into a planned network, and the encoder out of a trained one.

nnU-Net lists each tensor under two to four names: twice in a block, and the whole encoder a second
time in its decoder. Here a tensor is counted once, whatever it is called.
"""

from __future__ import annotations

from collections import Counter
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

    from torch import Tensor, nn

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


@dataclass(frozen=True)
class Match:
    """How weights fit a network.

    Parameters
    ----------
    matched, wanted : int
        Tensors of the network's encoder, or encoder and decoder, that the file has in the right
        shape, of all there are.
    strange : int
        Tensors of the file that the network does not know.
    random : mapping of str to int
        Parts of the network that begin by chance -> how many tensors.
    first_wrong : str
        The first tensor that is missing or of another shape, in words; empty where there is none.
    """

    matched: int
    wanted: int
    strange: int
    random: Mapping[str, int]
    first_wrong: str = ""

    @property
    def is_whole(self) -> bool:
        """Whether every tensor that is wanted is in the file, and nothing else."""
        return self.matched == self.wanted and not self.strange

    def words(self, configuration: str, start: Start) -> str:
        """Return in a sentence what begins with what."""
        title = f" ({start.card.title})" if start.card else ""
        left = ", ".join(f"{part} ({count})" for part, count in self.random.items())
        return (
            f"{configuration}: {self.matched} of {self.wanted} tensors of its {start.parts} come "
            f"from '{start.name}'{title}; by chance begin {left}."
        )


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


def match_start(network: nn.Module, start: Start) -> Match:
    """Count the tensors of a planned network that a file has."""
    groups = _same_tensors(_plain(network))
    wanted = [(names, shape) for names, shape in groups if start.wants(names)]
    wrong = [one for one in wanted if _found(*one, start.tensors) is None]
    known = {name for names, _ in groups for name in names}
    random = Counter(_part(names[0]) for names, _ in groups if not start.wants(names))
    return Match(
        len(wanted) - len(wrong),
        len(wanted),
        len(start.tensors.keys() - known),
        dict(random),
        _told_wrong(*wrong[0], start.tensors) if wrong else "",
    )


def load_start(network: nn.Module, start: Start) -> Match:
    """Put weights into a network, all of them or none.

    Parameters
    ----------
    network : Module
        As nnU-Net planned it: its decoder holds the same encoder a second time.
    start : Start
        As `read_start` gives it.

    Returns
    -------
    Match
        How many tensors were put in, and what begins by chance.

    Raises
    ------
    WeightsError
        With the counts, if a single tensor is missing or of another shape.
    """
    match = match_start(network, start)
    require_whole(match, start)
    network = _plain(network)
    state = network.state_dict()
    whole: dict[str, Tensor] = {}
    for names, shape in _same_tensors(network):
        tensor = _found(names, shape, start.tensors) if start.wants(names) else None
        if tensor is not None:
            whole |= dict.fromkeys(names, tensor)
    network.load_state_dict({**state, **whole})  # strict: every name is there
    state = network.state_dict()
    for name, tensor in whole.items():
        if not bool((state[name].cpu() == tensor.cpu()).all()):
            raise WeightsError(f"'{name}' did not take the weights of '{start.name}'")
    return match


def require_whole(match: Match, start: Start, configuration: str = "") -> None:
    """Refuse a file that does not have the whole encoder, or encoder and decoder.

    Raises
    ------
    WeightsError
        With the counts.
    """
    if match.is_whole:
        return
    of = f" of {configuration}" if configuration else ""
    first = f"; {match.first_wrong}" if match.first_wrong else ""
    raise WeightsError(
        f"'{start.name}' fits the planned {start.parts}{of} in {match.matched} of {match.wanted} "
        f"tensors, and {match.strange} of the file's do not belong{first}",
        expected="a file in which every tensor is found in its shape",
        do="Choose weights of a network with the same plan ('medssl pretrain --nnunet PLAN'), or "
        "begin by chance",
    )


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


def _plain(network: nn.Module) -> nn.Module:
    """Return the network itself, where torch.compile has wrapped it."""
    plain: nn.Module = getattr(network, "_orig_mod", network)
    return plain


def _same_tensors(network: nn.Module) -> list[tuple[tuple[str, ...], tuple[int, ...]]]:
    """Return the names of each tensor of a network, and its shape."""
    groups: dict[tuple[int, tuple[int, ...]], list[str]] = {}
    for name, tensor in network.state_dict().items():
        groups.setdefault((tensor.data_ptr(), tuple(tensor.shape)), []).append(name)
    return [(tuple(names), shape) for (_, shape), names in groups.items()]


def _found(
    names: tuple[str, ...], shape: tuple[int, ...], tensors: Mapping[str, Tensor]
) -> Tensor | None:
    for name in names:
        if name in tensors and tuple(tensors[name].shape) == shape:
            return tensors[name]
    return None


def _told_wrong(
    names: tuple[str, ...], shape: tuple[int, ...], tensors: Mapping[str, Tensor]
) -> str:
    """Say what is wrong with a tensor."""
    planned = " x ".join(map(str, shape))
    there = next((name for name in names if name in tensors), "")
    if not there:
        return f"'{names[0]}' ({planned}) is the first that is missing"
    found = " x ".join(map(str, tensors[there].shape))
    return f"'{there}' is the first of another shape, {found} where {planned} is planned"


def _part(name: str) -> str:
    """Return the part of the network that a tensor is of: ``decoder.stages``."""
    return ".".join(name.split(".")[:2])
