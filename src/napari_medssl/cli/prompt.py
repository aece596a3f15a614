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
    """Outline what points and boxes mark on one slice, and save the mask.

    A voxel is an index (i, j, k) into the array as the file stores it: column, row, slice for a
    DICOM series; column, row, 0 for a picture. A box begins and ends at the same index along one
    axis: that is its slice. An existing OUT is replaced; --onto adds to a mask instead.
    """
    from napari_medssl.volume.planes import PLANES

    if overwrite and onto is None:
        raise UsageError("--overwrite without --onto", expected="a mask to add to, or neither")
    if plane is not None and plane not in PLANES:
        raise UsageError(f"the plane '{plane}'", expected="axial, coronal or sagittal")
    marks = [_numbers(text, 3, sign=True) for text in point or []]
    boxes = [_numbers(text, 6) for text in box or []]
    if not marks and not boxes:
        raise UsageError("no --point and no --box", expected="at least one of them")

    from napari_medssl.io import read_volume, write_labels
    from napari_medssl.io.label_table import unnamed_label
    from napari_medssl.io.sidecar import Sidecar, read_sidecar
    from napari_medssl.segment import (
        EmbeddingCache,
        InteractiveSegmenter,
        Prompts,
        box_from_source,
        load_engine,
        outline_record,
        point_from_source,
    )
    from napari_medssl.segment.embeddings import default_cache_folder
    from napari_medssl.volume import default_window
    from napari_medssl.volume.window import parse_window

    scan = read_volume(image, volume=volume, series=series)
    seen = parse_window(window, scan) if window else default_window(scan)
    prompts = Prompts(
        tuple(point_from_source(scan, at[:3], positive=at[3] > 0) for at in marks),
        tuple(box_from_source(scan, corners) for corners in boxes),
    )
    axis = PLANES[plane] if plane else None
    prompts.plane(scan, axis)  # what is wrong with the prompts is said before the slow steps
    given = unnamed_label(label)
    given = replace(given, name=name) if name else given
    mask = _mask_to_add_to(scan, onto)
    engine = load_engine(model, device=device, weights=weights)
    segmenter = InteractiveSegmenter(engine, EmbeddingCache(default_cache_folder()))
    result = segmenter.segment(scan, prompts, seen, axis=axis)
    mask, kept = _merged(mask, result, label, overwrite=overwrite)
    beside = read_sidecar(onto) if onto else Sidecar()
    told = outline_record(scan, prompts, result, label)
    write_labels(
        mask,
        scan,
        out,
        labels=_labels(beside.labels, given, named=name is not None),
        provenance={"outlines": [*beside.outlines, told]},
    )
    _report(scan, result, kept, out, as_json=json)


def _numbers(text: str, count: int, *, sign: bool = False) -> tuple[Any, ...]:
    """Read ``i,j,k`` or ``i0,j0,k0,i1,j1,k1``; with ``sign``, a fourth value 1 or -1 for + or -."""
    parts = [part.strip() for part in text.split(",")]
    signs = {"+": 1, "-": -1}
    last = signs[parts.pop()] if sign and parts[-1] in signs else 1
    try:
        numbers = [float(part) for part in parts]
    except ValueError:
        numbers = []
    if len(numbers) != count:
        kind, form = ("point", "i,j,k or i,j,k,-") if sign else ("box", "i0,j0,k0,i1,j1,k1")
        raise UsageError(f"the {kind} '{text}'", expected=form)
    return (*numbers, last) if sign else tuple(numbers)


def _mask_to_add_to(scan: Volume, onto: Path | None) -> NDArray[Any]:
    import numpy as np

    from napari_medssl.io import read_labels

    return np.zeros(scan.geometry.shape, np.uint8) if onto is None else read_labels(onto, scan)


def _merged(
    mask: NDArray[Any], result: SliceResult, label: int, *, overwrite: bool
) -> tuple[NDArray[Any], int]:
    """Put the outline into the mask; return it and how many voxels other labels kept."""
    import numpy as np

    from napari_medssl.correct import Rules, set_label

    mask = mask.astype(np.result_type(mask.dtype, np.min_scalar_type(label)))
    axis = result.plane.axis
    here = np.expand_dims(result.plane.view(mask), axis)  # one slice; writes through to the mask
    wanted = np.expand_dims(result.mask, axis)
    made = set_label(here, label, wanted, Rules(overwrite=overwrite), add_only=True)
    if made is not None:
        made.apply(here)
    return mask, int(np.count_nonzero(wanted & (here != label)))


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
    if kept:
        console.print(f"{kept:,} voxels of other labels were left as they are.", markup=False)
    for notice in scan.notices:
        console.print(f"Note: {notice.text}", markup=False)
    console.print("Research use only. Not a medical device.", style="dim")
