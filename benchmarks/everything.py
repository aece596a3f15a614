"""How much of what experts outlined is among the things that are found without a prompt.

    python benchmarks/everything.py --images FOLDER --masks FOLDER [--model litemedsam] [--limit N]

Images and masks are matched as in ``prompt_accuracy.py``. For every object of a mask the found
thing that overlaps it best is taken, so the figure says whether one click could keep it; it is no
measure of a network that would name what it found. Of a scan the slice that shows most of the
object is looked at.
"""

from __future__ import annotations

import json as json_text
import time
from pathlib import Path  # noqa: TC003 - typer reads it from the annotations
from typing import Annotated

import numpy as np
import typer
from prompt_accuracy import pairs

from napari_medssl.evaluate import dice
from napari_medssl.io import read_labels, read_volume
from napari_medssl.segment import (
    EmbeddingCache,
    InteractiveSegmenter,
    find_everything,
    load_engine,
)
from napari_medssl.volume import default_window


def best_dice(
    segmenter: InteractiveSegmenter, image: Path, masks: list[Path]
) -> list[tuple[str, float, int, float]]:
    """Of every object: its name, best Dice, how many things were found, seconds of processor."""
    volume = read_volume(image)
    axis = volume.slice_axis
    others = tuple(a for a in range(3) if a != axis)
    looked: dict[int, tuple[list[np.ndarray], float]] = {}
    found = []
    for path in masks:
        labels = read_labels(path, volume)
        for value in (int(v) for v in np.unique(labels) if v):
            at = int((labels == value).sum(axis=others).argmax())
            if at not in looked:
                began = time.process_time()
                result = find_everything(
                    segmenter, volume, default_window(volume), axis=axis, index=at
                )
                flat = [np.take(result.labels([o.value]), at, axis) > 0 for o in result.objects]
                looked[at] = flat, time.process_time() - began
            things, seconds = looked[at]
            truth = np.take(labels, at, axis) == value
            best = max((dice(thing, truth) for thing in things), default=0.0)
            found.append((f"{path.name} {value}", best, len(things), seconds))
    return found


def main(
    images: Annotated[Path, typer.Option(help="Folder of images.")],
    masks: Annotated[Path, typer.Option(help="Folder of masks.")],
    model: Annotated[str, typer.Option(help="Network.")] = "litemedsam",
    device: Annotated[str, typer.Option(help="auto, cpu, cuda.")] = "auto",
    limit: Annotated[int, typer.Option(help="Images to look at, spread evenly.")] = 5,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Print the best overlap of found things with every object of some masks."""
    segmenter = InteractiveSegmenter(load_engine(model, device=device), EmbeddingCache(None))
    every = list(pairs(images, masks))
    chosen = np.unique(np.linspace(0, len(every) - 1, min(limit, len(every))).round().astype(int))
    rows = [row for index in chosen for row in best_dice(segmenter, *every[index])]
    values = [best for _, best, _, _ in rows]
    if json:
        print(json_text.dumps({"mean": float(np.mean(values)), "objects": rows}))
        return
    for name, best, things, seconds in rows:
        print(
            f"{name:44}  best Dice {best:.3f}  of {things:3} things, {seconds:.0f} s of processor"
        )
    print(f"mean {np.mean(values):.3f}, median {np.median(values):.3f} of {len(values)} objects")


if __name__ == "__main__":
    typer.run(main)
