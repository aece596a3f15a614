"""How much better a network that knows boxes answers clicks once it has taught itself.

    python benchmarks/distil_points.py DATA --out FOLDER [--steps N] [--begin-with FILE]

DATA holds the test images, a folder a collection. Weights for points are learned without labels,
as by ``medssl models distil --anew``, from half of the patients of three of the five collections
that are measured, and from all of those that are not; breast images are never learned from. Then
objects of all five are outlined from their box and after 1, 2, 3 and 5 clicks, with and without
these weights, separately on images that were learned from and on those that were not.
"""

from __future__ import annotations

import sys
from pathlib import Path  # noqa: TC003 - typer reads it from the annotations
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import typer
from prompt_accuracy import Tally, pairs, score

from napari_medssl.cli.finetune_sam import Told, make_folder
from napari_medssl.cli.model_distil import distil
from napari_medssl.cli.teacher_masks import Teaching
from napari_medssl.finetune import SamPlan, patient_of
from napari_medssl.io.sidecar import stem
from napari_medssl.models.load import load_engine
from napari_medssl.project.images import find_images
from napari_medssl.segment import EmbeddingCache, InteractiveSegmenter

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_medssl.project.images import FoundImage

#: what is measured, and whether half of its patients are learned from
MEASURED = {
    "hc18-fetal-head-us": True,
    "usgra-nerve-vessel-us": True,
    "sunnybrook-cardiac-mr": True,
    "busi-breast-us": False,
    "msd-spleen-ct/slices2d": False,
}
#: what is only learned from, and how many images of it at most
LEARNED = {
    "ibsi-sts-ct-mr-pet": 8,
    "isic2017-skin": 5,
    "msd-hippocampus": 6,
    "msd-spleen-ct/spleen_2_crop_ct.nii.gz": 1,
    "oblique-orientation": 1,
    "sammed2d-demo-organs": 2,
    "spinal-cord-mr": 3,
    "totalsegmentator-examples": 2,
    "us-dicom": 3,
}
CLICKS = (1, 2, 3, 5)
#: images of one measured collection that are learned from: more of the same tell little
MOST = 20


def learned_half(folder: Path) -> list[Path]:
    """Images of the first half of the patients by name: none of these judges unseen ones."""
    files = sorted((folder / "images").iterdir())
    patients = sorted({patient_of(stem(file.name)) for file in files})
    first = set(patients[: len(patients) // 2])
    return [file for file in files if patient_of(stem(file.name)) in first]


def images_to_learn(data: Path) -> list[FoundImage]:
    """All that is learned from."""
    halves = [learned_half(data / name) for name, half in MEASURED.items() if half]
    found = [
        image
        for half in halves
        for file in _spread(half, MOST)
        for image in find_images(file).images
    ]
    for name, most in LEARNED.items():
        found += _spread(find_images(data / name).images, most)
    return found


def _spread(there: Sequence[Any], most: int) -> list[Any]:
    """Return at most so many, evenly chosen."""
    chosen = np.linspace(0, len(there) - 1, min(most, len(there))).round().astype(int)
    return [there[index] for index in chosen]


def measured(engines: dict[str, Any], data: Path, cache: Path) -> None:
    """Print a line for each collection, images and weights."""
    print(f"{'':24} {'images':8} {'objects':>7} {'':7}    box" + "".join(f"{n:7}" for n in CLICKS))
    for name, half in MEASURED.items():
        folder = data / name
        seen = {file.name for file in learned_half(folder)} if half else set()
        files = list(pairs(folder / "images", folder / "masks"))
        for title in ("unseen", "learned") if half else ("unseen",):
            some = [(f, m) for f, m in files if (f.name in seen) == (title == "learned")]
            for way, engine in engines.items():
                line = _line(InteractiveSegmenter(engine, EmbeddingCache(cache)), some)
                print(
                    f"{name.split('/')[0]:24} {title:8} {line[0]:7} {way:7} {line[1]}", flush=True
                )


def _line(
    segmenter: InteractiveSegmenter, files: Sequence[tuple[Path, list[Path]]]
) -> tuple[int, str]:
    total = Tally()
    for image, masks in files:
        total.join(score(segmenter, image, masks, clicks=CLICKS))
    return len(total.scores["box"]), "".join(f"{np.mean(s):7.3f}" for s in total.scores.values())


def main(
    data: Annotated[Path, typer.Argument(help="Folder of the collections.")],
    out: Annotated[Path, typer.Option(help="Folder for the weights; the same one goes on.")],
    steps: Annotated[int, typer.Option(help="How often weights change.")] = 3000,
    clicks: Annotated[int, typer.Option(help="Points that one object gets, at most.")] = 3,
    batch: Annotated[int, typer.Option(help="Objects at each step.")] = 8,
    slices: Annotated[int, typer.Option(help="Of each image, at most.")] = 8,
    longest: Annotated[
        float, typer.Option(help="Sides of boxes at most, as parts of a slice.")
    ] = Teaching.longest,
    rate: Annotated[float | None, typer.Option(help="Highest step length.")] = None,
    begin_with: Annotated[
        Path | None, typer.Option(help="Weights for points to go on from.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Of everything that is drawn.")] = 0,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda.")] = "auto",
) -> None:
    """Learn, unless it is done, and print Dice after a box and after 1, 2, 3 and 5 clicks."""
    plan = SamPlan(
        "points",
        steps=steps,
        batch=batch,
        seed=seed,
        rate=rate,
        points=1.0,
        clicks=clicks,
        check_every=200,
    )
    engine: Any = load_engine(device=device, weights=begin_with)
    engine = engine if begin_with else engine.by_itself()
    make_folder(out)
    told = Told(quiet=False)
    with told:
        images = images_to_learn(data)
        teaching = Teaching(slices=slices, longest=longest, seed=seed)
        result = distil(engine, images, teaching, plan, 0.1, out, told)
    print(*told.warnings, sep="\n", file=sys.stderr)
    if result.weights is None or not result.finished:
        print(f"stopped after step {result.step}; run it again to go on", file=sys.stderr)
        return
    plain: Any = load_engine(device=device)
    learned = load_engine(device=device, weights=result.weights)
    measured({"before": plain.by_itself(), "after": learned}, data, out / "measured")


if __name__ == "__main__":
    typer.run(main)
