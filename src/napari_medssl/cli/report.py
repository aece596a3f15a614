"""``medssl report``: a page of pictures and numbers about a mask."""

from __future__ import annotations

import json as json_text
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from napari_medssl.io import SavedMask
    from napari_medssl.io.label_figures import LabelFigures
    from napari_medssl.volume import Volume


def report(
    image: Annotated[Path, typer.Argument(help="An image, or a folder of DICOM files.")],
    mask: Annotated[Path, typer.Argument(help="Its mask, in any format that is read.")],
    out: Annotated[Path, typer.Option(help="Page to write: .pdf or .png.")],
    window: Annotated[
        str | None, typer.Option(help="Black to white over LOW,HIGH or a preset as abdomen.")
    ] = None,
    anonymous: Annotated[
        bool, typer.Option("--anonymous", help="Leave out the image's name.")
    ] = False,
    volume: Annotated[int, typer.Option(help="Which volume of a 4-D image, from 0.")] = 0,
    series: Annotated[int | None, typer.Option(help="Which series of a folder.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Show what is outlined on one page: key slices, volumes, extents, how it came about.

    The names of the labels come with the mask. An existing OUT is replaced.
    """
    from napari_medssl.io import read_mask, read_volume
    from napari_medssl.io.label_figures import measure_labels
    from napari_medssl.io.report import write_report
    from napari_medssl.volume.window import parse_window

    scan = read_volume(image, volume=volume, series=series)
    saved = read_mask(mask, scan)
    write_report(
        scan,
        saved.array,
        out,
        saved.labels,
        outlines=saved.outlines,
        window=parse_window(window, scan) if window else None,
        anonymous=anonymous,
    )
    _tell(scan, saved, measure_labels(scan, saved.array, saved.labels), out, as_json=json)


def _tell(
    scan: Volume, saved: SavedMask, figures: tuple[LabelFigures, ...], out: Path, *, as_json: bool
) -> None:
    notices = [*scan.notices, *saved.notices]
    if as_json:
        rows = [_row(label, scan) for label in figures]
        told = [{"code": n.code, "text": n.text} for n in notices]
        print(json_text.dumps({"out": str(out), "labels": rows, "notices": told}))
        return
    from rich.console import Console

    console = Console(highlight=False, soft_wrap=True)
    console.print(f"Wrote '{out.name}': {len(figures)} labels on one page.", markup=False)
    for notice in notices:
        console.print(f"Note: {notice.text}", markup=False)
    console.print("Research use only. Not a medical device.", style="dim")


def _row(label: LabelFigures, scan: Volume) -> dict[str, Any]:
    in_space = scan.spacing_known and scan.stack == "space"
    return {
        "value": label.label.value,
        "name": label.label.name,
        "voxels": label.voxels,
        "ml": label.volume_ml if in_space else None,
        "slices": label.slices,
        "extent_mm": list(label.extent_mm[::-1]) if in_space else None,
        "mean": label.mean,
        "sd": label.sd,
        "units": scan.units,
    }
