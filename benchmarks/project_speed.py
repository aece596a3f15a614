"""How long a stroke takes to be safe on the disk, and a case with many of them to open.

python benchmarks/project_speed.py [--strokes N] [--shape Z,Y,X]
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Annotated

import numpy as np
import typer

from napari_medssl.correct import Edit, Step
from napari_medssl.io import write_volume
from napari_medssl.project import create_project, open_project
from napari_medssl.volume import Geometry, Volume

if TYPE_CHECKING:
    from napari_medssl.project import Project

CASE = "case-001"
_RADIUS = 15


def main(
    strokes: Annotated[int, typer.Option(help="How many to paint.")] = 2000,
    shape: Annotated[str, typer.Option(help="Voxels of the image.")] = "300,512,512",
) -> None:
    """Paint, open again, and print the times."""
    z, y, x = (int(n) for n in shape.split(","))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        image = Volume.from_source_array(
            np.zeros((z, y, x), np.int16), Geometry((z, y, x)), name="scan.nii", format="made"
        )
        write_volume(image, folder / "scan.nii")
        with create_project(folder / "project") as project:
            project.add(folder / "scan.nii")
            times = np.array(_paint(project, strokes)) * 1000
        p50, p99 = np.percentile(times, (50, 99))
        print(f"{strokes} strokes on {z} x {y} x {x}: a stroke is safe after p50 {p50:.1f} ms,")
        print(f"p99 {p99:.1f} ms, longest {times.max():.0f} ms")
        for words in ("first", "second"):
            with open_project(folder / "project") as project:
                start = perf_counter()
                project.load(CASE)
                print(f"the {words} opening takes {perf_counter() - start:.2f} s")
        size = (folder / "project" / "project.sqlite").stat().st_size
        print(f"the project's file has {size / 1e6:.1f} MB")


def _paint(project: Project, strokes: int) -> list[float]:
    """Paint discs on random slices, and return how long each took to be kept, in seconds."""
    labels = project.load(CASE).labels
    draw, times = np.random.default_rng(0), []
    row, column = np.ogrid[-_RADIUS : _RADIUS + 1, -_RADIUS : _RADIUS + 1]
    disc = (row**2 + column**2 <= _RADIUS**2)[None]
    while len(times) < strokes:
        low = [int(draw.integers(0, n - s)) for n, s in zip(labels.shape, disc.shape, strict=True)]
        box = tuple(slice(a, a + s) for a, s in zip(low, disc.shape, strict=True))
        before = labels[box].copy()
        labels[box][disc] = draw.integers(0, 4)
        edit = Edit.between(before, labels[box], (low[0], low[1], low[2]))
        if edit is not None:
            start = perf_counter()
            project.record(CASE, "do", Step("Brush", edit))
            times.append(perf_counter() - start)
    return times


if __name__ == "__main__":
    typer.run(main)
