"""Published ways to prepare an image, by name, from ``resources/preprocessing.json``."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from napari_medssl.errors import UsageError
from napari_medssl.volume.pipeline import Pipeline

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Preparation:
    """A named pipeline.

    Parameters
    ----------
    name, title : str
        Key on the command line and in a checkpoint, and words in the window.
    text : str
        What it does, where it comes from, and what it leaves out.
    pipeline : Pipeline
        The steps.
    """

    name: str
    title: str
    text: str
    pipeline: Pipeline


@cache
def preparations() -> Mapping[str, Preparation]:
    """Return the presets by name, in the order to show them."""
    resource = files("napari_medssl").joinpath("resources", "preprocessing.json")
    rows = [
        Preparation(row["name"], row["title"], row["text"], Pipeline.from_steps(row["steps"]))
        for row in json.loads(resource.read_text("utf-8"))
    ]
    return {row.name: row for row in rows}


def preparation(name: str) -> Preparation:
    """Return one preset.

    Raises
    ------
    UsageError
        If there is none of that name.
    """
    try:
        return preparations()[name]
    except KeyError:
        raise UsageError(
            f"the preset '{name}'", expected=f"one of {', '.join(preparations())}"
        ) from None
