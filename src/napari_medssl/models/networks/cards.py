"""Which segmentation networks can be built: their cards, as data, without torch."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from napari_medssl.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class NetworkCard:
    """What is known of a network before it is built.

    Parameters
    ----------
    name, title : str
        Key on the command line and in a checkpoint, and words in the window.
    module : str
        File in ``models/networks`` whose ``build`` makes it.
    patch : mapping of int to tuple of int
        Dimensions it exists in (2, 3) -> sides of the crop that it is usually trained on.
    arguments : mapping
        What `build` is given beside dimensions, channels and classes.
    in_channels : int
        How many channels it usually takes.
    preparation : str
        Preset of ``volume.preparations`` that its paper uses.
    about, source : str
        For people: what it is, and the paper and section that define it.
    needs_plan : bool
        Whether it is built from a plan of nnU-Net's: an encoder that learned in another shape
        would fit no network that nnU-Net makes.
    """

    name: str
    title: str
    module: str
    patch: Mapping[int, tuple[int, ...]]
    arguments: Mapping[str, Any]
    in_channels: int
    preparation: str
    about: str
    source: str
    needs_plan: bool = False

    @property
    def dimensions(self) -> tuple[int, ...]:
        """In how many dimensions it exists: (2,), (3,) or (2, 3)."""
        return tuple(self.patch)

    def require_dimensions(self, wanted: int | None) -> int:
        """Return the wanted dimensions, or the most it has when None.

        Raises
        ------
        UsageError
            If the network does not exist in these dimensions.
        """
        if wanted is None:
            return max(self.dimensions)
        if wanted not in self.dimensions:
            words = " and ".join(f"{n}-D" for n in self.dimensions)
            raise UsageError(f"{self.title} in {wanted}-D", expected=words)
        return wanted


@cache
def network_cards() -> Mapping[str, NetworkCard]:
    """Return the cards of ``resources/networks.json`` by name, in the order to show them."""
    text = files("napari_medssl").joinpath("resources", "networks.json").read_text("utf-8")
    return {row["name"]: _card(row) for row in json.loads(text)}


def network_card(name: str) -> NetworkCard:
    """Return a network's card.

    Raises
    ------
    UsageError
        If there is no network of this name.
    """
    card = network_cards().get(name)
    if card is None:
        raise UsageError(f"the network '{name}'", expected=f"one of {', '.join(network_cards())}")
    return card


def _card(row: dict[str, Any]) -> NetworkCard:
    patch = {int(dims): tuple(sides) for dims, sides in row["patch"].items()}
    return NetworkCard(**{**row, "patch": patch})
