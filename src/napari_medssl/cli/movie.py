"""``medssl movie``: a film through the slices of an image, with its mask."""

from __future__ import annotations

import json as json_text
from pathlib import Path
from typing import Annotated

import typer


def movie(
    image: Annotated[Path, typer.Argument(help="An image, or a folder of DICOM files.")],
    mask: Annotated[Path, typer.Argument(help="Its mask, in any format that is read.")],
    out: Annotated[Path, typer.Option(help="Film to write: .gif or .mp4.")],
    plane: Annotated[
        str | None, typer.Option(help="axial, coronal or sagittal; else the one scanned in.")
    ] = None,
    window: Annotated[
        str | None, typer.Option(help="Black to white over LOW,HIGH or a preset as abdomen.")
    ] = None,
    seconds: Annotated[
        float | None, typer.Option(help="Length of the film; a cine has its own.")
    ] = None,
    size: Annotated[int | None, typer.Option(help="Pixels of the longer side of a slice.")] = None,
    volume: Annotated[int, typer.Option(help="Which volume of a 4-D image, from 0.")] = 0,
    series: Annotated[int | None, typer.Option(help="Which series of a folder.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Save a film through all slices, or all frames of a cine, with the mask in colour.

    A GIF plays everywhere; an MP4 is smaller and finer and needs the extra 'video'. An existing
    OUT is replaced when the film is whole.
    """
    from rich.console import Console
    from rich.progress import Progress

    from napari_medssl.io import read_mask, read_volume
    from napari_medssl.io.movie import write_movie
    from napari_medssl.volume.window import parse_window

    scan = read_volume(image, volume=volume, series=series)
    saved = read_mask(mask, scan)
    screen = Console(stderr=True)
    with Progress(console=screen, transient=True, disable=not screen.is_terminal) as bar:
        task = bar.add_task("Frames", total=None)
        write_movie(
            scan,
            saved.array,
            out,
            saved.labels,
            plane=plane,
            window=parse_window(window, scan) if window else None,
            seconds=seconds,
            size=size,
            progress=lambda done, total: bar.update(task, completed=done, total=total),
        )
    size_bytes, notices = out.stat().st_size, (*scan.notices, *saved.notices)
    if json:
        told = [{"code": notice.code, "text": notice.text} for notice in notices]
        print(json_text.dumps({"out": str(out), "bytes": size_bytes, "notices": told}))
        return
    console = Console(highlight=False, soft_wrap=True)
    console.print(f"Wrote '{out.name}', {size_bytes / 1e6:.1f} MB.", markup=False)
    for notice in notices:
        console.print(f"Note: {notice.text}", markup=False)
    console.print("Research use only. Not a medical device.", style="dim")
