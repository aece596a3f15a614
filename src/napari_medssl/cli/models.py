"""``medssl models``: which networks there are, and what is known of each."""

from __future__ import annotations

import json as json_text
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from napari_medssl.cli.method_settings import print_settings, settings_facts
from napari_medssl.cli.model_distil import distil_points
from napari_medssl.cli.model_facts import network_facts, promptable_facts, trained_facts
from napari_medssl.cli.model_files import add_model, fetch_model, new_model
from napari_medssl.cli.model_methods import list_methods, method_facts
from napari_medssl.cli.model_probe import probe_model
from napari_medssl.cli.model_words import lines_of
from napari_medssl.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rich.console import Console

    from napari_medssl.models.networks import NetworkCard

models_app = typer.Typer(
    no_args_is_help=True,
    help="Networks and their weights: list, show, methods, probe, distil, add, fetch, new.",
)

_Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
_AnyName = Annotated[
    str, typer.Argument(help="A name of 'medssl models list', or a .safetensors file of ours.")
]

#: of a network's facts, those of the method of its name
_METHOD = "pretrain"
_PROMPTABLE = ("name", "title", "trained on", "MB", "licence", "weights")
_NETWORK = ("name", "title", "dimensions", "channels")
_TRAINED = ("name", "title", "network", "classes", "trained on", "licence")


@models_app.command("list")
def list_models(json: _Json = False) -> None:
    """List promptable networks, segmentation networks, and trained models on this machine."""
    from napari_medssl.models import model_cards
    from napari_medssl.models.networks import network_cards
    from napari_medssl.models.trained import trained_cards

    promptable = [promptable_facts(card) for card in model_cards().values()]
    networks = [network_facts(card) for card in network_cards().values()]
    trained = [trained_facts(card) for card in trained_cards().values()]
    if json:
        print(json_text.dumps([*promptable, *networks, *trained]))
        return
    from rich.console import Console

    console = Console()
    console.print("Promptable: outline what a point or a box shows")
    _print_table(console, _PROMPTABLE, (_promptable_row(row) for row in promptable))
    if not all(row["present"] for row in promptable):
        console.print("Get weights with 'medssl models fetch NAME' or 'medssl models add FILE'.")
    console.print("\nSegmentation networks: to train, or to run with weights of a file")
    _print_table(console, _NETWORK, (_network_row(row) for row in networks))
    console.print("\nTrained models and encoders on this machine")
    _print_table(console, _TRAINED, (_trained_row(row) for row in trained))
    if not trained:
        console.print("  none yet: train one with 'medssl finetune', or 'medssl models add FILE'.")


@models_app.command("show")
def show_model(name: _AnyName, json: _Json = False) -> None:
    """Show what is known of a network, a trained model, an encoder or a method, or of both.

    Of a method also its recipes, why they are so, and all its settings.
    """
    facts = _facts_of(name)
    if json:
        print(json_text.dumps(facts))
        return
    from rich.console import Console

    console = Console(highlight=False, soft_wrap=True)
    for number, one in enumerate(filter(None, (facts, facts.get(_METHOD)))):
        if number:
            console.print("\nA method of 'medssl pretrain' has this name too:\n", markup=False)
        for line in lines_of(one):
            console.print(line, markup=False)
        if "settings" in one:
            print_settings(Console(), one)


models_app.command("add")(add_model)
models_app.command("fetch")(fetch_model)
models_app.command("new")(new_model)
models_app.command("methods")(list_methods)
models_app.command("probe")(probe_model)
models_app.command("distil")(distil_points)


def _facts_of(name: str) -> dict[str, Any]:
    from napari_medssl.models import model_cards
    from napari_medssl.models.networks import network_cards
    from napari_medssl.models.trained import find_trained, trained_cards
    from napari_medssl.pretrain.cards import method_cards

    if name in model_cards():
        return promptable_facts(model_cards()[name])
    if name in network_cards():
        facts = network_facts(network_cards()[name])
        both = {_METHOD: _method_facts(name)} if name in method_cards() else {}
        return {**facts, "parameters": _parameters(network_cards()[name]), **both}
    if name in method_cards():
        return _method_facts(name)
    if name in trained_cards() or Path(name).suffix:
        path, card = find_trained(name)
        return {**trained_facts(card), "bytes": path.stat().st_size}
    there = ", ".join((*model_cards(), *network_cards(), *trained_cards(), *method_cards()))
    do = "'medssl models list' and 'medssl models methods' tell what each is; of a file, give the "
    do += "whole name"
    raise UsageError(f"the model '{name}'", expected=f"one of {there}", do=do)


def _method_facts(name: str) -> dict[str, Any]:
    from napari_medssl.pretrain.cards import method_card

    return {**method_facts(method_card(name)), "settings": settings_facts(name)}


def _parameters(card: NetworkCard) -> dict[str, int]:
    """Count the numbers that a network learns, in each of its dimensions, with one class."""
    from napari_medssl.models.networks.network import build_network

    built = {dims: build_network(card.name, dimensions=dims) for dims in card.dimensions}
    return {f"{dims}-D": sum(p.numel() for p in n.parameters()) for dims, n in built.items()}


def _promptable_row(row: dict[str, Any]) -> Sequence[str]:
    here, size = "here" if row["present"] else "not here", f"{row['bytes'] / 1e6:,.0f}"
    return row["name"], row["title"], ", ".join(row["prompts"]), size, row["licence"], here


def _network_row(row: dict[str, Any]) -> Sequence[str]:
    dimensions = " and ".join(f"{dims}-D" for dims in row["dimensions"])
    return row["name"], row["title"], dimensions, str(row["in_channels"])


def _trained_row(row: dict[str, Any]) -> Sequence[str]:
    classes = str(len(row["classes"])) if row["classes"] else "encoder alone"
    modalities = ", ".join(row["modalities"])
    return row["name"], row["title"], row["network"], classes, modalities, row["licence"]


def _print_table(console: Console, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    from rich.table import Column, Table

    name, *others = columns
    table = Table(Column(name, no_wrap=True), *others, box=None)
    for row in rows:
        table.add_row(*row)
    if table.row_count:
        console.print(table)
