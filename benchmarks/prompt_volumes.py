"""How much of an object a few prompted slices bring back in three dimensions.

    python benchmarks/prompt_volumes.py IMAGES MASKS [--slices 1,3,5] [--prompts box,point]

IMAGES and MASKS are folders whose files are matched by name, or one file each. Every label value
of a mask is an object. Of each, 1, 3 or 5 slices are prompted: one is the slice that shows most of
it; more are spread evenly, each in the middle of its share. A box is the object's own bounding
box, first and last pixel inside; a point is its deepest pixel; "drawn" begins with the reference
itself on those slices, as if drawn by hand. Beside it stands slice-by-slice prompting: every slice
that shows the object gets a prompt of its own; and, for drawn slices, plain interpolation between
them.

It goes through the same functions as the window and ``medssl prompt --grow``.
"""

from __future__ import annotations

import json as json_text
import sys
from dataclasses import dataclass, field
from pathlib import Path  # noqa: TC003 - typer reads it from the annotations
from time import perf_counter
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import typer
from prompt_accuracy import box_of, pairs, point_of

from napari_medssl.correct.interpolate import fill_between
from napari_medssl.errors import PromptError, UsageError
from napari_medssl.evaluate import dice
from napari_medssl.io import read_labels, read_volume
from napari_medssl.segment import EmbeddingCache, InteractiveSegmenter, Plane, load_engine
from napari_medssl.segment.growing import GrownMask, GrowRules, grow, grow_in_all_planes
from napari_medssl.volume import default_window
from napari_medssl.volume.planes import PLANES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from napari_medssl.volume import Volume

_KINDS = ("box", "point", "drawn")
_EVERY = "slice by slice"


@dataclass
class Case:
    """One object of one volume.

    Parameters
    ----------
    name : str
        File and label value.
    volume : Volume
        The image.
    object : (z, y, x) bool array
        The reference.
    axis : int
        The array axis that prompted slices stand across.
    """

    name: str
    volume: Volume
    object: NDArray[np.bool_]
    axis: int

    @property
    def there(self) -> list[int]:
        """The slices that show it."""
        others = tuple(a for a in range(3) if a != self.axis)
        return [int(n) for n in np.flatnonzero(self.object.any(axis=others))]

    def spread(self, count: int) -> list[int]:
        """Return the slices to prompt, the nearest that show the object."""
        there = self.there
        if count == 1:
            others = tuple(a for a in range(3) if a != self.axis)
            return [int(self.object.sum(axis=others).argmax())]
        wanted = np.linspace(there[0], there[-1] + 1, 2 * count + 1)[1::2].astype(int)
        return sorted({min(there, key=lambda n, at=at: abs(n - at)) for at in wanted})


@dataclass
class Rows:
    """What was measured, a row an object and a way."""

    rows: list[dict[str, Any]] = field(default_factory=list)

    def add(self, case: Case, way: str, slices: int, score: float, seconds: float) -> None:
        """Add a row, and say it on the error stream."""
        row = {"case": case.name, "way": way, "slices": slices, "dice": round(score, 4)}
        self.rows.append({**row, "seconds": round(seconds, 2), "of": len(case.there)})
        print(
            f"{case.name:32} {way:22} {slices:3} of {len(case.there):3} slices  "
            f"Dice {score:.3f}  {seconds:.1f} s",
            file=sys.stderr,
            flush=True,
        )


def cases(images: Path, masks: Path, limit: int, plane: str | None) -> Iterator[Case]:
    """Yield every object of every volume, of ``limit`` volumes at most."""
    files = [(images, [masks])] if images.is_file() else list(pairs(images, masks))
    for image, found in files[: limit or None]:
        volume = read_volume(image)
        labels = read_labels(found[0], volume)
        for value in np.unique(labels[labels > 0]):
            name = f"{image.parent.name}/{image.name} {value}"
            axis = PLANES[plane] if plane else volume.slice_axis
            yield Case(name, volume, labels == value, axis)


class Measure:
    """Prompts objects in every way, and scores what comes of it."""

    def __init__(
        self, segmenter: InteractiveSegmenter, rules: GrowRules, *, all_planes: bool, rows: Rows
    ) -> None:
        self._segmenter, self._rules, self._rows = segmenter, rules, rows
        self._way = grow_in_all_planes if all_planes else grow

    def object(self, case: Case, kinds: list[str], counts: list[int]) -> None:
        """Score one object."""
        for kind in kinds:
            outlines: dict[int, NDArray[np.bool_]] = {}
            if kind != "drawn":
                started = perf_counter()
                outlines = self._outlines(case, kind)
                mask = np.zeros(case.object.shape, bool)
                for index, outline in outlines.items():
                    Plane(case.axis, index).view(mask)[...] = outline
                score = dice(mask, case.object)
                took = perf_counter() - started
                self._rows.add(case, f"{kind} {_EVERY}", len(case.there), score, took)
            for count in counts:
                self._few(case, kind, case.spread(count), outlines)

    def _few(
        self, case: Case, kind: str, slices: list[int], outlines: dict[int, NDArray[np.bool_]]
    ) -> None:
        planes = [Plane(case.axis, index) for index in slices]
        if kind == "drawn":
            given = {plane: plane.view(case.object) for plane in planes}
            self._interpolated(case, planes)
        else:
            given = {plane: outlines[plane.index] for plane in planes if plane.index in outlines}
        started, grown = perf_counter(), GrownMask(case.object.shape, case.axis)
        window = default_window(case.volume)
        try:
            for one in self._way(self._segmenter, case.volume, given, window, self._rules):
                grown.take(one)
        except PromptError as error:
            print(f"{case.name}: {error}", file=sys.stderr)
        score = dice(grown.array, case.object)
        self._rows.add(case, kind, len(slices), score, perf_counter() - started)

    def _interpolated(self, case: Case, planes: list[Plane]) -> None:
        if len(planes) < 2:
            return
        drawn = np.zeros(case.object.shape, bool)
        for plane in planes:
            plane.view(drawn)[...] = plane.view(case.object)
        filled = fill_between(drawn, case.volume.geometry.spacing_mm, case.axis)
        self._rows.add(case, "drawn interpolated", len(planes), dice(filled, case.object), 0.0)

    def _outlines(self, case: Case, kind: str) -> dict[int, NDArray[np.bool_]]:
        """Prompt every slice that shows the object; one where nothing is found has no outline."""
        prompt = box_of if kind == "box" else point_of
        window, outlines = default_window(case.volume), {}
        for index in case.there:
            plane = Plane(case.axis, index)
            prompts = prompt(plane, plane.view(case.object))
            try:
                result = self._segmenter.segment(case.volume, prompts, window, axis=case.axis)
            except PromptError:
                continue
            outlines[index] = result.mask
        return outlines


def main(
    images: Annotated[Path, typer.Argument(help="Folder of images, or one image.")],
    masks: Annotated[Path, typer.Argument(help="Folder of masks, or one mask.")],
    prompts: Annotated[str, typer.Option(help="Of box, point, drawn.")] = "box,point,drawn",
    slices: Annotated[str, typer.Option(help="How many slices are prompted.")] = "1,3,5",
    limit: Annotated[int, typer.Option(help="Volumes at most; 0 for all.")] = 0,
    plane: Annotated[str | None, typer.Option(help="axial, coronal or sagittal.")] = None,
    all_planes: Annotated[
        bool, typer.Option("--all-planes", help="Let three planes vote.")
    ] = False,
    network: Annotated[float, typer.Option(help="Weight of the network.")] = GrowRules.network,
    greys: Annotated[float, typer.Option(help="Weight of the grey values.")] = GrowRules.greys,
    model: Annotated[str, typer.Option(help="Network.")] = "litemedsam",
    device: Annotated[str, typer.Option(help="auto, cpu, cuda.")] = "auto",
    cache: Annotated[Path | None, typer.Option(help="Folder to keep embeddings in.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Print 3-D Dice against the number of prompted slices."""
    kinds = prompts.split(",")
    if unknown := set(kinds) - set(_KINDS):
        raise UsageError(f"the prompts {sorted(unknown)}", expected=", ".join(_KINDS))
    kept = EmbeddingCache(cache, disk_bytes=20_000_000_000)
    segmenter = InteractiveSegmenter(load_engine(model, device=device), kept)
    rows = Rows()
    rules = GrowRules(network=network, greys=greys)
    measure = Measure(segmenter, rules, all_planes=all_planes, rows=rows)
    for case in cases(images, masks, limit, plane):
        measure.object(case, kinds, [int(count) for count in slices.split(",")])
    means: dict[tuple[str, int], list[float]] = {}
    for row in rows.rows:
        each = 0 if _EVERY in row["way"] else row["slices"]
        means.setdefault((row["way"], each), []).append(row["dice"])
    if json:
        print(json_text.dumps({"rows": rows.rows}))
        return
    for (way, count), scores in sorted(means.items()):
        number = f"{count} slices" if count else "every slice"
        print(f"{way:24} {number:12} mean Dice {np.mean(scores):.3f} of {len(scores)} objects")


if __name__ == "__main__":
    typer.run(main)
