"""``medssl everything``: a mask of every thing in an image, without a prompt."""

from __future__ import annotations

import json as json_text
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from napari_medssl.errors import UsageError

if TYPE_CHECKING:
    from napari_medssl.segment.everything import Everything, FoundObject
    from napari_medssl.volume import Volume

_MOST_LINES = 40


def everything(
    image: Annotated[Path, typer.Argument(help="An image, or a folder of DICOM files.")],
    out: Annotated[
        Path, typer.Option(help="Mask to write: .nii, .nii.gz, .nrrd, .mha; .png for a picture.")
    ],
    slice_: Annotated[
        int | None,
        typer.Option("--slice", metavar="K", help="One slice, as the file counts; else all."),
    ] = None,
    plane: Annotated[
        str | None, typer.Option(help="axial, coronal or sagittal; else the one scanned in.")
    ] = None,
    model: Annotated[str, typer.Option(help="Network: see 'medssl models list'.")] = "litemedsam",
    weights: Annotated[
        Path | None, typer.Option(help="Weights to use instead of the published ones.")
    ] = None,
    window: Annotated[
        str | None, typer.Option(help="What the network sees: LOW,HIGH or a preset as abdomen.")
    ] = None,
    keep: Annotated[
        str | None, typer.Option(metavar="N[,...]", help="Write these objects alone, as 3,7.")
    ] = None,
    points_per_side: Annotated[
        int | None, typer.Option(help="Points along the longer side, for networks that know them.")
    ] = None,
    box_sides: Annotated[
        str | None,
        typer.Option(metavar="S[,...]", help="Boxes for other networks, as parts of that side."),
    ] = None,
    least_score: Annotated[
        float | None, typer.Option(help="Overlap that the network must expect, 0 to 1.")
    ] = None,
    least_stability: Annotated[
        float | None, typer.Option(help="How little a mask may change at its border, 0 to 1.")
    ] = None,
    least_area: Annotated[
        float | None, typer.Option(help="Smallest area in mm2; pixels of a picture.")
    ] = None,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:N or mps.")] = "auto",
    volume: Annotated[int, typer.Option(help="Which volume of a 4-D image, from 0.")] = 0,
    series: Annotated[int | None, typer.Option(help="Which series of a folder.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace OUT if it exists.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Outline whatever looks like a thing of its own, on a slice or through a whole image.

    Objects are numbered from the largest, and small ones are painted over large ones. Run it
    again with --keep to write those that are wanted: the same image and options give the same
    numbers. Ctrl-C writes what was found by then.
    """
    from napari_medssl.cli.targets import require_free
    from napari_medssl.volume.planes import PLANES

    if plane is not None and plane not in PLANES:
        raise UsageError(f"the plane '{plane}'", expected="axial, coronal or sagittal")
    wanted = None if keep is None else [int(n) for n in _numbers(keep, "--keep", "3,7", int)]
    sides = None if box_sides is None else _numbers(box_sides, "--box-sides", "0.1,0.2", float)
    require_free(out, force=force)

    from napari_medssl.cli.stopping import stop_on_interrupt
    from napari_medssl.io import read_volume
    from napari_medssl.segment import EmbeddingCache, InteractiveSegmenter, load_engine
    from napari_medssl.segment.embeddings import default_cache_folder
    from napari_medssl.segment.everything import find_everything
    from napari_medssl.segment.everything_settings import EverythingSettings
    from napari_medssl.volume import default_window
    from napari_medssl.volume.window import parse_window

    scan = read_volume(image, volume=volume, series=series)
    seen = parse_window(window, scan) if window else default_window(scan)
    axis = PLANES[plane] if plane else None
    index = None if slice_ is None else _index(scan, axis, slice_)
    engine = load_engine(model, device=device, weights=weights)
    given: dict[str, Any] = {
        "points_per_side": points_per_side,
        "box_sides": sides,
        "least_score": least_score,
        "least_stability": least_stability,
        "least_area_mm2": least_area,
    }
    settings = replace(
        EverythingSettings.for_engine(engine),
        **{name: value for name, value in given.items() if value is not None},
    )
    segmenter = InteractiveSegmenter(engine, EmbeddingCache(default_cache_folder()))
    with stop_on_interrupt("Stopping; what was found by now is written.") as stop, _Bar() as bar:
        found = find_everything(
            segmenter,
            scan,
            seen,
            axis=axis,
            index=index,
            settings=settings,
            progress=bar.move,
            stop=stop,
        )
    kept = _write(found, scan, out, wanted)
    _report(found, kept, scan, out, as_json=json)


def _numbers(text: str, option: str, example: str, kind: type) -> tuple[Any, ...]:
    try:
        return tuple(kind(part) for part in text.split(","))
    except ValueError:
        raise UsageError(f"{option} {text}", expected=f"numbers, as {example}") from None


def _index(scan: Volume, axis: int | None, k: int) -> int:
    """Index into the volume's array of slice k as the file stores it."""
    along = axis
    if along is None:
        along = scan.slice_axis if scan.frame_axis is None else scan.frame_axis
    stored = scan.source.axes.order[along]
    length = scan.source.geometry.shape[stored]
    if not 0 <= k < length:
        raise UsageError(f"--slice {k}", expected=f"0 to {length - 1}")
    i, j, at = (k if axis == stored else 0 for axis in range(3))
    return round(scan.index_from_source((i, j, at))[along])


def _write(
    found: Everything, scan: Volume, out: Path, wanted: list[int] | None
) -> list[FoundObject]:
    from napari_medssl.io import write_labels
    from napari_medssl.io.label_table import unnamed_label

    kept = [o for o in found.objects if wanted is None or o.value in wanted]
    write_labels(
        found.labels(wanted),
        scan,
        out,
        labels=[replace(unnamed_label(o.value), name=f"Object {o.value}") for o in kept],
        provenance={"outlines": [found.record(o) for o in kept]},
    )
    return kept


class _Bar:
    """How many slices are done, on the error stream; gone when the work is."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import Progress

        console = Console(stderr=True)
        self._bar = Progress(console=console, transient=True, disable=not console.is_terminal)
        self._task = self._bar.add_task("Slices", total=None)

    def move(self, done: int, of: int) -> None:
        """Show it."""
        self._bar.update(self._task, completed=done, total=of)

    def __enter__(self) -> _Bar:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()


def _report(
    found: Everything, kept: list[FoundObject], scan: Volume, out: Path, *, as_json: bool
) -> None:
    from napari_medssl.volume.planes import AXIS_NAMES

    first, last = found.slices
    if as_json:
        facts = {
            "out": str(out),
            "plane": AXIS_NAMES[found.axis],
            "slices": last - first + 1,
            "complete": found.complete,
            "seconds": found.seconds,
            "engine": found.engine,
            "objects": [_facts(o, scan) for o in kept],
            "notices": [{"code": n.code, "text": n.text} for n in scan.notices],
        }
        print(json_text.dumps(facts))
        return
    from rich.console import Console
    from rich.table import Table

    console = Console(highlight=False, soft_wrap=True)
    unit = "mm2" if scan.spacing_known else "pixels"
    table = Table("object", "voxels", unit, "ml", "expected overlap", "box (i,j,k)", box=None)
    for o in kept[:_MOST_LINES]:
        box_ijk = _box(o, scan)
        ml = "" if o.volume_ml is None else f"{o.volume_ml:.2f}"
        box = " to ".join(",".join(map(str, corner)) for corner in box_ijk)
        table.add_row(
            str(o.value), f"{o.voxels:,}", f"{o.area_mm2:,.0f}", ml, f"{o.score:.2f}", box
        )
    if kept:
        console.print(table)
    if len(kept) > _MOST_LINES:
        console.print(f"... and {len(kept) - _MOST_LINES} smaller ones; see --json.")
    looked = f"{last - first + 1} {AXIS_NAMES[found.axis]} " + (
        "slice" if first == last else "slices"
    )
    console.print(
        f"Wrote '{out.name}': {len(kept)} objects on {looked} in {found.seconds:.0f} s "
        f"({found.engine}).",
        markup=False,
    )
    if not found.complete:
        console.print("It was stopped before the end.")
    for notice in scan.notices:
        console.print(f"Note: {notice.text}", markup=False)
    console.print("Research use only. Not a medical device.", style="dim")


def _facts(o: FoundObject, scan: Volume) -> dict[str, Any]:
    """An object ready for JSON."""
    return {
        "value": o.value,
        "voxels": o.voxels,
        "area_mm2": o.area_mm2,
        "ml": o.volume_ml,
        "score": round(o.score, 4),
        "stability": round(o.stability, 4),
        "box_ijk": _box(o, scan),
    }


def _box(o: FoundObject, scan: Volume) -> tuple[list[int], list[int]]:
    """First and last voxel of the box around an object, in voxels of the file."""
    corners = [scan.index_to_source(at) for at in (o.low_zyx, o.last_zyx)]
    ends = [sorted(round(n) for n in pair) for pair in zip(*corners, strict=True)]
    return [low for low, _ in ends], [high for _, high in ends]
