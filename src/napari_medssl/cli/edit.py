"""``medssl edit``: one correcting tool on one label of a saved mask."""

from __future__ import annotations

import json as json_text
import math
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from napari_medssl.cli.targets import require_free
from napari_medssl.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from napari_medssl.correct import Edit, Rules, Tool
    from napari_medssl.io import LabelInfo, SavedMask
    from napari_medssl.segment import Plane
    from napari_medssl.volume import Volume


def edit(
    mask: Annotated[
        Path | None, typer.Argument(help="The mask to correct, in any format that is read.")
    ] = None,
    image: Annotated[
        Path | None, typer.Option(help="The image it belongs to, or a folder of DICOM files.")
    ] = None,
    tool: Annotated[str | None, typer.Option(help="Which tool: see --list.")] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="Mask to write: .nii, .nii.gz, .nrrd, .mha; .png for a picture."),
    ] = None,
    label: Annotated[int, typer.Option(help="The label to work on.")] = 1,
    set_to: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=NUMBER", help="A setting of the tool, as mm=2.5."),
    ] = None,
    plane: Annotated[
        str | None, typer.Option(help="axial, coronal or sagittal: for work on one slice.")
    ] = None,
    index: Annotated[
        int | None, typer.Option(help="Which slice of the plane, as the file counts, from 0.")
    ] = None,
    at: Annotated[
        str | None, typer.Option(metavar="I,J,K", help="A voxel of the island that is meant.")
    ] = None,
    with_label: Annotated[int | None, typer.Option(help="Another label: its voxels.")] = None,
    with_mask: Annotated[
        Path | None, typer.Option(help="Another mask of the image: all of it, or --with-label.")
    ] = None,
    lock: Annotated[
        list[str] | None, typer.Option(metavar="LABEL[,...]", help="Labels that must not change.")
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Take voxels from other labels too.")
    ] = False,
    intensities: Annotated[
        str | None, typer.Option("--range", metavar="LOW,HIGH", help="Change nothing outside it.")
    ] = None,
    volume: Annotated[int, typer.Option(help="Which volume of a 4-D image, from 0.")] = 0,
    series: Annotated[int | None, typer.Option(help="Which series of a folder.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace OUT if it exists.")] = False,
    listed: Annotated[
        bool, typer.Option("--list", help="Show the tools and their settings.")
    ] = False,
) -> None:
    """Correct one label of a mask with one tool, and save the mask.

    Other labels stay as they are, unless --overwrite or --with-label says otherwise. OUT may be
    MASK itself, another file only with --force; the image is never written. A voxel is an index
    (i, j, k) into the array as the image's file stores it. Label names come with the mask.
    """
    from napari_medssl.correct.tools import run_tool, tool_named

    if listed:
        _list(as_json=json)
        return
    if mask is None or image is None or tool is None or out is None:
        raise UsageError("too little to go on", expected="MASK, --image, --tool and --out")
    require_free(out, force=force, own=mask)
    chosen = tool_named(tool)
    settings: dict[str, Any] = {**chosen.settings(_settings(set_to or []))}

    from napari_medssl.io import read_mask, read_volume, write_labels

    scan = read_volume(image, volume=volume, series=series)
    saved = read_mask(mask, scan)
    labels = _with_room(saved.array, label)
    made = run_tool(
        tool,
        labels,
        label,
        scan.geometry.spacing_mm if scan.spacing_known else (1.0, 1.0, 1.0),
        rules=_rules(lock or [], intensities, overwrite=overwrite),
        image=scan.array,
        plane=_plane(scan, chosen, plane, index),
        voxel=_voxel(scan, at),
        other=_other(scan, with_label, with_mask),
        **settings,
    )
    before = int((labels == label).sum())
    if made is not None:
        made.apply(labels)
    told: dict[str, Any] = {"label": label, "tool": tool, "settings": settings}
    told |= {"plane": plane, "index": index, "voxels_changed": made.count if made else 0}
    outlines = [*saved.outlines, told] if made else saved.outlines
    known = _labels(saved, made)
    write_labels(labels, scan, out, labels=known, provenance={"outlines": list(outlines)})
    _report(scan, saved, told, (before, int((labels == label).sum())), known, out, as_json=json)


def _settings(texts: Sequence[str]) -> dict[str, float]:
    settings = {}
    for text in texts:
        name, _, number = text.partition("=")
        told = _numbers(number, 1, f"--set {text}", "a name and a number, as mm=2.5")
        settings[name.strip()] = told[0]
    return settings


def _numbers(text: str, count: int, came: str, expected: str) -> list[float]:
    try:
        numbers = [float(part) for part in text.split(",")]
    except ValueError:
        numbers = []
    if len(numbers) != count:
        raise UsageError(came, expected=expected)
    return numbers


def _with_room(array: NDArray[Any], label: int) -> NDArray[Any]:
    """Copy a mask into a type that holds the label, and those of new islands."""
    import numpy as np

    if label < 1:
        raise UsageError(f"--label {label}", expected="a whole number from 1")
    least = np.result_type(array.dtype, np.uint16, np.min_scalar_type(label))
    return array.astype(least)


def _rules(lock: Sequence[str], intensities: str | None, *, overwrite: bool) -> Rules:
    from napari_medssl.correct import Rules

    locked = [part.strip() for text in lock for part in text.split(",")]
    if not all(part.isdecimal() for part in locked):
        raise UsageError(f"--lock {' '.join(lock)}", expected="labels, as 1,3")
    low = high = None
    if intensities is not None:
        low, high = _numbers(intensities, 2, f"--range {intensities}", "LOW,HIGH as 100,300")
    return Rules(frozenset(map(int, locked)), overwrite, low, high)


def _plane(scan: Volume, tool: Tool, plane: str | None, index: int | None) -> Plane | None:
    """Return the slice to work on; for a tool that works on all slices, any of its axis."""
    from napari_medssl.segment import Plane
    from napari_medssl.volume.planes import PLANES

    if plane is None:
        if index is not None:
            raise UsageError("--index without --plane", expected="axial, coronal or sagittal")
        if scan.frame_axis is not None:
            raise UsageError(
                "all frames of a film, which are no neighbours in space",
                expected="one frame: --plane and --index",
            )
        return None
    if plane not in PLANES:
        raise UsageError(f"the plane '{plane}'", expected="axial, coronal or sagittal")
    axis = PLANES[plane]
    if scan.frame_axis not in (None, axis):
        raise UsageError("a plane that cuts across the frames of a film", expected="a frame")
    if tool.scope == "axis":
        if index is not None:
            raise UsageError(f"--index with '{tool.name}'", expected="--plane alone")
        return Plane(axis, 0)
    stored = scan.source.axes.order[axis]
    most = scan.source.geometry.shape[stored] - 1
    if index is None or not 0 <= index <= most:
        came = "no slice" if index is None else f"slice {index}"
        raise UsageError(f"--plane {plane} with {came}", expected=f"--index 0 to {most}")
    ijk = [0.0, 0.0, 0.0]
    ijk[stored] = index
    return Plane(axis, int(scan.index_from_source((ijk[0], ijk[1], ijk[2]))[axis]))


def _voxel(scan: Volume, at: str | None) -> tuple[int, int, int] | None:
    if at is None:
        return None
    ijk = _numbers(at, 3, f"--at {at}", "a voxel: i,j,k")
    most = scan.source.geometry.shape
    if not all(0 <= v < n and v == int(v) for v, n in zip(ijk, most, strict=True)):
        limits = ", ".join(f"0 to {n - 1}" for n in most)
        raise UsageError(f"--at {at}", expected=f"whole numbers of {limits}")
    z, y, x = (int(v) for v in scan.index_from_source((ijk[0], ijk[1], ijk[2])))
    return z, y, x


def _other(
    scan: Volume, with_label: int | None, with_mask: Path | None
) -> int | NDArray[Any] | None:
    from napari_medssl.io import read_mask

    if with_mask is None:
        return with_label
    return read_mask(with_mask, scan, label=with_label).array > 0


def _labels(saved: SavedMask, made: Edit | None) -> list[LabelInfo]:
    """Return the label table, with a row for every value that the edit brought in."""
    from napari_medssl.io.label_table import unnamed_label

    known = {info.value: info for info in saved.labels}
    for value in {int(v) for v in made.after} - {0} if made else ():
        known.setdefault(value, unnamed_label(value))
    return [known[value] for value in sorted(known)]


def _report(
    scan: Volume,
    saved: SavedMask,
    told: dict[str, Any],
    voxels: tuple[int, int],
    known: Sequence[LabelInfo],
    out: Path,
    *,
    as_json: bool,
) -> None:
    ml = math.prod(scan.geometry.spacing_mm) / 1000
    measured = scan.spacing_known and scan.stack == "space"
    notices = [*scan.notices, *saved.notices]
    if as_json:
        facts = {
            "out": str(out),
            **told,
            "voxels": list(voxels),
            "ml": [count * ml for count in voxels] if measured else None,
            "labels": [info.value for info in known],
            "notices": [{"code": n.code, "text": n.text} for n in notices],
        }
        print(json_text.dumps(facts))
        return
    from rich.console import Console

    console = Console(highlight=False, soft_wrap=True)
    before, after = (f"{n:,} voxels" + (f" ({n * ml:.2f} ml)" if measured else "") for n in voxels)
    name = next((i.name for i in known if i.value == told["label"]), f"Label {told['label']}")
    words = f"'{name}' had {before} and has {after}."
    words = words if told["voxels_changed"] else "Nothing changed."
    console.print(f"Wrote '{out.name}'. {words}", markup=False)
    for notice in notices:
        console.print(f"Note: {notice.text}", markup=False)
    console.print("Research use only. Not a medical device.", style="dim")


def _list(*, as_json: bool) -> None:
    """Show the tools by group, with their settings."""
    from napari_medssl.correct import TOOLS

    if as_json:
        print(json_text.dumps([_facts(tool) for tool in TOOLS], ensure_ascii=False))
        return
    from rich.console import Console
    from rich.table import Table

    table = Table("--tool", "what it does", "--set", "needs", box=None)
    needed = {"voxel": "--at", "label": "--with-label or --with-mask", "mask": "--with-mask"}
    sliced = {"slice": "--plane, --index", "axis": "--plane"}
    for tool in TOOLS:
        settings = [
            f"{p.name}=" + ("…" if p.default is None else f"{p.default:g}") for p in tool.parameters
        ]
        needs = (needed.get(tool.needs or ""), sliced.get(tool.scope))
        table.add_row(tool.name, tool.tip, "\n".join(settings), "\n".join(filter(None, needs)))
    Console().print(table)


def _facts(tool: Tool) -> dict[str, Any]:
    told = {"name": tool.name, "title": tool.title, "tip": tool.tip, "group": tool.group}
    settings = [asdict(parameter) for parameter in tool.parameters]
    return {**told, "scope": tool.scope, "needs": tool.needs, "parameters": settings}
