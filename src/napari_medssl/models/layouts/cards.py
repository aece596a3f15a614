"""Which foreign layouts of weights can be read: what is known of them, as data, without torch."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class LayoutCard:
    """What is known of a layout that a file can be in.

    Parameters
    ----------
    name, title : str
        Key, and words for people.
    method : str
        How such weights are trained, in a word.
    preparation : str
        Preset of ``volume.preparations`` that goes with them; empty where none does.
    modalities : tuple of str
        What they were trained on; empty when the file does not tell.
    trained_on, licence, source : str
        For people.
    """

    name: str
    title: str
    method: str
    preparation: str
    modalities: tuple[str, ...]
    trained_on: str
    licence: str
    source: str


@cache
def layout_cards() -> Mapping[str, LayoutCard]:
    """Return the cards of ``resources/layouts.json`` by name."""
    text = files("napari_medssl").joinpath("resources", "layouts.json").read_text("utf-8")
    rows = [{**row, "modalities": tuple(row["modalities"])} for row in json.loads(text)]
    return {row["name"]: LayoutCard(**row) for row in rows}
