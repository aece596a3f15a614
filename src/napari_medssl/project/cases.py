"""The cases of a project as the table of a window or the command line shows them."""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal, get_args

from napari_medssl.errors import UsageError
from napari_medssl.project.place import found_path
from napari_medssl.volume import AxisMap

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping
    from pathlib import Path

    from napari_medssl.project.store import Store
    from napari_medssl.volume import Modality, Volume

Status = Literal["new", "in work", "done", "flagged"]
STATUSES: tuple[Status, ...] = get_args(Status)

_SELECT = """
SELECT image_case.*, coalesce(step.depth, 0) AS steps, coalesce(step.counts, '{}') AS counts,
  (SELECT count(*) FROM done_slice WHERE case_id = image_case.id) AS done_slices
FROM image_case LEFT JOIN step ON step.id = (
  SELECT top FROM journal WHERE case_id = image_case.id ORDER BY id DESC LIMIT 1)
"""


@dataclass(frozen=True)
class Grid:
    """The grid of a case's label map, and how its file counts along it.

    Parameters
    ----------
    shape : (z, y, x)
        Voxels.
    spacing_mm : (z, y, x)
        Distance between neighbours.
    axes : AxisMap
        From the axes (i, j, k) of the file to (z, y, x).
    """

    shape: tuple[int, int, int]
    spacing_mm: tuple[float, float, float]
    axes: AxisMap

    @classmethod
    def of(cls, volume: Volume) -> Grid:
        """Take the grid of an image."""
        geometry = volume.geometry
        return cls(geometry.shape, geometry.spacing_mm, volume.source.axes)

    @property
    def voxel_ml(self) -> float:
        """Volume of a voxel in millilitres."""
        return math.prod(self.spacing_mm) / 1000

    def slice_of_file(self, axis: int, index: int) -> int:
        """Turn the index of a slice across ``axis`` into the file's count, and back again."""
        return self.shape[axis] - 1 - index if self.axes.flipped[axis] else index

    def to_json(self) -> str:
        """Return it as text for the database."""
        told = (self.shape, self.spacing_mm, self.axes.order, self.axes.flipped)
        return json.dumps(told)

    @classmethod
    def from_json(cls, text: str) -> Grid:
        """Read what `to_json` wrote."""
        shape, spacing, order, flipped = (tuple(part) for part in json.loads(text))
        return cls(shape, spacing, AxisMap(order, flipped))


@dataclass(frozen=True)
class Case:
    """One image of a project and how far the work on it is.

    Parameters
    ----------
    id : str
        ``"case-001"``; never given twice in one project.
    name : str
        Name for people: the image's file name without its suffix.
    status : {"new", "in work", "done", "flagged"}
        As the user set it; the first step makes a new case one in work.
    note : str
        The user's words on it.
    modality : str
        ``"CT"``, ``"MR"``, ``"US"``, ``"PT"`` or ``"OT"``.
    image : Path
        Where the image is kept; nothing may be there.
    volume : int
        Which 3-D volume of the file, from 0.
    patient : str or None
        The same for images of one patient, if they say who; it does not tell who.
    added, opened : datetime
        In UTC; None if it was never opened.
    grid : Grid
        The grid of its label map.
    steps : int
        Steps that its present mask is made of.
    done_slices : int
        Slices called finished.
    voxels : mapping of int to int
        How many voxels each label has.
    """

    id: str
    name: str
    status: Status
    note: str
    modality: Modality
    image: Path
    volume: int
    patient: str | None
    added: datetime
    opened: datetime | None
    grid: Grid
    steps: int
    done_slices: int
    voxels: Mapping[int, int]

    @property
    def volumes_ml(self) -> dict[int, float]:
        """Volume of each label in millilitres."""
        return {value: count * self.grid.voxel_ml for value, count in self.voxels.items()}


def read_cases(store: Store) -> tuple[Case, ...]:
    """Return all cases in the order in which they were added."""
    folder = store.file.parent
    return tuple(_case(row, folder) for row in store.rows(f"{_SELECT} ORDER BY image_case.id"))


def read_case(store: Store, case_id: str) -> Case:
    """Return one case.

    Raises
    ------
    UsageError
        If there is none of this id.
    """
    rows = store.rows(f"{_SELECT} WHERE image_case.id = ?", number_of(case_id))
    if not rows:
        raise no_such_case(store, case_id)
    return _case(rows[0], store.file.parent)


def require_case(store: Store, case_id: str) -> int:
    """Return a case's number in the database; raises as `read_case`."""
    number = number_of(case_id)
    if store.one("SELECT id FROM image_case WHERE id = ?", number) is None:
        raise no_such_case(store, case_id)
    return number


def no_such_case(store: Store, case_id: str) -> UsageError:
    """Make the error that says which cases there are."""
    numbers = [row[0] for row in store.rows("SELECT id FROM image_case ORDER BY id")]
    there = f"{id_of(numbers[0])} to {id_of(numbers[-1])}" if numbers else "a project with cases"
    return UsageError(f"there is no '{case_id}' in this project", expected=there)


def id_of(number: int) -> str:
    """Return the id that people see: 7 -> ``"case-007"``."""
    return f"case-{number:03d}"


def number_of(case_id: str) -> int:
    """Return the number in an id; -1 where it is none."""
    match = re.fullmatch(r"case-(\d{1,18})", case_id)
    return int(match[1]) if match else -1


def set_status(store: Store, case_id: str, status: str, note: str | None) -> None:
    """Set a case's status and, unless None, the note on it.

    Raises
    ------
    UsageError
        If there is no such case or status.
    """
    if status not in STATUSES:
        raise UsageError(f"the status '{status}'", expected=f"one of {', '.join(STATUSES)}")
    number = require_case(store, case_id)
    with store.transaction() as db:
        db.execute("UPDATE image_case SET status = ? WHERE id = ?", (status, number))
        if note is not None:
            db.execute("UPDATE image_case SET note = ? WHERE id = ?", (note, number))


def now() -> str:
    """Return the time as the database keeps it."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def _case(row: sqlite3.Row, folder: Path) -> Case:
    counts: dict[str, Any] = json.loads(row["counts"])
    return Case(
        id=id_of(row["id"]),
        name=row["name"],
        status=row["status"],
        note=row["note"],
        modality=row["modality"],
        image=found_path(row["path"], folder),
        volume=row["volume"],
        patient=row["patient"],
        added=datetime.fromisoformat(row["added"]),
        opened=datetime.fromisoformat(row["opened"]) if row["opened"] else None,
        grid=Grid.from_json(row["grid"]),
        steps=row["steps"],
        done_slices=row["done_slices"],
        voxels={int(value): count for value, count in counts.items()},
    )
