"""Which methods of pre-training there are: their cards, as data, without torch."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from napari_medssl.errors import UsageError
from napari_medssl.models.networks import network_card
from napari_medssl.pretrain.transfer import Transfer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from napari_medssl.models.machine import Machine
    from napari_medssl.pretrain.planning.planner import ScaleName

_WARM_UP = 0.1


@dataclass(frozen=True)
class Scale:
    """What a method is run with, beside images and time.

    Parameters
    ----------
    network : mapping of int to str
        Dimensions (2, 3) it has -> key of a `NetworkCard`.
    plan : mapping
        Fields of a `PretrainPlan`: ``crop`` and ``preparation`` (a preset's name) by dimensions,
        ``batch``, ``optimiser``, ``rate``...; ``part_of_image`` that a crop takes; whether a
        picture is seen ``whole``, resized to the crop; whether images are cut ``to_foreground``.
    why : str
        Why its settings are others than the paper's, in sentences; empty where they are not.
    on_gpu : mapping
        Fields that are others on a GPU, in place of those of ``plan``.
    """

    network: Mapping[int, str]
    plan: Mapping[str, Any]
    why: str = ""
    on_gpu: Mapping[str, Any] = field(default_factory=dict)

    @property
    def rising(self) -> float:
        """Part of the steps in which the rate rises; a tenth where nothing says it."""
        steps = self.plan.get("steps", 0)
        return self.plan.get("warm_up", 0) / steps if steps else _WARM_UP

    def on(self, machine: Machine) -> Scale:
        """Return it with what a machine has the means for."""
        return replace(self, plan={**self.plan, **self.on_gpu}) if machine.is_gpu else self

    def fields(self, dimensions: int) -> dict[str, Any]:
        """Return the plan's fields in these dimensions; without those that are not known."""
        fields = dict(self.plan)
        for name in ("crop", "preparation"):
            known = fields.pop(name, {}).get(str(dimensions))
            if known is not None:
                fields[name] = tuple(known) if name == "crop" else known
        return fields


@dataclass(frozen=True)
class MethodCard:
    """What is known of a method before it is built.

    Parameters
    ----------
    name, title : str
        Key on the command line, and words in the window.
    module : str
        File in ``pretrain/methods`` whose ``build`` makes it.
    networks : tuple of str
        Networks that it can pre-train; empty for all.
    why_not : str
        For the others, why.
    paper, here : Scale
        The paper's own, and what a machine at hand can do in minutes.
    outputs : int
        Channels of the network's last layer while it learns; 0 for those of the image.
    least_batch : int
        With fewer images a step the loss means nothing.
    least_images : int
        With fewer it learns them by heart.
    learns : {"encoder", "encoder and decoder"}
        What is handed on to fine-tuning.
    about, source : str
        For people: what it does, and the paper and section that define it.
    masks : bool
        Whether it can look at what was drawn on the images.
    compares : bool
        Whether the images of a batch are to be told from each other.
    transfer : Transfer or None
        What fine-tuning gained by it, where that was measured.
    """

    name: str
    title: str
    module: str
    networks: tuple[str, ...]
    why_not: str
    paper: Scale
    here: Scale
    outputs: int
    least_batch: int
    least_images: int
    learns: str
    about: str
    source: str
    masks: bool = False
    compares: bool = False
    transfer: Transfer | None = None

    @property
    def dimensions(self) -> tuple[int, ...]:
        """In how many dimensions it exists."""
        return tuple(sorted({*self.paper.network, *self.here.network}))

    def recipe(self, scale: ScaleName) -> Scale:
        """Return the paper's own, or what a machine at hand can do."""
        return self.paper if scale == "paper" else self.here

    def own_network(self, scale: ScaleName, dimensions: int) -> str:
        """Return the network that a recipe has in these dimensions.

        Raises
        ------
        UsageError
            If it has none.
        """
        there = self.recipe(scale).network
        if dimensions not in there:
            raise UsageError(
                f"{self.title} in {dimensions}-D, of which there is no network at the scale "
                f"'{scale}'",
                expected=" or ".join(f"{n}-D" for n in there),
                do="Name a network, or choose the other scale",
            )
        return there[dimensions]

    def require_network(self, name: str, dimensions: int) -> None:
        """Check that the method makes sense for a network.

        Raises
        ------
        UsageError
            With the reason, if it does not.
        """
        network_card(name).require_dimensions(dimensions)
        if self.networks and name not in self.networks:
            raise UsageError(
                f"{self.title} with the network '{name}': {self.why_not}",
                expected=f"one of {', '.join(self.networks)}",
            )
        if dimensions not in self.dimensions:
            words = " and ".join(f"{n}-D" for n in self.dimensions)
            raise UsageError(f"{self.title} in {dimensions}-D", expected=words)


@cache
def method_cards() -> Mapping[str, MethodCard]:
    """Return the cards of ``resources/methods.json`` by name, in the order to show them."""
    text = files("napari_medssl").joinpath("resources", "methods.json").read_text("utf-8")
    return {row["name"]: _card(row) for row in json.loads(text)}


def method_card(name: str) -> MethodCard:
    """Return a method's card.

    Raises
    ------
    UsageError
        If there is no method of this name.
    """
    card = method_cards().get(name)
    if card is None:
        raise UsageError(f"the method '{name}'", expected=f"one of {', '.join(method_cards())}")
    return card


def _card(row: dict[str, Any]) -> MethodCard:
    scales = {
        key: Scale(**{**row[key], "network": {int(n): v for n, v in row[key]["network"].items()}})
        for key in ("paper", "here")
    }
    return MethodCard(
        **{**row, **scales, "networks": tuple(row["networks"]), "transfer": _transfer(row)}
    )


def _transfer(row: Mapping[str, Any]) -> Transfer | None:
    told = row.get("transfer")
    if told is None:
        return None
    dice = {name: tuple(told[name]) for name in ("learned", "random")}
    return Transfer(**{**told, **dice})
