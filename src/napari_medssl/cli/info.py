"""``medssl info``: what an image is, and what had to be assumed about it."""

from __future__ import annotations

import json as json_text
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from napari_medssl.io.dicom import SeriesSummary
    from napari_medssl.volume import Volume


def info(
    path: Annotated[Path, typer.Argument(help="An image, or a folder of DICOM files.")],
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    volume: Annotated[int, typer.Option(help="Which volume of a 4-D image, from 0.")] = 0,
    series: Annotated[int | None, typer.Option(help="Which series of a folder.")] = None,
) -> None:
    """Show the size, place, values and modality of an image, and what was assumed."""
    from napari_medssl.io import read_volume
    from napari_medssl.io.summary import describe

    image = read_volume(path, volume=volume, series=series)
    listed = _series(path)
    if json:
        series_told = [asdict(found) for found in listed]
        print(json_text.dumps({**describe(image), "series": series_told}, ensure_ascii=False))
    else:
        _print(image, listed)


def _series(path: Path) -> tuple[SeriesSummary, ...]:
    """Return the series of a folder; none for a file."""
    from napari_medssl.io import list_series

    return list_series(path) if path.is_dir() else ()


def _print(image: Volume, listed: tuple[SeriesSummary, ...]) -> None:
    from rich.console import Console
    from rich.text import Text

    from napari_medssl.io.summary import plain_words

    console = Console()
    console.print(Text(image.source.name, style="bold"))
    for words in plain_words(image):
        console.print(Text(f"  {words}"))
    for notice in image.notices:
        console.print(Text(f"  ! {notice.text}", style="yellow"))
    if len(listed) > 1:
        console.print(Text("Series in this folder (choose with --series):", style="bold"))
    for found in listed if len(listed) > 1 else ():
        size = " x ".join(str(n) for n in found.size)
        words = f"{found.modality}, {found.slices} slices of {size}"
        console.print(Text(f"  {found.number}: {words} {found.description}".rstrip()))
