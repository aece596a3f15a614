"""Which networks there are: their cards, as data, without torch."""

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
class ModelCard:
    """What is known of a network before it is loaded.

    Parameters
    ----------
    name, title : str
        Key on the command line, and words in the window.
    network : str
        Its architecture: ``"litemedsam"``, ``"mobile_sam"``, ``"vit_b"``, ``"vit_l"`` or
        ``"vit_h"``.
    prompts : tuple of str
        What it was trained on: ``"point"``, ``"box"``.
    about, licence, source : str
        For people: what it is good for, on what terms, and who made it.
    file : str
        Name of its weights' file.
    bytes : int
        Size of that file.
    sha256 : str
        Hash of the file as published.
    url : str
        Where the file can be fetched; empty for one that comes with a package.
    package, folder : str
        Installed package, and folder inside it, that carry the file; empty for one to fetch.
    preparation : str
        How an image is made ready: ``"sam"`` or ``"medsam"``; the network's own when empty.
    points : str
        File in ``resources/`` with weights for points that come with this program; or empty.
    clicks : bool
        Whether points alone are answered by weights of their own, beside a network that was
        trained on boxes.
    corrects : bool
        Whether those weights are shown the outline that a further point corrects.
    """

    name: str
    title: str
    network: str
    prompts: tuple[str, ...]
    about: str
    licence: str
    source: str
    file: str
    bytes: int
    sha256: str
    url: str = ""
    package: str = ""
    folder: str = ""
    preparation: str = ""
    points: str = ""
    clicks: bool = False
    corrects: bool = False

    @property
    def offline(self) -> bool:
        """Whether the weights come with an installed package."""
        return bool(self.package)

    @property
    def takes_points(self) -> bool:
        """Whether the network was trained on points, and can be given them as they are."""
        return "point" in self.prompts


@cache
def model_cards() -> Mapping[str, ModelCard]:
    """Return the cards of ``resources/models.json`` by name, in the order to show them."""
    text = files("napari_medssl").joinpath("resources", "models.json").read_text("utf-8")
    rows: list[dict[str, Any]] = json.loads(text)
    return {row["name"]: ModelCard(**{**row, "prompts": tuple(row["prompts"])}) for row in rows}


def model_card(name: str) -> ModelCard:
    """Return a network's card.

    Raises
    ------
    UsageError
        If there is no network of this name.
    """
    card = model_cards().get(name)
    if card is None:
        raise UsageError(f"the model '{name}'", expected=f"one of {', '.join(model_cards())}")
    return card
