"""Networks that have learnt nothing: to measure speed with, and to start training from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_medssl.errors import UsageError
from napari_medssl.models.networks import network_card
from napari_medssl.models.trained import TrainedCard, numbered_classes
from napari_medssl.volume import preparation

if TYPE_CHECKING:
    from pathlib import Path

    from napari_medssl.models.weights import AtomicWrite

METHOD = "random"
_ABOUT = (
    "Random weights: it has learnt nothing, and its masks mean nothing. "
    "For measuring speed, and as a start."
)


def new_checkpoint(
    network: str,
    path: Path,
    write: AtomicWrite,
    *,
    dimensions: int | None = None,
    classes: int = 1,
    seed: int = 0,
) -> TrainedCard:
    """Write a checkpoint of random weights.

    Parameters
    ----------
    network : str
        Key of a `NetworkCard`.
    path : Path
        Ends in ``.safetensors``; nothing may be there.
    write : callable
        ``io.atomic_write``: this package may not import it.
    dimensions : int, optional
        2 or 3; 3 where the network has both.
    classes : int
        Classes above the background.
    seed : int
        The same seed gives the same weights.

    Raises
    ------
    UsageError
        If there is no such network, not in these dimensions, or the path cannot be taken.
    """
    known = network_card(network)
    sides = known.require_dimensions(dimensions)
    if path.suffix != ".safetensors":
        raise UsageError(f"'{path.name}'", expected="a name that ends in .safetensors")
    if path.exists():
        raise UsageError(f"'{path.name}' is there already", do="Choose another name")
    if classes < 1:
        raise UsageError(f"{classes} classes", expected="1 or more above the background")
    card = TrainedCard(
        name=path.stem,
        title=f"{known.title}, random weights",
        network=network,
        dimensions=sides,
        in_channels=known.in_channels,
        classes=numbered_classes(f"class {value}" for value in range(1, classes + 1)),
        patch=known.patch[sides],
        steps=tuple(preparation(known.preparation).pipeline.steps()),
        arguments=dict(known.arguments),
        method=METHOD,
        trained_on=("nothing",),
        licence="none needed",
        source=f"medssl models new, seed {seed}",
        about=_ABOUT,
    )
    import torch

    from napari_medssl.models.trained_weights import network_for, save_trained

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        built = network_for(card)
    return save_trained(built, card, path, write)
