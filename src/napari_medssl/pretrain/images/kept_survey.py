"""What was seen of images, kept beside the plan: a run that goes on does not read them again."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

from napari_medssl.errors import WeightsError
from napari_medssl.pretrain.images.survey import ImageFacts

if TYPE_CHECKING:
    from pathlib import Path

    from napari_medssl.models.weights import AtomicWrite
    from napari_medssl.pretrain.images.survey import Seen

_NAME = "survey.json"


def read_seen(folder: Path) -> Seen:
    """Return what a run saw so far: nothing, where it has not begun.

    Raises
    ------
    WeightsError
        If the file is damaged.
    """
    path = folder / _NAME
    if not path.is_file():
        return {}
    try:
        rows = json.loads(path.read_text("utf-8"))
        return {name: row if isinstance(row, str) else _facts(row) for name, row in rows.items()}
    except (OSError, ValueError, TypeError, AttributeError, KeyError) as error:
        raise WeightsError(
            f"what this run saw of its images, '{_NAME}', is damaged",
            do="Remove it to have them read again",
        ) from error


def write_seen(folder: Path, seen: Seen, write: AtomicWrite) -> None:
    """Keep what was seen.

    Raises
    ------
    SaveError
        If it cannot be written.
    """
    rows = {name: one if isinstance(one, str) else asdict(one) for name, one in seen.items()}
    text = json.dumps(rows) + "\n"

    def fill(part: Path) -> None:
        with part.open("w", encoding="utf-8") as stream:
            stream.write(text)

    write(folder / _NAME, fill, lambda _: None)


def _facts(row: dict[str, object]) -> ImageFacts:
    lists = {key: tuple(value) for key, value in row.items() if isinstance(value, list)}
    return ImageFacts(**{**row, **lists})  # type: ignore[arg-type]
