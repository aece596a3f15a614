"""Prompts and outlines as plain data: for the file beside a mask, and for the history."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari_medssl.errors import PromptError
from napari_medssl.segment.prompts import BoxPrompt, Plane, PointPrompt, Prompts

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from napari_medssl.segment.interactive import SliceResult
    from napari_medssl.volume import Volume


def outline_record(
    volume: Volume, prompts: Prompts, result: SliceResult, label: int
) -> dict[str, Any]:
    """Return where an outline came from, for the file beside the mask.

    Parameters
    ----------
    volume : Volume
        The image it was drawn on.
    prompts : Prompts
        What marked it.
    result : SliceResult
        The network's answer.
    label : int
        The value its voxels were given.
    """
    return {
        "label": label,
        "engine": result.engine,
        "weights_sha256": result.weights_hash,
        **({"points_sha256": result.points_hash} if result.points_hash else {}),
        "confidence": round(float(result.score), 4),
        "window": [result.window.low, result.window.high],
        **describe_prompts(volume, prompts),
    }


def describe_prompts(volume: Volume, prompts: Prompts) -> dict[str, Any]:
    """Return prompts as plain data, in voxels (i, j, k) of the file."""

    def ijk(zyx: tuple[float, float, float]) -> list[float]:
        return [round(float(v), 2) for v in volume.index_to_source(zyx)]

    def corners(box: BoxPrompt) -> list[list[float]]:
        both = list(zip(ijk(box.low_zyx), ijk(box.high_zyx), strict=True))
        return [[min(pair) for pair in both], [max(pair) for pair in both]]

    return {
        "points_ijk": [{"at": ijk(p.zyx), **_as_recorded(p)} for p in prompts.points],
        "boxes_ijk": [corners(box) for box in prompts.boxes],
    }


def plain_prompts(prompts: Mapping[Plane, Prompts]) -> list[dict[str, Any]]:
    """Return prompts slice by slice as plain data, in indices (z, y, x) and without rounding.

    `prompts_from_plain` makes the same prompts again, also after a round through JSON.
    """
    return [
        {
            "axis": plane.axis,
            "index": plane.index,
            "points": [{"zyx": list(p.zyx), **_as_saved(p)} for p in marked.points],
            "boxes": [[list(b.low_zyx), list(b.high_zyx)] for b in marked.boxes],
        }
        for plane, marked in prompts.items()
    ]


def prompts_from_plain(plain: Sequence[Mapping[str, Any]]) -> dict[Plane, Prompts]:
    """Return the prompts that `plain_prompts` wrote.

    Raises
    ------
    PromptError
        If they are damaged.
    """
    try:
        return {
            Plane(int(entry["axis"]), int(entry["index"])): Prompts(
                tuple(_point(p) for p in entry["points"]),
                tuple(BoxPrompt(tuple(low), tuple(high)) for low, high in entry["boxes"]),
            )
            for entry in plain
        }
    except (KeyError, TypeError, ValueError) as error:
        raise PromptError(
            "saved points and boxes are damaged", do="Mark what you want to outline again"
        ) from error


def _as_recorded(point: PointPrompt) -> dict[str, Any]:
    """Return what a point says, but for its place; readings count from 1, as for people."""
    reading = {"reading": point.reading + 1} if point.reading else {}
    return {"inside": point.positive, **reading}


def _as_saved(point: PointPrompt) -> dict[str, Any]:
    """Return what `_point` reads, but for its place."""
    reading = {"reading": point.reading} if point.reading else {}
    at_once = {} if point.answered else {"answered": False}
    return {"inside": point.positive, **reading, **at_once}


def _point(plain: Mapping[str, Any]) -> PointPrompt:
    return PointPrompt(
        tuple(plain["zyx"]),
        bool(plain["inside"]),
        int(plain.get("reading", 0)),
        bool(plain.get("answered", True)),
    )
