"""Running a correcting tool by its name, as the window and the command line do."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Any

from napari_medssl.correct.rules import Rules
from napari_medssl.correct.target import Target
from napari_medssl.correct.toolbox import TOOLS
from napari_medssl.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from napari_medssl.correct.edit import Edit, Index
    from napari_medssl.correct.target import Plane
    from napari_medssl.correct.tool import Tool

__all__ = ["TOOLS", "run_tool", "tool_named"]


def run_tool(
    name: str,
    labels: NDArray[Any],
    value: int,
    spacing_mm: tuple[float, float, float],
    *,
    rules: Rules | None = None,
    image: NDArray[Any] | None = None,
    plane: Plane | None = None,
    voxel: Index | None = None,
    other: int | NDArray[Any] | None = None,
    new_values: Iterable[int] | None = None,
    **settings: float,
) -> Edit | None:
    """Run a tool on one label and return what it changes; the label map is not touched.

    Parameters
    ----------
    name : str
        Of one of `TOOLS`.
    labels : (z, y, x) unsigned array
        The label map.
    value : int
        The label to work on, from 1.
    spacing_mm : (z, y, x)
        Size of a voxel; 1, 1, 1 where it is not known.
    rules : Rules, optional
        What may change; unless given, voxels of background and of the label itself.
    image, plane, voxel, other : optional
        What the tool needs or may be limited to: see `Target`.
    new_values : iterable of int, optional
        Labels that are free; those above the highest in use unless given.
    **settings : float
        By name of the tool's parameters; the default of each unless given.

    Returns
    -------
    Edit or None
        None where nothing changes, as for a label without voxels.

    Raises
    ------
    UsageError
        If there is no such tool, something it needs is missing, or a setting is out of range.
    GeometryError
        If the slice, the voxel or the other mask does not lie on the label map's grid.
    """
    tool = tool_named(name)
    free = count(int(labels.max(initial=0)) + 1) if new_values is None else new_values
    rules = rules or Rules()
    target = Target(labels, value, spacing_mm, rules, image, plane, voxel, other, free)
    return tool(target, settings)


def tool_named(name: str) -> Tool:
    """Return a tool by its name.

    Raises
    ------
    UsageError
        If there is none of that name.
    """
    for tool in TOOLS:
        if tool.name == name:
            return tool
    raise UsageError(f"the tool '{name}'", expected=", ".join(tool.name for tool in TOOLS))
