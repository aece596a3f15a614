"""A run's plan on the disk, as plain data: what a run that goes on reads first."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from napari_medssl.errors import WeightsError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from napari_medssl.models.weights import AtomicWrite

_NAME = "plan.json"


def read_plan_row(folder: Path) -> dict[str, Any] | None:
    """Return the plan of a run's folder; None where there is none yet.

    Raises
    ------
    WeightsError
        If it is damaged.
    """
    path = folder / _NAME
    if not path.is_file():
        return None
    try:
        row: dict[str, Any] = dict(json.loads(path.read_text("utf-8")))
        return row
    except (OSError, ValueError, TypeError) as error:
        raise WeightsError(
            f"the plan '{_NAME}' of this run is damaged", do="Start a new run in another folder"
        ) from error


def write_plan_row(folder: Path, row: Mapping[str, Any], write: AtomicWrite) -> None:
    """Write a plan.

    Raises
    ------
    SaveError
        If it cannot be written.
    """
    text = json.dumps(row, indent=1) + "\n"

    def fill(part: Path) -> None:
        with part.open("w", encoding="utf-8") as stream:
            stream.write(text)

    write(folder / _NAME, fill, lambda _: None)
