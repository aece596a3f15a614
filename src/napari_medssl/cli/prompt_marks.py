"""Points, boxes, scribbles and lassos from the command line, as prompts on a scan."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from napari_medssl.errors import PromptError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_medssl.segment import Plane, Prompts
    from napari_medssl.volume import Volume

    Place = tuple[float, float, float]


@dataclass(frozen=True)
class Marks:
    """What was typed, read but not yet brought onto a scan; places are voxels (i, j, k).

    Raises
    ------
    UsageError
        By `read`: if something is not as it should be typed, or nothing is.
    """

    points: tuple[tuple[Any, ...], ...]
    boxes: tuple[tuple[Any, ...], ...]
    scribbles: tuple[tuple[tuple[Place, ...], bool], ...]
    lassos: tuple[tuple[Place, ...], ...]
    reading: int = 0

    @classmethod
    def read(
        cls,
        points: Sequence[str],
        boxes: Sequence[str],
        scribbles: Sequence[str],
        lassos: Sequence[str],
        reading: int = 1,
    ) -> Marks:
        """Read what was typed; readings are counted from 1, and are those of points."""
        if reading < 1:
            raise UsageError(f"--reading {reading}", expected="1 or more")
        if reading > 1 and not (points or scribbles):
            raise UsageError("--reading without --point", expected="a point, whose meaning is open")
        if not (points or boxes or scribbles or lassos):
            raise UsageError(
                "no --point, --box, --scribble or --lasso", expected="at least one of them"
            )
        return cls(
            tuple(_numbers(text, 3, sign=True) for text in points),
            tuple(_numbers(text, 6) for text in boxes),
            tuple(_scribble(text) for text in scribbles),
            tuple(_path(text, "lasso") for text in lassos),
            reading - 1,
        )

    def on(self, scan: Volume, axis: int | None) -> Prompts:
        """Bring them onto a scan.

        Raises
        ------
        PromptError
            If something lies on no slice, or marks contradict each other.
        """
        from napari_medssl.segment import Prompts, box_from_source, point_from_source
        from napari_medssl.segment.freehand import lasso_prompts, scribble_prompts

        parts = [
            Prompts(
                tuple(point_from_source(scan, at[:3], positive=at[3] > 0) for at in self.points),
                tuple(box_from_source(scan, corners) for corners in self.boxes),
            )
        ]
        across = scan.slice_axis if axis is None else axis
        for path, inside in self.scribbles:
            plane, places = _on_slice(scan, path, across, "scribble")
            parts.append(scribble_prompts(plane, places, positive=inside))
        for path in self.lassos:
            plane, places = _on_slice(scan, path, across, "lasso")
            rows, columns = plane.view(scan.array).shape[-2:]
            parts.append(lasso_prompts(plane, places, (rows, columns)))
        prompts = Prompts(
            tuple(point for part in parts for point in part.points),
            tuple(box for part in parts for box in part.boxes),
        )
        return prompts.meaning(self.reading) if self.reading else prompts


def _on_slice(
    scan: Volume, path: Sequence[Place], axis: int, what: str
) -> tuple[Plane, list[Place]]:
    from napari_medssl.segment import Plane
    from napari_medssl.volume.planes import AXIS_NAMES

    places = [scan.index_from_source(place) for place in path]
    indices = {round(place[axis]) for place in places}
    if len(indices) > 1:
        raise PromptError(
            f"a {what} across {len(indices)} {AXIS_NAMES[axis]} slices",
            expected="all of it on one slice",
            do="Draw it on one slice, or choose another --plane",
        )
    return Plane(axis, indices.pop()), places


def _scribble(text: str) -> tuple[tuple[Place, ...], bool]:
    places, _, sign = text.rpartition(";")
    if sign.strip() in ("+", "-"):
        return _path(places, "scribble"), sign.strip() == "+"
    return _path(text, "scribble"), True


def _path(text: str, what: str) -> tuple[Place, ...]:
    """Read ``i,j,k;i,j,k;...``."""
    try:
        places = [tuple(float(number) for number in part.split(",")) for part in text.split(";")]
    except ValueError:
        places = [()]
    if any(len(place) != 3 for place in places):
        raise UsageError(f"the {what} '{text}'", expected="i,j,k;i,j,k;...")
    return tuple((i, j, k) for i, j, k in places)


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
