"""What a foreign file turned out to hold, and the tools by which every layout is told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from torch import Tensor

from napari_medssl.models.layouts.cards import LayoutCard, layout_cards

if TYPE_CHECKING:
    from collections.abc import Iterable

#: what training scripts lay tensors under
_WRAPPERS = ("state_dict", "model")
#: what training on several GPUs, and compiling, leave before every name
_LEFT_BEFORE = ("module.", "_orig_mod.")

OF_PRE_TRAINING = "used in its pre-training only"


@dataclass(frozen=True, eq=False)
class Foreign:
    """Weights that others made, under our names.

    Parameters
    ----------
    layout : str
        Key of its `LayoutCard`.
    network : str
        Key of a `NetworkCard`; of a promptable network its architecture; empty for none of ours.
    holds : str
        ``"network"``, ``"encoder"``, ``"promptable"``, or ``"other"`` for what we cannot run.
    tensors : mapping
        Name in our network -> tensor.
    dimensions, in_channels : int
        2 or 3; channels of the image; 0 where the file does not tell.
    arguments : mapping
        What our network is built with, read off the tensors.
    outputs : int
        Classes with the background; 0 for an encoder.
    class_names : tuple of str
        Names of outputs 1, 2, ... where the layout tells them.
    unused : mapping
        Name in the file -> why that tensor is left.
    note : str
        What a person should check, a sentence.
    """

    layout: str
    network: str
    holds: Literal["network", "encoder", "promptable", "other"]
    tensors: Mapping[str, Tensor]
    dimensions: int = 0
    in_channels: int = 0
    arguments: Mapping[str, Any] = field(default_factory=dict)
    outputs: int = 0
    class_names: tuple[str, ...] = ()
    unused: Mapping[str, str] = field(default_factory=dict)
    note: str = ""

    @property
    def card(self) -> LayoutCard:
        """What is known of its layout."""
        return layout_cards()[self.layout]


def unwrapped(content: object) -> tuple[str, dict[str, Tensor]] | None:
    """Find the tensors in what a file holds.

    Returns
    -------
    tuple of str and dict, or None
        What they lay under (empty: nothing) and the tensors by name, without what several GPUs
        left before every name; None if there are no tensors by name.
    """
    under = ""
    for wrapper in _WRAPPERS:
        if isinstance(content, Mapping) and isinstance(content.get(wrapper), Mapping):
            under, content = wrapper, content[wrapper]
            break
    tensors = tensors_of(content)
    return (under, tensors) if tensors else None


def tensors_of(content: object) -> dict[str, Tensor] | None:
    """Return a mapping of names to tensors as such, and None for anything else."""
    if not isinstance(content, Mapping) or not content:
        return None
    if not all(isinstance(n, str) and isinstance(t, Tensor) for n, t in content.items()):
        return None
    tensors = dict(content)
    for left in _LEFT_BEFORE:
        if all(name.startswith(left) for name in tensors):
            tensors = {name.removeprefix(left): tensor for name, tensor in tensors.items()}
    return tensors


def prefix_of(names: Iterable[str], ending: str) -> str | None:
    """Return what stands before a well-known name, the shortest of several; None if nowhere."""
    found = [name.removesuffix(ending) for name in names if name.endswith(ending)]
    return min(found, key=len) if found else None


def numbers_after(names: Iterable[str], start: str) -> int:
    """Count the different numbers that follow a beginning of names, as ``blocks.0``, ``.1``."""
    tails = (name.removeprefix(start) for name in names if name.startswith(start))
    return len({tail.split(".", 1)[0] for tail in tails})
