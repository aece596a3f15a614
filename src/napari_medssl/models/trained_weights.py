"""Saving and loading the weights of checkpoints of ours."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from safetensors.torch import load_file, save_file

from napari_medssl.errors import WeightsError
from napari_medssl.models.checkpoint import load_into
from napari_medssl.models.networks.network import build_network
from napari_medssl.models.trained import read_card, require_unaltered, write_card
from napari_medssl.models.versions import versions_of
from napari_medssl.models.weights import sha256_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from torch import Tensor

    from napari_medssl.models.networks.network import SegmentationNetwork
    from napari_medssl.models.trained import TrainedCard
    from napari_medssl.models.weights import AtomicWrite

_PACKAGES = ("napari-medssl", "torch", "monai", "timm", "segmentation-models-pytorch")


def network_for(card: TrainedCard) -> SegmentationNetwork:
    """Build the network of a card, its weights random."""
    return build_network(
        card.network,
        dimensions=card.dimensions,
        in_channels=card.in_channels,
        classes=len(card.classes) + 1,
        **card.arguments,
    )


def save_trained(
    network: SegmentationNetwork, card: TrainedCard, path: Path, write: AtomicWrite
) -> TrainedCard:
    """Write a network's weights and its card; the encoder alone where the card says so.

    Parameters
    ----------
    network : SegmentationNetwork
        On any device.
    card : TrainedCard
        Its hash and versions are filled in.
    path : Path
        Ends in ``.safetensors``; the card goes beside it.
    write : callable
        ``io.atomic_write``: this package may not import it.

    Returns
    -------
    TrainedCard
        As saved.
    """
    whole = card.holds != "encoder"
    state = network.state_dict() if whole else network.encoder_state(card.parts)
    # a clone each: safetensors refuses tensors that share memory
    tensors = {name: t.detach().cpu().clone().contiguous() for name, t in state.items()}

    def verify(part: Path) -> None:
        if load_file(part).keys() != tensors.keys():
            raise WeightsError(f"'{path.name}' was not written whole", do="Try again")

    write(path, lambda part: save_file(tensors, part), verify)
    saved = replace(
        card, sha256=sha256_of(path), versions={**versions_of(*_PACKAGES), **card.versions}
    )
    write_card(saved, path, write)
    return saved


def load_trained(path: Path, card: TrainedCard | None = None) -> SegmentationNetwork:
    """Load a network of ours, whole and in evaluation mode, on the processor.

    Raises
    ------
    WeightsError
        If the file is altered, damaged, holds an encoder alone, or does not fit its network.
    """
    card = card or read_card(path)
    if card.holds != "network":
        raise WeightsError(
            f"'{path.name}' holds an encoder alone, which cannot segment by itself",
            do="Choose a whole network; 'medssl models list' shows which there are",
        )
    network = network_for(card)
    load_into(network, read_trained(path, card), path, card.title)
    return network.eval()


def load_start(
    network: SegmentationNetwork, tensors: Mapping[str, Tensor], parts: Sequence[str] = ()
) -> int:
    """Put weights to begin with into a network: its encoder whole, of the rest what fits.

    A last layer of other classes does not fit, and stays as it is.

    Parameters
    ----------
    network : SegmentationNetwork
        Gets them.
    tensors : mapping of str to Tensor
        As `read_trained` gives them.
    parts : sequence of str
        `TrainedCard.parts`: of which children of the encoder they are; of all where empty.

    Returns
    -------
    int
        How many tensors were taken.

    Raises
    ------
    WeightsError
        With the counts, if any of the encoder's is missing or of another shape, or one does not
        belong to the network at all.
    """
    own, encoder = network.state_dict(), network.encoder_state(parts)
    others = {name: t for name, t in tensors.items() if name in own and name not in encoder}
    network.load_encoder({name: t for name, t in tensors.items() if name not in others}, parts)
    fitting = {name: t for name, t in others.items() if own[name].shape == t.shape}
    network.load_state_dict(fitting, strict=False)
    return len(encoder) + len(fitting)


def read_trained(path: Path, card: TrainedCard | None = None) -> dict[str, Tensor]:
    """Read the tensors of a checkpoint of ours, checked against its card.

    Raises
    ------
    WeightsError
        If the file is altered or damaged.
    """
    require_unaltered(path, card or read_card(path))
    try:
        return load_file(path)
    except Exception as error:
        raise WeightsError(
            f"'{path.name}' cannot be read as weights", do="Copy the file again"
        ) from error
