"""How well prompts taken from reference masks bring those masks back.

    python benchmarks/prompt_accuracy.py --images FOLDER --masks FOLDER [--prompt box|point|both]
        [--clicks 1,2,3,5] [--place middle|anywhere] [--weights FILE]

Images and masks of one name belong together; ``NAME_1`` and so on are further masks of the image
``NAME``. One object is one label value of one mask, all its pieces together: that is what the
figures in the literature count. The box is the object's own bounding box, first and last pixel
inside; the point is the object's deepest pixel, the one farthest from its edge, and each further
one the deepest pixel of what the outline so far has missing or too much. With ``--place anywhere``
it is any pixel of that piece that is at least a quarter as deep, drawn by chance, but always the
same of the same object: people click beside the middle. Masks without an object are counted, not
scored. An outline that is not found at all scores 0.

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

from napari_medssl.errors import PromptError, UsageError
from napari_medssl.evaluate import dice
from napari_medssl.finetune.prompts import next_point
from napari_medssl.io import read_labels, read_volume
from napari_medssl.models.draws import draws
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

_KINDS, _PLACES = ("box", "point", "both"), ("middle", "anywhere")


@dataclass
class Tally:
    """What was scored, and what was left out."""

    scores: dict[str, list[float]] = field(default_factory=dict)
    images: int = 0
    empty_masks: int = 0

    def add(self, kind: str, *dice: float) -> None:
        """Count scores of a kind of prompt."""
        self.scores.setdefault(kind, []).extend(dice)

    def join(self, other: Tally) -> None:
        """Count what was counted elsewhere."""
        self.images += other.images
        self.empty_masks += other.empty_masks
        for kind, scores in other.scores.items():
            self.add(kind, *scores)


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
    (x, y), _ = next_point(np.zeros_like(object_), object_)
    return Prompts(points=(PointPrompt(_zyx(plane, int(y), int(x))),))


def score(
    segmenter: InteractiveSegmenter,
    image: Path,
    masks: list[Path],
    *,
    box: bool = True,
    clicks: tuple[int, ...] = (1,),
    anywhere: bool = False,
    readings: int = 1,
) -> Tally:
    """Score every object of an image, from its box and after so many clicks.

    With readings, also by the best of so many outlines that a lone click may mean.
    """
    volume = read_volume(image)
    tally = Tally(images=1)
    for path in masks:
        labels = read_labels(path, volume)
        values = [int(value) for value in np.unique(labels) if value]
        tally.empty_masks += not values
        for value in values:
            scene = _Scene.showing(segmenter, volume, labels == value)
            if box:
                tally.add("box", dice(scene.outline(box_of(scene.plane, scene.truth)), scene.truth))
            key = (0, f"{image.name} {path.name}", value)
            after = scene.clicked(max(clicks, default=0), draws(*key) if anywhere else None)
            if readings > 1:
                best = scene.best_reading(readings, draws(*key) if anywhere else None)
                tally.add(f"1 point, best of {readings}", best)
            for count in clicks:
                tally.add(f"{count} point{'s' if count > 1 else ''}", after[count - 1])
    return tally


@dataclass(frozen=True, eq=False)
class _Scene:
    """An object on the slice that shows most of it (a picture has but one)."""

    segmenter: InteractiveSegmenter
    volume: Volume
    plane: Plane
    truth: NDArray[np.bool_]

    @classmethod
    def showing(
        cls, segmenter: InteractiveSegmenter, volume: Volume, object_: NDArray[np.bool_]
    ) -> _Scene:
        axis = volume.slice_axis
        others = tuple(a for a in range(3) if a != axis)
        plane = Plane(axis, int(object_.sum(axis=others).argmax()))
        return cls(segmenter, volume, plane, plane.view(object_))

    def outline(self, prompts: Prompts) -> NDArray[np.bool_]:
        """What is found; nothing where it is said that nothing is found."""
        window, axis = default_window(self.volume), self.plane.axis
        try:
            return self.segmenter.segment(self.volume, prompts, window, axis=axis).mask
        except PromptError as error:
            print(f"{self.volume.source.name}: {error}", file=sys.stderr)
            return np.zeros_like(self.truth)

    def clicked(self, most: int, random: np.random.Generator | None) -> list[float]:
        """Dice after 1, 2, ... clicks, in the middle of what is wrong or anywhere in it."""
        found, points, scores = np.zeros_like(self.truth), [], []
        for _ in range(most):
            (x, y), inside = next_point(found, self.truth, random)
            points.append(PointPrompt(_zyx(self.plane, int(y), int(x)), inside))
            found = self.outline(Prompts(tuple(points)))
            scores.append(dice(found, self.truth))
        return scores

    def best_reading(self, count: int, random: np.random.Generator | None) -> float:
        """Dice of the best of so many outlines that the first click may mean."""
        (x, y), _ = next_point(np.zeros_like(self.truth), self.truth, random)
        place = _zyx(self.plane, int(y), int(x))
        found = (self.outline(Prompts((PointPrompt(place, reading=n),))) for n in range(count))
        return max(dice(one, self.truth) for one in found)


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
    clicks: Annotated[str, typer.Option(help="After how many points: 1,2,3,5.")] = "1",
    place: Annotated[str, typer.Option(help="Of points: middle or anywhere.")] = "middle",
    readings: Annotated[
        int, typer.Option(help="Also the best of so many outlines that one click may mean.")
    ] = 1,
    model: Annotated[str, typer.Option(help="Network.")] = "litemedsam",
    weights: Annotated[
        Path | None, typer.Option(help="Weights to use instead of the published ones.")
    ] = None,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda.")] = "auto",
    cache: Annotated[Path | None, typer.Option(help="Folder to keep embeddings in.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Print the mean Dice of box and point prompts over a folder of images and masks."""
    if prompt not in _KINDS:
        raise UsageError(f"the prompt '{prompt}'", expected="box, point or both")
    if place not in _PLACES:
        raise UsageError(f"the place '{place}'", expected="middle or anywhere")
    counts = () if prompt == "box" else tuple(int(count) for count in clicks.split(","))
    engine = load_engine(model, device=device, weights=weights)
    segmenter = InteractiveSegmenter(engine, EmbeddingCache(cache))
    total = Tally()
    for image, found in pairs(images, masks):
        box, anywhere = prompt != "point", place == "anywhere"
        one = score(
            segmenter, image, found, box=box, clicks=counts, anywhere=anywhere, readings=readings
        )
        total.join(one)
    if json:
        means = {kind: float(np.mean(scores)) for kind, scores in total.scores.items()}
        objects = len(next(iter(total.scores.values()), ()))
        facts = {"objects": objects, "images": total.images, "empty_masks": total.empty_masks}
        print(json_text.dumps({**means, **facts}))
        return
    print(f"{total.images} images, {total.empty_masks} masks without an object")
    for kind, scores in total.scores.items():
        quarter, median = np.percentile(scores, (25, 50))
        print(
            f"{kind:8}  mean Dice {np.mean(scores):.4f}  median {median:.3f}  "
            f"lower quarter {quarter:.3f}  of {len(scores)} objects"
        )


if __name__ == "__main__":
    typer.run(main)
