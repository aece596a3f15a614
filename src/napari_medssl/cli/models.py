"""``medssl models``: which networks there are, and how their weights come to this machine."""

from __future__ import annotations

import json as json_text
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from napari_medssl.errors import UsageError

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from napari_medssl.models import ModelCard

models_app = typer.Typer(
    no_args_is_help=True, help="Networks and their weights: list, show, add, fetch."
)

_Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
_Name = Annotated[str, typer.Argument(help="A network: see 'medssl models list'.")]


@models_app.command("list")
def list_models(json: _Json = False) -> None:
    """List the networks, and whether their weights are on this machine."""
    from napari_medssl.models import model_cards

    rows = [_facts(card) for card in model_cards().values()]
    if json:
        print(json_text.dumps(rows))
        return
    from rich.console import Console
    from rich.table import Table

    table = Table("name", "title", "trained on", "MB", "licence", "weights", box=None)
    for row in rows:
        here, size = "here" if row["present"] else "not here", f"{row['bytes'] / 1e6:,.0f}"
        trained_on = ", ".join(row["prompts"])
        table.add_row(row["name"], row["title"], trained_on, size, row["licence"], here)
    console = Console()
    console.print(table)
    if not all(row["present"] for row in rows):
        console.print("Get weights with 'medssl models fetch NAME' or 'medssl models add FILE'.")


@models_app.command("show")
def show_model(name: _Name, json: _Json = False) -> None:
    """Show what is known of a network."""
    from napari_medssl.models import model_card

    facts = _facts(model_card(name))
    if json:
        print(json_text.dumps(facts))
        return
    from rich.console import Console

    console = Console(highlight=False, soft_wrap=True)
    for key, value in facts.items():
        words = ", ".join(value) if isinstance(value, tuple) else str(value)
        if words:
            console.print(f"{key:12} {words}", markup=False)


@models_app.command("add")
def add_model(
    file: Annotated[Path, typer.Argument(help="The published weights of a network.")],
    json: _Json = False,
) -> None:
    """Keep a copy of a weights file for later; it is recognised by its content, not its name."""
    from napari_medssl.io import atomic_write
    from napari_medssl.models.weights import add_weights

    card = add_weights(file, atomic_write)
    _done(card, f"'{file.name}' is {card.title} ({card.licence}), and ready.", json)


@models_app.command("fetch")
def fetch_model(
    name: _Name,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    json: _Json = False,
) -> None:
    """Fetch a network's published weights, after showing their size and licence."""
    from napari_medssl.models import model_card
    from napari_medssl.models.weights import fetch_weights, find_weights

    card = model_card(name)
    if find_weights(card):
        _done(card, f"{card.title} is here already.", json)
        return
    terms = f"{card.title}: {card.bytes / 1e6:,.0f} MB, {card.licence}, from {card.source}."
    if not yes:
        if json:
            raise UsageError("--json without --yes", expected="both, as nobody can be asked")
        typer.echo(terms)
        typer.confirm("Fetch it?", abort=True)
    with _progress() as bar:
        fetch_weights(card, _Shown(bar, bar.add_task(card.title, total=None)))
    _done(card, f"{card.title} is ready ({card.licence}).", json)


def _facts(card: ModelCard) -> dict[str, Any]:
    from napari_medssl.models.weights import find_weights

    return {**asdict(card), "offline": card.offline, "present": find_weights(card) is not None}


def _done(card: ModelCard, words: str, as_json: bool) -> None:
    print(json_text.dumps(_facts(card)) if as_json else words)


def _progress() -> Progress:
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TimeRemainingColumn

    columns = ("{task.description}", BarColumn(), DownloadColumn(), TimeRemainingColumn())
    return Progress(*columns, console=Console(stderr=True))


class _Shown:
    """A download's progress, shown as a bar on stderr."""

    def __init__(self, bar: Progress, task: TaskID) -> None:
        self._bar = bar
        self._task = task
        self.total = 0

    def update(self, more_bytes: int) -> None:
        """Tell of bytes that have come in."""
        self._bar.update(self._task, total=self.total or None, advance=more_bytes)

    def reset(self) -> None:
        """Begin again at nothing."""
        self._bar.reset(self._task)

    def close(self) -> None:
        """Be done: the bar is taken down by the command."""
