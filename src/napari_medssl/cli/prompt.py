"""``medssl prompt``: a mask from points and boxes, saved on the image's own grid."""

from __future__ import annotations

import json as json_text
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from napari_medssl.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from napari_medssl.io import LabelInfo
    from napari_medssl.segment import SliceResult
    from napari_medssl.volume import Volume


def prompt(
    image: Annotated[Path, typer.Argument(help="An image, or a folder of DICOM files.")],
    out: Annotated[
        Path, typer.Option(help="Mask to write: .nii, .nii.gz, .nrrd, .mha; .png for a picture.")
    ],
    point: Annotated[
        list[str] | None,
        typer.Option(metavar="I,J,K[,+|-]", help="A voxel inside, or with ,- one outside."),
    ] = None,
    box: Annotated[
        list[str] | None,
        typer.Option(metavar="I0,J0,K0,I1,J1,K1", help="First and last voxel, on one slice."),
    ] = None,
    scribble: Annotated[
        list[str] | None,
        typer.Option(metavar="I,J,K;...[;+|-]", help="A line inside, or with ;- one outside."),
    ] = None,
    lasso: Annotated[
        list[str] | None,
        typer.Option(metavar="I,J,K;...", help="Corners of a line around it, on one slice."),
    ] = None,
    reading: Annotated[
        int,
        typer.Option(help="Where the points may mean several things: which, 1 being likeliest."),
    ] = 1,
    model: Annotated[str, typer.Option(help="Network: see 'medssl models list'.")] = "litemedsam",
    weights: Annotated[
        Path | None, typer.Option(help="Weights to use instead of the published ones.")
    ] = None,
    plane: Annotated[
        str | None, typer.Option(help="axial, coronal or sagittal; else the one scanned in.")
    ] = None,
    window: Annotated[
        str | None, typer.Option(help="What the network sees: LOW,HIGH or a preset as abdomen.")
    ] = None,
    grow: Annotated[
        str | None,
        typer.Option(
            metavar="one|all|PLANE",
            help="Go on through the volume: slice by slice in the plane of the prompts (one), or "
            "in all three planes with a vote (all).",
        ),
    ] = None,
    ask_network: Annotated[
        bool,
        typer.Option("--ask-network", help="With --grow: ask the network on every slice; slow."),
    ] = False,
    server: Annotated[
        str | None,
        typer.Option(
            metavar="ADDRESS",
            help="Of an nnInteractive server, as http://host:1527: it follows the outlines through "
            "the volume. The image is sent there.",
        ),
    ] = None,
    label: Annotated[int, typer.Option(help="Value of the mask's voxels.")] = 1,
    name: Annotated[str | None, typer.Option(help="What the label is, as liver.")] = None,
    onto: Annotated[
        Path | None, typer.Option(help="A mask to add to; its labels stay as they are.")
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="With --onto: take voxels from other labels too.")
    ] = False,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:N or mps.")] = "auto",
    volume: Annotated[int, typer.Option(help="Which volume of a 4-D image, from 0.")] = 0,
    series: Annotated[int | None, typer.Option(help="Which series of a folder.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Outline what points and boxes mark on one slice, or through the volume, and save the mask.

    A voxel is an index (i, j, k) into the array as the file stores it: column, row, slice for a
    DICOM series; column, row, 0 for a picture. A box begins and ends at the same index along one
    axis: that is its slice. With --grow several slices may be marked, and one with points outside
    alone ends the object. An existing OUT is replaced; --onto adds to a mask instead.
    """
    from napari_medssl.cli.prompt_marks import Marks
    from napari_medssl.cli.prompt_volume import (
        follow_here,
        follow_there,
        grow_choice,
        grow_through,
        report_through,
    )
    from napari_medssl.volume.planes import PLANES

    way, plane = grow_choice(grow, plane, server=server, ask_network=ask_network)
    if overwrite and onto is None:
        raise UsageError("--overwrite without --onto", expected="a mask to add to, or neither")
    if plane is not None and plane not in PLANES:
        raise UsageError(f"the plane '{plane}'", expected="axial, coronal or sagittal")
    marks = Marks.read(point or [], box or [], scribble or [], lasso or [], reading)

    from napari_medssl.io import read_volume, write_labels
    from napari_medssl.io.label_table import unnamed_label
    from napari_medssl.io.sidecar import Sidecar, read_sidecar
    from napari_medssl.segment import (
        EmbeddingCache,
        InteractiveSegmenter,
        load_engine,
        outline_record,
    )
    from napari_medssl.segment.embeddings import default_cache_folder
    from napari_medssl.segment.growing import ASKED, GrowRules, by_slice
    from napari_medssl.segment.growing.server import VolumeServer
    from napari_medssl.volume import default_window
    from napari_medssl.volume.window import parse_window

    scan = read_volume(image, volume=volume, series=series)
    seen = parse_window(window, scan) if window else default_window(scan)
    axis = PLANES[plane] if plane else None
    prompts = marks.on(scan, axis)
    # what is wrong with the prompts is said before the slow steps
    marked = by_slice(prompts, scan, axis) if way else {prompts.plane(scan, axis): prompts}
    given = unnamed_label(label)
    given = replace(given, name=name) if name else given
    mask = _mask_to_add_to(scan, onto)
    asked = VolumeServer(server) if server is not None else None
    there = follow_there(asked, scan) if asked is not None else None
    engine = load_engine(model, device=device, weights=weights)
    segmenter = InteractiveSegmenter(engine, EmbeddingCache(default_cache_folder()))
    if way:
        rules = GrowRules(network=ASKED if ask_network else 0)
        here = follow_here(segmenter, scan, seen, rules, all_planes=way == "all")
        through = grow_through(segmenter, scan, marked, seen, there or here)
        outlines, wanted = through.outlines, through.mask.array
    else:
        ((on, _),) = marked.items()
        outlines = {on: segmenter.segment(scan, prompts, seen, axis=axis)}
        wanted = _on_slice(scan, outlines[on])
    if reading > (most := max(result.readings for result in outlines.values())):
        raise UsageError(
            f"--reading {reading}", expected=f"at most {most}: so many things these marks may mean"
        )
    mask, kept = _merged(mask, wanted, label, overwrite=overwrite)
    beside = read_sidecar(onto) if onto else Sidecar()
    told = [outline_record(scan, marked[at], result, label) for at, result in outlines.items()]
    if way:
        by = asked.record if asked is not None else {}
        told[-1] = {**told[-1], "grown": {**through.record(scan, way), **by}}
    write_labels(
        mask,
        scan,
        out,
        labels=_labels(beside.labels, given, named=name is not None),
        provenance={"outlines": [*beside.outlines, *told]},
    )
    if way:
        report_through(through, scan, kept, out, as_json=json)
    else:
        _report(scan, outlines[on], kept, out, as_json=json)


def _mask_to_add_to(scan: Volume, onto: Path | None) -> NDArray[Any]:
    import numpy as np

    from napari_medssl.io import read_labels

    return np.zeros(scan.geometry.shape, np.uint8) if onto is None else read_labels(onto, scan)


def _on_slice(scan: Volume, result: SliceResult) -> NDArray[Any]:
    import numpy as np

    wanted = np.zeros(scan.geometry.shape, bool)
    result.plane.view(wanted)[...] = result.mask
    return wanted


def _merged(
    mask: NDArray[Any], wanted: NDArray[Any], label: int, *, overwrite: bool
) -> tuple[NDArray[Any], int]:
    """Put what was found into the mask; return it and how many voxels other labels kept."""
    import numpy as np

    from napari_medssl.correct import Rules, set_label

    mask = mask.astype(np.result_type(mask.dtype, np.min_scalar_type(label)))
    made = set_label(mask, label, wanted, Rules(overwrite=overwrite), add_only=True)
    if made is not None:
        made.apply(mask)
    return mask, int(np.count_nonzero(wanted & (mask != label)))


def _labels(before: Sequence[LabelInfo], given: LabelInfo, *, named: bool) -> list[LabelInfo]:
    known = {label.value: label for label in before}
    if named or given.value not in known:
        known[given.value] = given
    return [known[value] for value in sorted(known)]


def _report(scan: Volume, result: SliceResult, kept: int, out: Path, *, as_json: bool) -> None:
    import math

    from napari_medssl.volume.planes import AXIS_NAMES

    plane, voxels = AXIS_NAMES[result.plane.axis], int(result.mask.sum())
    millilitres = voxels * math.prod(scan.geometry.spacing_mm) / 1000
    facts = {
        "out": str(out),
        "plane": plane,
        "voxels": voxels,
        "kept_by_other_labels": kept,
        "ml": millilitres if scan.spacing_known else None,
        "score": result.score,
        "readings": result.readings,
        "encode_seconds": result.encode_seconds,
        "predict_seconds": result.predict_seconds,
        "cached": result.from_cache,
        "engine": result.engine,
        "notices": [{"code": n.code, "text": n.text} for n in scan.notices],
    }
    if as_json:
        print(json_text.dumps(facts))
        return
    from rich.console import Console

    console = Console(highlight=False, soft_wrap=True)
    size = f"{voxels:,} voxels" + (f", {millilitres:.2f} ml" if scan.spacing_known else "")
    seconds = f"embedding {result.encode_seconds:.2f} s"
    seconds = "embedding kept from before" if result.from_cache else seconds
    console.print(f"Wrote '{out.name}': {size} on one {plane} slice.", markup=False)
    console.print(
        f"Expected overlap {result.score:.2f} ({result.engine}); {seconds}, "
        f"prompt {result.predict_seconds:.2f} s.",
        markup=False,
    )
    if result.readings > 1:
        console.print(
            f"The points may mean {result.readings} things: --reading 1 is the likeliest, "
            f"{result.readings} the least likely.",
            markup=False,
        )
    if kept:
        console.print(f"{kept:,} voxels of other labels were left as they are.", markup=False)
    for notice in scan.notices:
        console.print(f"Note: {notice.text}", markup=False)
    console.print("Research use only. Not a medical device.", style="dim")
