"""``medssl models add``, ``fetch`` and ``new``: how weights come to this machine."""

from __future__ import annotations

import json as json_text
import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from napari_medssl.cli.model_facts import promptable_facts, trained_facts
from napari_medssl.errors import UsageError

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from napari_medssl.models import ModelCard
    from napari_medssl.models.trained import OutputClass, TrainedCard

_Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


def add_model(
    file: Annotated[Path, typer.Argument(help="Weights: published, of ours, or foreign.")],
    name: Annotated[str, typer.Option(help="Keep a segmentation model under this name.")] = "",
    classes: Annotated[
        str, typer.Option(help='What its outputs stand for: "1=spleen,2=liver".')
    ] = "",
    legacy_merging: Annotated[
        bool,
        typer.Option("--legacy-merging", help="A 3-D Swin UNETR trained with MONAI 1.4 or older."),
    ] = False,
    json: _Json = False,
) -> None:
    """Keep a file of weights for later; it is recognised by its content, not its name.

    Published weights of a promptable network are kept as they are, a checkpoint of ours with the
    card beside it too. A segmentation network or a pre-trained encoder in a layout of SMIT, Swin
    UNETR, disruptive autoencoders or SimSiam is converted, and refused with the counts if a single
    tensor does not fit. No code in a file is ever run.
    """
    from napari_medssl.io import atomic_write
    from napari_medssl.models import ModelCard
    from napari_medssl.models.adding import Wishes, add_checkpoint

    wishes = Wishes(name, _parsed_classes(classes), legacy_merging)
    card = add_checkpoint(file, wishes, atomic_write)
    if isinstance(card, ModelCard):
        _done(card, f"'{file.name}' is {card.title} ({card.licence}), and ready.", json)
    elif json:
        _print_trained(card)
    else:
        holds = "an encoder to start from" if card.holds != "network" else "ready to segment"
        print(f"'{file.name}' is {card.title}, kept as '{card.name}', {holds}.")
        print(f"Licence: {card.licence}. {card.about}")


def fetch_model(
    name: Annotated[str, typer.Argument(help="A promptable network of 'medssl models list'.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    json: _Json = False,
) -> None:
    """Fetch a network's published weights, after showing their size, licence and sha256.

    A download that broke off goes on where it stopped when the command is run again.
    """
    from napari_medssl.models import model_card
    from napari_medssl.models.weights import fetch_weights, find_weights

    card = model_card(name)
    if find_weights(card):
        _done(card, f"{card.title} is here already.", json)
        return
    if json and not yes:
        raise UsageError("--json without --yes", expected="both, as nobody can be asked")
    terms = f"{card.title}: {card.bytes / 1e6:,.0f} MB, {card.licence}, from {card.source}."
    typer.echo(f"{terms}\nsha256 {card.sha256}", err=yes)
    if not yes:
        typer.confirm("Fetch it?", abort=True)
    with _progress() as bar:
        fetch_weights(card, _Shown(bar, bar.add_task(card.title, total=None)))
    _done(card, f"{card.title} is ready ({card.licence}).", json)


def new_model(
    network: Annotated[str, typer.Argument(help="A segmentation network of 'models list'.")],
    out: Annotated[Path, typer.Option(help="A .safetensors file; its card goes beside it.")],
    dimensions: Annotated[
        int | None, typer.Option(help="2 or 3, where the network has both.")
    ] = None,
    classes: Annotated[int, typer.Option(help="Classes above the background.")] = 1,
    seed: Annotated[int, typer.Option(help="The same seed gives the same weights.")] = 0,
    json: _Json = False,
) -> None:
    """Write a network with random weights: to measure speed with, and as a start.

    It has learnt nothing, and its masks mean nothing.
    """
    from napari_medssl.io import atomic_write
    from napari_medssl.models.random_weights import new_checkpoint

    card = new_checkpoint(
        network, out, atomic_write, dimensions=dimensions, classes=classes, seed=seed
    )
    if json:
        _print_trained(card)
    else:
        print(f"'{out.name}' holds {card.title}, {card.dimensions}-D. {card.about}")
        print(f"Run it with 'medssl segment IMAGE --model {out.name} --out MASK'.")


def _parsed_classes(text: str) -> tuple[OutputClass, ...]:
    """Read ``1=spleen,2=liver``, one for each output in order."""
    from napari_medssl.models.trained import numbered_classes

    names = []
    for place, part in enumerate(text.split(",") if text else (), 1):
        match = re.fullmatch(r"\s*(\d+)\s*=\s*([^=]*[^=\s])\s*", part)
        if match is None or int(match[1]) != place:
            raise UsageError(
                f"the classes '{text}'", expected='outputs in order, as "1=spleen,2=liver"'
            )
        names.append(match[2])
    return numbered_classes(names)


def _done(card: ModelCard, words: str, as_json: bool) -> None:
    print(json_text.dumps(promptable_facts(card)) if as_json else words)


def _print_trained(card: TrainedCard) -> None:
    print(json_text.dumps(trained_facts(card)))


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
