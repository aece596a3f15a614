"""Both models' outlines on a case that judged them, as one label map to look at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_medssl.errors import UnreadableFileError
from napari_medssl.project.learn_task import MASKS, read_gate

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from numpy.typing import NDArray

#: codes of the voxels along an outline
OLD, NEW, BOTH = 1, 2, 3


@dataclass(frozen=True, eq=False)
class Comparison:
    """Where the outlines of two models run.

    Parameters
    ----------
    codes : three (z, y, x) uint8 arrays
        `OLD`, `NEW` and `BOTH` along the outlines in each slice across z, across y and across x,
        and 0 elsewhere.
    worst : (z, y, x)
        A voxel in the slice in which they differ most, along each axis.
    """

    codes: tuple[NDArray[np.uint8], ...]
    worst: tuple[int, int, int]


def read_comparison(folders: Iterable[Path], sha256: str, case: str) -> Comparison:
    """Read both masks of a case from the job that learned a model.

    Parameters
    ----------
    folders : iterable of Path
        Artifacts of the jobs that it may be.
    sha256 : str
        Hash of the new model's weights.
    case : str
        Id of a case.

    Raises
    ------
    UnreadableFileError
        If no job has them any more.
    """
    for artifacts in folders:
        if _learned(artifacts) == sha256:
            try:
                with np.load(artifacts / MASKS / f"{case}.npz") as masks:
                    return compare_outlines(masks["old"], masks["new"])
            except (OSError, ValueError, KeyError) as error:
                raise _gone(case) from error
    raise _gone(case)


def compare_outlines(old: NDArray[Any], new: NDArray[Any]) -> Comparison:
    """Draw the outlines of two label maps (z, y, x) of one shape."""
    codes = tuple(
        OLD * _outlines(old, axis).astype(np.uint8) + NEW * _outlines(new, axis).astype(np.uint8)
        for axis in range(3)
    )
    differs = old != new
    shown = differs if differs.any() else (new > 0)
    worst = [int(shown.sum(axis=_others(along)).argmax()) for along in range(3)]
    return Comparison(codes, (worst[0], worst[1], worst[2]))


def _outlines(labels: NDArray[Any], axis: int) -> NDArray[np.bool_]:
    """Return the voxels of labels that have another one beside them in their slice."""
    found = np.zeros(labels.shape, bool)
    for along in _others(axis):
        ahead = [slice(None)] * 3
        behind = [slice(None)] * 3
        ahead[along], behind[along] = slice(1, None), slice(None, -1)
        differs = labels[tuple(ahead)] != labels[tuple(behind)]
        found[tuple(ahead)] |= differs
        found[tuple(behind)] |= differs
    return found & (labels > 0)


def _others(axis: int) -> tuple[int, int]:
    first, second = (one for one in range(3) if one != axis)
    return first, second


def _learned(artifacts: Path) -> str:
    try:
        return str(read_gate(artifacts).get("sha256", ""))
    except UnreadableFileError:
        return ""


def _gone(case: str) -> UnreadableFileError:
    return UnreadableFileError(
        f"the masks of {case} that the models were judged by are not there any more",
        do="They went with the job that learned; run the model on the case to see what it finds",
    )
