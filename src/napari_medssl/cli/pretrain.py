"""``medssl pretrain``: learn from images that nobody labelled."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from napari_medssl.cli.jobs import Folder  # noqa: TC001 - typer looks at it
from napari_medssl.errors import UsageError

_MINUTES = 10.0


def pretrain(
    method: Annotated[str, typer.Option(help="How; 'medssl models methods' lists them.")],
    images: Annotated[Path, typer.Option(help="Folder of images, with folders below.")],
    out: Annotated[Path, typer.Option(help="New folder for the job and the encoder.")],
    net: Annotated[str, typer.Option(help="auto, or a network of 'medssl models list'.")] = "auto",
    dimensions: Annotated[
        int | None, typer.Option(help="2 or 3; by the images unless given.")
    ] = None,
    scale: Annotated[
        str, typer.Option(help="here: what this machine can do in minutes; paper: as printed.")
    ] = "here",
    minutes: Annotated[
        float | None, typer.Option(help="How long it may learn; 10 unless --steps says it.")
    ] = None,
    steps: Annotated[
        int | None, typer.Option(help="How often weights change, instead of a time.")
    ] = None,
    batch: Annotated[int | None, typer.Option(help="Images at each step.")] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--set", metavar="NAME=VALUE", help="Another setting of the plan or of the method."
        ),
    ] = None,
    stop_on_collapse: Annotated[
        bool, typer.Option("--stop-on-collapse", help="End early when all comes out alike.")
    ] = False,
    seed: Annotated[int, typer.Option(help="Decides every random draw.")] = 0,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:N or mps.")] = "auto",
    threads: Annotated[int | None, typer.Option(help="Of the processor; all unless given.")] = None,
    engine: Annotated[
        str, typer.Option(help="Where it learns: here, or a name of 'medssl jobs engines list'.")
    ] = "here",
    background: Annotated[
        bool, typer.Option("--background", help="Do not wait: see 'medssl jobs'.")
    ] = False,
    folder: Folder = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Learn what images look like, without any masks, so that fewer masks are needed later.

    The encoder is OUT/artifacts/encoder.safetensors: 'medssl finetune --init' begins with it.
    Ctrl-C keeps what was learned; 'medssl jobs resume' goes on.
    """
    import os

    from napari_medssl.cli.engine_choice import choose_workplace
    from napari_medssl.cli.jobs import store
    from napari_medssl.cli.learned_weights import learn_in_job
    from napari_medssl.cli.pretrain_job import KIND
    from napari_medssl.jobs import new_spec
    from napari_medssl.models.networks import network_card
    from napari_medssl.pretrain.cards import method_card
    from napari_medssl.pretrain.plan import WEIGHTS

    card = method_card(method)
    if minutes is not None and steps is not None:
        raise UsageError("both --minutes and --steps", expected="one of them")
    for name, count in (("minutes", minutes), ("steps", steps)):
        if count is not None and not count > 0:
            raise UsageError(f"--{name} {count:g}", expected="more than 0")
    if net != "auto":
        there = network_card(net).dimensions
        both = [dims for dims in there if dims in card.dimensions] or there
        card.require_network(net, dimensions or max(both))
    if scale not in ("here", "paper"):
        raise UsageError(f"--scale {scale}", expected="here or paper")
    if not images.is_dir():
        raise UsageError(f"--images {images.name}", expected="a folder of images")
    place = choose_workplace(engine, device, threads=threads)
    changes = read_settings(settings or [])
    if batch is not None:
        changes["batch"] = batch
    if stop_on_collapse:
        changes["stop_on_collapse"] = True
    arguments: dict[str, Any] = {
        "method": method,
        "images": str(images.absolute()),
        "title": f"{card.title}, {images.absolute().name}",
        "scale": scale,
        "network": None if net == "auto" else net,
        "dimensions": dimensions,
        "minutes": None if steps or (scale == "paper" and minutes is None) else minutes or _MINUTES,
        "steps": steps,
        "threads": place.threads or os.cpu_count() or 1,
        "changes": changes,
    }
    title = f"Learning without masks: {card.title}"
    spec = new_spec(KIND, arguments, title=title, seed=seed, device=place.device)
    job = store(folder).create(spec, out)
    use = f"medssl finetune --init {job.folder.name}/artifacts/{WEIGHTS} ..."
    weights = job.artifacts / WEIGHTS
    learn_in_job(job, place.engine, weights, use, wait=not background, as_json=json)


def read_settings(pairs: list[str]) -> dict[str, Any]:
    """Read ``NAME=VALUE`` pairs; values are JSON, or else words.

    Raises
    ------
    UsageError
        If one has no ``=``.
    """
    import json as json_text

    found: dict[str, Any] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not name:
            raise UsageError(f"--set {pair}", expected="NAME=VALUE, such as --set batch=8")
        try:
            found[name] = json_text.loads(value)
        except ValueError:
            found[name] = value
    return found
