"""``medssl finetune``: teach a network your own images and masks."""

from __future__ import annotations

import json as json_text
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from napari_medssl.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from napari_medssl.finetune import Picture, SamPlan, Tuned


def finetune(
    images: Annotated[Path, typer.Option(help="Folder of images.")],
    labels: Annotated[Path, typer.Option(help="Folder of their masks, called as the images.")],
    out: Annotated[Path, typer.Option(help="Folder for the network; a stopped run goes on in it.")],
    net: Annotated[str, typer.Option(help="Network: litemedsam, sam_vit_b, ...")] = "litemedsam",
    mode: Annotated[
        str, typer.Option(help="What learns: decoder, lora (and the decoder), or everything.")
    ] = "decoder",
    steps: Annotated[int, typer.Option(help="How often weights change.")] = 300,
    batch: Annotated[int, typer.Option(help="Objects learned from at each step.")] = 4,
    rate: Annotated[
        float | None, typer.Option(help="Highest step length; by mode when not given.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Decides every random draw.")] = 0,
    rank: Annotated[int, typer.Option(help="Rank of LoRA's matrices.")] = 4,
    jitter: Annotated[
        float, typer.Option(help="How far sides of boxes are moved, on a picture of 1,024 pixels.")
    ] = 20.0,
    points: Annotated[
        float | None,
        typer.Option(help="Part of the prompts that is a point: 0 to 1; by network if not given."),
    ] = None,
    smallest: Annotated[int, typer.Option(help="Pixels of an object on a slice, at least.")] = 100,
    smallest_voxels: Annotated[int, typer.Option(help="Voxels of an object, at least.")] = 1000,
    val_images: Annotated[Path | None, typer.Option(help="Folder of images to judge by.")] = None,
    val_labels: Annotated[Path | None, typer.Option(help="Folder of their masks.")] = None,
    val_fraction: Annotated[
        float, typer.Option(help="Without --val-images: part of the patients to judge by, or 0.")
    ] = 0.2,
    patient: Annotated[
        str | None, typer.Option(metavar="REGEX", help="Finds the patient in a file's name.")
    ] = None,
    weights: Annotated[
        Path | None, typer.Option(help="Weights to begin with instead of the published ones.")
    ] = None,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:N or mps.")] = "auto",
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Teach a network the objects in a folder of images and masks, and measure what it gained.

    Every label value is an object of its own; scans are learned slice by slice. Patients are held
    out whole, as far as names tell them apart. Ctrl-C stops and keeps the best so far; the same
    command goes on from there. The result is used with --weights: see 'medssl prompt'.
    """
    from napari_medssl.models import model_card, model_cards

    if net not in model_cards():
        raise UsageError(f"the network '{net}'", expected=f"one of {', '.join(model_cards())}")
    if (val_images is None) != (val_labels is None):
        raise UsageError("one of --val-images and --val-labels", expected="both, or neither")
    if not 0 <= val_fraction < 1:
        raise UsageError(f"--val-fraction {val_fraction:g}", expected="0 or more, and less than 1")

    from napari_medssl.finetune import SamPlan

    # a network that knows points keeps to know them
    shared = (0.5 if model_card(net).takes_points else 0.0) if points is None else points
    plan = SamPlan(
        mode=mode,  # type: ignore[arg-type]  # the plan refuses what it does not know
        steps=steps,
        batch=batch,
        seed=seed,
        rate=rate,
        rank=rank,
        jitter=jitter,
        points=shared,
        smallest_px=smallest,
        smallest_voxels=smallest_voxels,
    )
    told = _Told(quiet=json)
    found = _files(images, labels, told)
    held = _files(val_images, val_labels, told) if val_images and val_labels else {}
    if not held and val_fraction:
        found, held = _split(found, val_fraction, seed, patient)
    with told:
        training, held_out = _read(found, plan, told), _read(held, plan, told)
        _require_enough(training, held_out, found, held)
        result = _run(net, weights, device, training, held_out, plan, out, told)
    _say(result, plan, out, told.warnings, as_json=json)


def _files(images: Path, labels: Path, told: _Told) -> dict[str, tuple[Path, Path]]:
    """Match images and masks, and tell of those that have no partner."""
    from napari_medssl.cli.case_files import match_files

    found = match_files(images, labels)
    for alone, place in ((found.only_first, images), (found.only_second, labels)):
        if alone:
            told.warning(f"{len(alone)} files of '{place.absolute().name}' have no partner")
    return found.pairs


def _split(
    found: Mapping[str, tuple[Path, Path]], part: float, seed: int, pattern: str | None
) -> tuple[dict[str, tuple[Path, Path]], dict[str, tuple[Path, Path]]]:
    """Hold out whole patients."""
    from napari_medssl.finetune import hold_out, patient_of

    patients = {name: patient_of(name, pattern) for name in found}
    judging = hold_out(patients.values(), part, seed)
    return (
        {name: pair for name, pair in found.items() if patients[name] not in judging},
        {name: pair for name, pair in found.items() if patients[name] in judging},
    )


def _read(files: Mapping[str, tuple[Path, Path]], plan: SamPlan, told: _Told) -> list[Picture]:
    from napari_medssl.finetune import pictures_of
    from napari_medssl.io import read_mask, read_volume

    pictures: list[Picture] = []
    for done, (name, (image, mask)) in enumerate(files.items(), start=1):
        volume = read_volume(image)
        pictures += pictures_of(
            name,
            volume,
            read_mask(mask, volume).array,
            smallest_px=plan.smallest_px,
            smallest_voxels=plan.smallest_voxels,
        )
        told.progress(done, len(files), "Reading images")
    return pictures


def _require_enough(
    training: Sequence[Picture],
    held_out: Sequence[Picture],
    found: Mapping[str, Any],
    held: Mapping[str, Any],
) -> None:
    for pictures, files, purpose in ((training, found, "learn from"), (held_out, held, "judge by")):
        if files and not pictures:
            raise UsageError(
                f"no object to {purpose} in the masks of {len(files)} "
                f"{'image' if len(files) == 1 else 'images'}",
                expected="masks that are not empty",
                do="Check the masks; smaller objects are taken with --smallest and "
                "--smallest-voxels",
            )
    if both := sorted(found.keys() & held.keys()):
        raise UsageError(f"'{both[0]}' to learn from and to judge by", expected="one of both")


def _run(
    net: str,
    weights: Path | None,
    device: str,
    training: Sequence[Picture],
    held_out: Sequence[Picture],
    plan: SamPlan,
    out: Path,
    told: _Told,
) -> Tuned:
    from napari_medssl.cli.stopping import stop_on_interrupt
    from napari_medssl.errors import SaveError
    from napari_medssl.finetune import finetune_sam
    from napari_medssl.io import atomic_write
    from napari_medssl.models.load import load_engine

    engine: Any = load_engine(net, device=device, weights=weights)
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SaveError(
            f"the folder '{out.name}' cannot be made", do="Choose another folder for --out"
        ) from error
    words = "Stopping, and keeping the best so far. Ctrl-C again ends at once."
    with stop_on_interrupt(words) as stop:
        return finetune_sam(
            engine, training, held_out, plan, out, write=atomic_write, report=told, stop=stop
        )


class _Told:
    """What a run tells, as a progress bar on the error stream."""

    def __init__(self, *, quiet: bool) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        screen = Console(stderr=True)
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.completed:.0f} of {task.total:.0f}"),
            TimeRemainingColumn(),
            TextColumn("{task.fields[numbers]}"),
        )
        hidden = quiet or not screen.is_terminal
        self._bar = Progress(*columns, console=screen, transient=True, disable=hidden)
        self._task: Any = None
        self._doing = ""
        self._numbers: dict[str, str] = {}
        self.warnings: list[str] = []

    def progress(
        self, done: float, total: float, doing: str = "", seconds_left: float | None = None
    ) -> None:
        """Show how far it is; another thing to do gets a bar of its own."""
        if doing != self._doing:
            self._doing = doing
            self._task = self._bar.add_task(doing, total=total, numbers="")
        numbers = "  ".join(f"{name} {value}" for name, value in self._numbers.items())
        self._bar.update(self._task, completed=done, total=total, numbers=numbers)

    def metric(self, step: int, **values: Any) -> None:
        """Show the latest loss and Dice beside the bar."""
        self._numbers |= {name: f"{value:.3f}" for name, value in values.items()}

    def warning(self, text: str) -> None:
        """Keep a sentence for the end."""
        self.warnings.append(text)

    def __enter__(self) -> _Told:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()


def _say(
    result: Tuned, plan: SamPlan, out: Path, warnings: Sequence[str], *, as_json: bool
) -> None:
    card = result.card
    if as_json:
        facts = {
            "out": str(out),
            "weights": str(result.weights) if result.weights else None,
            "went_on_from": result.began_at,
            "steps": result.step,
            "finished": result.finished,
            "warnings": list(warnings),
            "card": asdict(card) if card else None,
        }
        print(json_text.dumps(facts))
        return
    from rich.console import Console

    console = Console(highlight=False, soft_wrap=True)
    lines = []
    if result.began_at == plan.steps:
        lines.append(f"This run is finished already: {plan.steps} steps.")
    elif result.began_at:
        lines.append(f"Went on from step {result.began_at}.")
    if not result.finished:
        lines.append(f"Stopped after step {result.step} of {plan.steps}; run it again to go on.")
    if card is None or result.weights is None:
        lines.append("Nothing was checked yet, so there is no network to use.")
    else:
        figures = card.figures
        if figures["dice_after"] is None:
            lines.append("No images were held out, so nothing was measured.")
        else:
            objects = "1 object" if figures["objects"] == 1 else f"{figures['objects']:,} objects"
            lines.append(
                f"Mean Dice on {objects} held out: "
                f"{figures['dice_before']:.3f} before, {figures['dice_after']:.3f} after "
                f"(step {figures['best_step']}); prompt: {figures['prompt']}."
            )
        file = f"{out.absolute().name}/{result.weights.name}"
        lines.append(f"Use it: medssl prompt IMAGE --model {card.model} --weights {file} ...")
    for line in [*lines, *(f"Note: {text}" for text in warnings)]:
        console.print(line, markup=False)
    console.print("Research use only. Not a medical device.", style="dim")
