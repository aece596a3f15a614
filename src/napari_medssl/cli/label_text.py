"""Labels as they are typed and printed: ``1,liver,#e65a28``."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from napari_medssl.errors import UsageError

if TYPE_CHECKING:
    from napari_medssl.io import LabelInfo


def parse_label(text: str) -> LabelInfo:
    """Read ``VALUE,NAME[,#RRGGBB]``; a colour is chosen where none is given.

    Raises
    ------
    UsageError
        If the text is nothing of the kind.
    """
    from napari_medssl.io.label_table import unnamed_label

    match = re.fullmatch(r"\s*(\d+)\s*,\s*(.+?)\s*(?:,\s*#([0-9a-fA-F]{6})\s*)?", text)
    if match is None or "#" in match[2]:
        raise UsageError(f"the label '{text}'", expected="VALUE,NAME or VALUE,NAME,#RRGGBB")
    info = replace(unnamed_label(int(match[1])), name=match[2])
    if match[3] is None:
        return info
    red, green, blue = bytes.fromhex(match[3])
    return replace(info, colour=(red, green, blue))


def label_facts(info: LabelInfo) -> dict[str, Any]:
    """Return a label ready for JSON."""
    return {"value": info.value, "name": info.name, "colour": hex_colour(info)}


def hex_colour(info: LabelInfo) -> str:
    """Return a label's colour as ``#rrggbb``."""
    red, green, blue = info.colour
    return f"#{red:02x}{green:02x}{blue:02x}"
