"""How sure a model was of each case: measured when it is applied, and kept beside its proposal.

A job measures while a window may be working on the project, so that these are files of their own,
as proposals are. Unlike a proposal they stay when it is accepted: the case is still to be reviewed.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Literal, get_args

from napari_medssl.errors import SaveError
from napari_medssl.io import atomic_write
from napari_medssl.project.proposals import require_room

if TYPE_CHECKING:
    from pathlib import Path

    from napari_medssl.project.project import Project

#: what a model was compared with: the one before it, itself on the mirrored image, or itself on
#: the image moved within its windows
SecondLook = Literal["before", "mirrored", "moved"]

_FOLDER, _SUFFIX = "proposals", ".scores.json"
_FORMAT = 1


@dataclass(frozen=True)
class Scores:
    """What can be told of a mask without knowing the right one.

    Parameters
    ----------
    weights_sha256 : str
        Hash of the model's weights.
    second_look : {"before", "mirrored", "moved"}
        What it was compared with.
    disagreement : float
        0 to 1: part of what was outlined on which the two looks differ, the mean over labels.
    unsure : float
        0 to 1: mean entropy along the outline, as a part of the most there can be.
    distance : float
        How far the image is from those learned from, in their standard deviations.
    missing : tuple of str
        Labels on all cases learned from that were not found on this one.
    """

    weights_sha256: str
    second_look: SecondLook
    disagreement: float
    unsure: float
    distance: float
    missing: tuple[str, ...] = ()


def save_scores(project: Project, case_id: str, scores: Scores) -> None:
    """Keep what was measured of a case; the project may be open elsewhere.

    Raises
    ------
    UsageError
        If there is no such case.
    SaveError
        If it cannot be written.
    """
    project.case(case_id)
    require_room(project)
    text = json.dumps({"format": _FORMAT, **asdict(scores)}, allow_nan=False) + "\n"

    def write(part: Path) -> None:
        with part.open("w", encoding="utf-8", newline="\n") as file:
            file.write(text)

    atomic_write(_path(project.folder, case_id), write)


def read_scores(project: Project, case_id: str, weights_sha256: str) -> Scores | None:
    """Return what was measured of a case with a model; None where nothing was, or is damaged."""
    try:
        told = json.loads(_path(project.folder, case_id).read_text("utf-8"))
        if told.pop("format") != _FORMAT or told["weights_sha256"] != weights_sha256:
            return None
        if told["second_look"] not in get_args(SecondLook):
            return None
        numbers = {key: float(told[key]) for key in ("disagreement", "unsure", "distance")}
        return Scores(**{**told, **numbers, "missing": tuple(map(str, told["missing"]))})
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def forget_scores(folder: Path, case_id: str) -> None:
    """Remove what was measured of a case from a project's folder."""
    try:
        _path(folder, case_id).unlink(missing_ok=True)
    except OSError as error:
        raise SaveError(
            f"what was measured of {case_id} could not be removed", do="Close what has it open"
        ) from error


def _path(folder: Path, case_id: str) -> Path:
    return folder / _FOLDER / f"{case_id}{_SUFFIX}"
