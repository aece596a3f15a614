"""Pre-trained weights into a network that nnU-Net planned: every tensor counted, all or none.

nnU-Net lists each tensor under two to four names: twice in a block, and the whole encoder a second
time in its decoder. Here a tensor is counted once, whatever it is called.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_medssl.errors import WeightsError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor, nn

    from napari_medssl.finetune.nnunet.start import Start


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
