"""How well prompts taken from reference masks bring those masks back.

    python benchmarks/prompt_accuracy.py --images FOLDER --masks FOLDER [--prompt box|point|both]

Images and masks of one name belong together; ``NAME_1`` and so on are further masks of the image
``NAME``. One object is one label value of one mask, all its pieces together: that is what the
figures in the literature count. The box is the object's own bounding box, first and last pixel
inside; the point is the object's deepest pixel, the one farthest from its edge. Masks without an
object are counted, not scored. An outline that is not found at all scores 0.

It goes through the same functions as the window and ``medssl prompt``.
"""

from __future__ import annotations

import json as json_text
import re
import sys
from dataclasses import dataclass, field
from pathlib import Path  # noqa: TC003 - typer reads it from the annotations
from typing import TYPE_CHECKING, Annotated

import numpy as np
import typer
from scipy import ndimage

from napari_medssl.errors import PromptError, UsageError
from napari_medssl.evaluate import dice
from napari_medssl.io import read_labels, read_volume
from napari_medssl.segment import (
    BoxPrompt,
    EmbeddingCache,
    InteractiveSegmenter,
    Plane,
    PointPrompt,
    Prompts,
    load_engine,
)
from napari_medssl.volume import default_window

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from napari_medssl.volume import Volume

_KINDS = {"box": ("box",), "point": ("point",), "both": ("box", "point")}


@dataclass
class Tally:
    """What was scored, and what was left out."""

    scores: dict[str, list[float]] = field(default_factory=dict)
    images: int = 0
    empty_masks: int = 0


def pairs(images: Path, masks: Path) -> Iterator[tuple[Path, list[Path]]]:
    """Images that have masks, each with all of them."""
    by_stem: dict[str, list[Path]] = {}
    for mask in sorted(path for path in masks.iterdir() if path.is_file()):
        by_stem.setdefault(_stem(mask), []).append(mask)
    for image in sorted(path for path in images.iterdir() if path.is_file()):
        stem = re.escape(_stem(image))
        found = [
            m for s, some in by_stem.items() if re.fullmatch(rf"{stem}(_\d)?", s) for m in some
        ]
        if found:
            yield image, found


def box_of(plane: Plane, object_: NDArray[np.bool_]) -> Prompts:
    """Return the bounding box of an object, (rows, columns), as a prompt."""
    rows, columns = np.flatnonzero(object_.any(axis=1)), np.flatnonzero(object_.any(axis=0))
    low, high = _zyx(plane, rows[0], columns[0]), _zyx(plane, rows[-1], columns[-1])
    return Prompts(boxes=(BoxPrompt(low, high),))


def point_of(plane: Plane, object_: NDArray[np.bool_]) -> Prompts:
    """Return the deepest pixel of an object, (rows, columns), as a prompt."""
    depth = ndimage.distance_transform_edt(np.pad(object_, 1))[1:-1, 1:-1]
    row, column = np.unravel_index(int(depth.argmax()), depth.shape)
    return Prompts(points=(PointPrompt(_zyx(plane, row, column)),))


def score(
    segmenter: InteractiveSegmenter, image: Path, masks: list[Path], kinds: tuple[str, ...]
) -> Tally:
    """Score every object of an image."""
    volume = read_volume(image)
    tally = Tally({kind: [] for kind in kinds}, images=1)
    for path in masks:
        labels = read_labels(path, volume)
        values = [int(value) for value in np.unique(labels) if value]
        tally.empty_masks += not values
        for value in values:
            for kind in kinds:
                tally.scores[kind].append(_dice(segmenter, volume, labels == value, kind))
    return tally


def _dice(
    segmenter: InteractiveSegmenter, volume: Volume, object_: NDArray[np.bool_], kind: str
) -> float:
    """Dice on the slice that shows most of the object (a picture has but one)."""
    axis = volume.slice_axis
    others = tuple(a for a in range(3) if a != axis)
    plane = Plane(axis, int(object_.sum(axis=others).argmax()))
    on_slice = plane.view(object_)
    prompts = (box_of if kind == "box" else point_of)(plane, on_slice)
    try:
        result = segmenter.segment(volume, prompts, default_window(volume), axis=axis)
    except PromptError as error:
        print(f"{volume.source.name}: {error}", file=sys.stderr)
        return 0.0
    return dice(result.mask, on_slice)


def _zyx(plane: Plane, row: int, column: int) -> tuple[int, int, int]:
    place = [int(row), int(column)]
    place.insert(plane.axis, plane.index)
    return place[0], place[1], place[2]


def _stem(path: Path) -> str:
    return path.name.removesuffix(".gz").rpartition(".")[0]


def main(
    images: Annotated[Path, typer.Option(help="Folder of images.")],
    masks: Annotated[Path, typer.Option(help="Folder of masks.")],
    prompt: Annotated[str, typer.Option(help="box, point or both.")] = "both",
    model: Annotated[str, typer.Option(help="Network.")] = "litemedsam",
    device: Annotated[str, typer.Option(help="auto, cpu, cuda.")] = "auto",
    cache: Annotated[Path | None, typer.Option(help="Folder to keep embeddings in.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Print the mean Dice of box and point prompts over a folder of images and masks."""
    if prompt not in _KINDS:
        raise UsageError(f"the prompt '{prompt}'", expected="box, point or both")
    kinds = _KINDS[prompt]
    segmenter = InteractiveSegmenter(load_engine(model, device=device), EmbeddingCache(cache))
    total = Tally({kind: [] for kind in kinds})
    for image, found in pairs(images, masks):
        one = score(segmenter, image, found, kinds)
        total.images += one.images
        total.empty_masks += one.empty_masks
        for kind in kinds:
            total.scores[kind] += one.scores[kind]
    if json:
        means = {kind: float(np.mean(scores)) for kind, scores in total.scores.items()}
        counts = {"objects": len(total.scores[kinds[0]]), "images": total.images}
        print(json_text.dumps({**means, **counts, "empty_masks": total.empty_masks}))
        return
    print(f"{total.images} images, {total.empty_masks} masks without an object")
    for kind, scores in total.scores.items():
        quarter, median = np.percentile(scores, (25, 50))
        print(
            f"{kind:5}  mean Dice {np.mean(scores):.4f}  median {median:.3f}  "
            f"lower quarter {quarter:.3f}  of {len(scores)} objects"
        )


if __name__ == "__main__":
    typer.run(main)
