"""``medssl models distil``: clicks learn, without labels, to give what boxes give."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from napari_medssl.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_medssl.cli.finetune_sam import Told
    from napari_medssl.cli.teacher_masks import Teaching
    from napari_medssl.finetune import Picture, SamPlan, Tuned
    from napari_medssl.project.images import FoundImage


def distil_points(
    images: Annotated[
        list[Path], typer.Argument(help="Images, or folders of them; masks are passed over.")
    ],
    out: Annotated[Path, typer.Option(help="Folder for the weights; the same one goes on.")],
    model: Annotated[str, typer.Option(help="Network that answers boxes.")] = "litemedsam",
    weights: Annotated[
        Path | None,
        typer.Option(help="Weights for points to go on from, instead of those of this program."),
    ] = None,
    anew: Annotated[bool, typer.Option("--anew", help="Go on from none.")] = False,
    steps: Annotated[int, typer.Option(help="How often weights change.")] = 3000,
    batch: Annotated[int, typer.Option(help="Objects at each step.")] = 4,
    clicks: Annotated[int, typer.Option(help="Points that one object gets, at most.")] = 5,
    rate: Annotated[float | None, typer.Option(help="Highest step length.")] = None,
    slices: Annotated[int, typer.Option(help="Of each image, at most.")] = 4,
    boxes: Annotated[int, typer.Option(help="Random boxes on each slice.")] = 32,
    val_fraction: Annotated[
        float, typer.Option(help="Part of the patients whose images choose the best weights.")
    ] = 0.1,
    seed: Annotated[int, typer.Option(help="Decides every random draw.")] = 0,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:N or mps.")] = "auto",
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Teach a network that knows boxes what a click means, from images without labels.

    The network itself is the teacher: it outlines what random boxes hold, and weights beside its
    own, at first those that come with the program, learn to give the same outline from a few
    points in it and around it. Boxes are answered as before. OUT/model.safetensors is the result,
    for 'medssl prompt --weights'; run the same command again to go on after a break.
    """
    from napari_medssl.cli.finetune_sam import Told, make_folder, say_tuned
    from napari_medssl.cli.teacher_masks import Teaching
    from napari_medssl.finetune import SamPlan
    from napari_medssl.models.load import load_engine
    from napari_medssl.project.images import find_images

    if not 0 <= val_fraction < 1:
        raise UsageError(f"--val-fraction {val_fraction:g}", expected="0 or more, and less than 1")
    plan = SamPlan(
        "points", steps=steps, batch=batch, seed=seed, rate=rate, points=1.0, clicks=clicks
    )
    teaching = Teaching(slices=slices, boxes=boxes, seed=seed)
    found = [image for path in images for image in find_images(path).images]
    if not found:
        raise UsageError("no image", expected="images that 'medssl info' can read")
    engine: Any = load_engine(model, device=device, weights=weights)
    engine = engine.by_itself() if anew else engine
    if engine.card.takes_points:
        raise UsageError(f"'{model}', which knows points", expected="a network that knows boxes")
    make_folder(out)
    told = Told(quiet=json)
    with told:
        result = distil(engine, found, teaching, plan, val_fraction, out, told)
    say_tuned(result, plan, out, told.warnings, as_json=json)


def distil(
    engine: Any,
    images: Sequence[FoundImage],
    teaching: Teaching,
    plan: SamPlan,
    part: float,
    out: Path,
    told: Told,
) -> Tuned:
    """Make the teacher's masks, hold out a part of the patients, and learn.

    Raises
    ------
    UsageError
        If the teacher found nothing on any image.
    """
    from napari_medssl.cli.finetune_sam import learn_prompted
    from napari_medssl.cli.teacher_masks import taught_pictures

    pictures = taught_pictures(engine, images, teaching, out, told)
    if not pictures:
        raise UsageError(
            "images on which the network outlines nothing in random boxes",
            expected="images with something to outline on them",
            do="Give other images, or more --boxes",
        )
    training, held_out = _split(pictures, part, plan.seed)
    about = {
        "masks": "the network's own, from random boxes",
        "teaching": asdict(teaching),
        "began_with": engine.points_hash,
    }
    return learn_prompted(engine, training, held_out, plan, out, told, about)


def _split(
    pictures: Sequence[Picture], part: float, seed: int
) -> tuple[list[Picture], list[Picture]]:
    """Hold out whole patients, as far as names tell them apart."""
    from napari_medssl.finetune import hold_out, patient_of

    if not part:
        return list(pictures), []
    patients = [patient_of(picture.case) for picture in pictures]
    if len(set(patients)) < 2:
        raise UsageError(
            "images of one patient, as far as their names tell, so none can be held out",
            do="Give images of others too, or --val-fraction 0",
        )
    judging = hold_out(patients, part, seed)
    pairs = list(zip(pictures, patients, strict=True))
    return [p for p, who in pairs if who not in judging], [p for p, who in pairs if who in judging]
