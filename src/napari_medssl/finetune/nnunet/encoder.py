"""Pre-trained weights for the encoder of a planned network, and out of a trained one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_medssl.errors import WeightsError
from napari_medssl.finetune.nnunet.checkpoints import read_checkpoint
from napari_medssl.models.checkpoint import read_tensors

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from torch import Tensor, nn

    from napari_medssl.models.weights import AtomicWrite

_PREFIXES = ("encoder.", "network.encoder.", "decoder.encoder.")
_STAGES = "stages."


@dataclass(frozen=True)
class Match:
    """How a file fits an encoder.

    Parameters
    ----------
    matched, wanted : int
        Tensors of the encoder that the file has in the right shape, of all it has; the second
        names under which nnU-Net lists the same tensors are not counted again.
    strange : int
        Tensors of the file that the encoder does not know.
    """

    matched: int
    wanted: int
    strange: int

    @property
    def is_whole(self) -> bool:
        """Whether every tensor of the encoder is in the file."""
        return self.matched == self.wanted


def read_encoder(path: Path) -> dict[str, Tensor]:
    """Read encoder weights: a file of ``stages.*``, or a checkpoint of a whole network.

    Raises
    ------
    WeightsError
        If the file cannot be read, or has no encoder as nnU-Net's networks do.
    """
    if path.suffix == ".safetensors":
        tensors: Mapping[str, Tensor] = read_tensors(path)
    else:
        tensors = read_checkpoint(path)["network_weights"]
    tensors = {n.removeprefix("module.").removeprefix("_orig_mod."): t for n, t in tensors.items()}
    for prefix in ("", *_PREFIXES):
        found = {
            name.removeprefix(prefix): tensor
            for name, tensor in tensors.items()
            if name.startswith(prefix + _STAGES)
        }
        if found:
            return found
    raise WeightsError(
        f"'{path.name}' holds no encoder of a network of nnU-Net's",
        expected=f"tensors called '{_STAGES}...' or 'encoder.{_STAGES}...'",
    )


def match_encoder(network: nn.Module, tensors: Mapping[str, Tensor]) -> Match:
    """Count the tensors of a planned network's encoder that a file has."""
    groups = _same_tensors(_encoder(network))
    matched = sum(_found(names, shape, tensors) is not None for names, shape in groups)
    known = {name for names, _ in groups for name in names}
    return Match(matched, len(groups), len(tensors.keys() - known))


def load_encoder(network: nn.Module, tensors: Mapping[str, Tensor], name: str) -> int:
    """Put weights into a network's encoder, all of them or none.

    Parameters
    ----------
    network : Module
        As nnU-Net planned it: its decoder holds the same encoder a second time.
    tensors : mapping of str to Tensor
        As `read_encoder` gives them.
    name : str
        The file's, for messages.

    Returns
    -------
    int
        How many tensors were put in.

    Raises
    ------
    WeightsError
        With the counts, if a single tensor is missing or of another shape.
    """
    require_whole(match_encoder(network, tensors), name)
    encoder = _encoder(network)
    groups = _same_tensors(encoder)
    whole: dict[str, Tensor] = {}
    for names, shape in groups:
        tensor = _found(names, shape, tensors)
        if tensor is not None:
            whole |= dict.fromkeys(names, tensor)
    encoder.load_state_dict(whole)  # strict: every name is there
    state = network.state_dict()
    for alias, tensor in whole.items():
        for prefix in ("encoder.", "decoder.encoder."):
            if not bool((state[prefix + alias].cpu() == tensor.cpu()).all()):
                raise WeightsError(f"'{prefix}{alias}' did not take the weights of '{name}'")
    return len(groups)


def require_whole(match: Match, name: str, configuration: str = "") -> None:
    """Refuse a file that does not have the whole encoder.

    Raises
    ------
    WeightsError
        With the counts.
    """
    if match.is_whole:
        return
    of = f" of {configuration}" if configuration else ""
    raise WeightsError(
        f"'{name}' fits the planned encoder{of} in {match.matched} of {match.wanted} tensors, and "
        f"{match.strange} of the file's do not belong",
        expected="a file in which every tensor of the encoder is found in its shape",
        do="Choose weights of a network with the same plan, or leave the encoder to chance",
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
        name: tensor.detach().clone().contiguous()
        for name, tensor in read_encoder(checkpoint).items()
        if ".all_modules." not in name
    }

    def verify(part: Path) -> None:
        if load_file(part).keys() != tensors.keys():
            raise WeightsError(f"'{out.name}' was not written whole", do="Try again")

    write(out, lambda part: save_file(tensors, part), verify)
    return len(tensors)


def _encoder(network: nn.Module) -> nn.Module:
    return getattr(network, "_orig_mod", network).get_submodule("encoder")


def _same_tensors(encoder: nn.Module) -> list[tuple[tuple[str, ...], tuple[int, ...]]]:
    """Return the names of each tensor of an encoder, and its shape."""
    groups: dict[tuple[int, tuple[int, ...]], list[str]] = {}
    for name, tensor in encoder.state_dict().items():
        groups.setdefault((tensor.data_ptr(), tuple(tensor.shape)), []).append(name)
    return [(tuple(names), shape) for (_, shape), names in groups.items()]


def _found(
    names: tuple[str, ...], shape: tuple[int, ...], tensors: Mapping[str, Tensor]
) -> Tensor | None:
    for name in names:
        if name in tensors and tuple(tensors[name].shape) == shape:
            return tensors[name]
    return None
