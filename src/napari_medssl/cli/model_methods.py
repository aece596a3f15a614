"""``medssl models methods``: how a network can learn from images without masks."""

from __future__ import annotations

import json as json_text
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from napari_medssl.pretrain.cards import MethodCard


def list_methods(
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """List the methods of 'medssl pretrain': what they learn, in which networks, by which paper."""
    from napari_medssl.pretrain.cards import method_cards

    rows = [method_facts(card) for card in method_cards().values()]
    if json:
        print(json_text.dumps(rows))
        return
    from rich.console import Console
    from rich.table import Column, Table

    table = Table(Column("name", no_wrap=True), "title", "sees", "networks", "learns", box=None)
    for row in rows:
        sees = " and ".join(f"{dims}-D" for dims in row["dimensions"])
        networks = ", ".join(row["networks"]) or "all"
        table.add_row(row["name"], row["title"], sees, networks, row["learns"])
    console = Console()
    console.print("Learning without masks: 'medssl pretrain --method NAME'")
    console.print(table)
    console.print("'medssl models show NAME' says what a method does, and all its settings.")


def method_facts(card: MethodCard) -> dict[str, Any]:
    """Return a method of pre-training."""
    return {
        "kind": "method",
        "name": card.name,
        "title": card.title,
        "about": card.about,
        "dimensions": card.dimensions,
        "networks": card.networks,
        "why_not": card.why_not,
        "learns": card.learns,
        "masks": card.masks,
        "least_images": card.least_images,
        "least_batch": card.least_batch,
        "here": {"network": card.here.network, **card.here.plan},
        "on_gpu": dict(card.here.on_gpu),
        "here_on_gpu": card.here.on_gpu,
        "paper": {"network": card.paper.network, **card.paper.plan},
        "why_here": card.here.why,
        "why_paper": card.paper.why,
        "measured": card.transfer.words if card.transfer is not None else "",
        "source": card.source,
    }
