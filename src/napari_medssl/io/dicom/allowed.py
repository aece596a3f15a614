"""What may stay in a de-identified header: a list of what is allowed, so that nothing is missed.

Numbers that place and scale voxels stay, terms of the standard stay, identifiers stay to be
replaced. Free text, times, private elements and whatever is not listed go.
"""

from __future__ import annotations

import json
from copy import copy
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from pydicom import Dataset
from pydicom.datadict import dictionary_VR, keyword_for_tag
from pydicom.uid import UID

from napari_medssl.io.dicom.tags import PARSER_FAILURES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pydicom import DataElement

    _Rule = Callable[[DataElement], DataElement | None]


@cache
def _listed() -> Mapping[str, frozenset[str]]:
    """Return the lists of ``resources/dicom_allowed.json``."""
    text = files("napari_medssl").joinpath("resources", "dicom_allowed.json").read_text("utf-8")
    return {name: frozenset(listed) for name, listed in json.loads(text).items()}


@cache
def _rules() -> Mapping[str, _Rule]:
    """Return what decides on each keyword that may stay."""
    judges: dict[str, _Rule] = {
        "numbers": _number,
        "terms": _term,
        "sequences": _sequence,
        "classes": _class,
        "replaced": _replaced,
        "tables": _table,
    }
    return {keyword: judge for name, judge in judges.items() for keyword in _listed()[name]}


def allowed_keywords() -> tuple[str, ...]:
    """Return everything that may stay, by keyword."""
    return tuple(_rules())


def replaced_keywords() -> tuple[str, ...]:
    """Return what may stay under another value, the same new one for each original."""
    return tuple(_listed()["replaced"])


def allowed_part(ds: Dataset) -> Dataset:
    """Return a copy of what a dataset may keep, sequences included; pixels are left out.

    What is to be replaced is still the original's.
    """
    kept = Dataset()
    for tag in ds.keys():  # noqa: SIM118 - a Dataset is not a dict
        rule = _rules().get(keyword_for_tag(tag)) if not tag.is_private else None
        if rule is None:
            continue
        try:
            element = rule(copy(ds[tag]))
        except PARSER_FAILURES:
            continue  # a value that cannot be read cannot be judged
        if element is not None:
            kept.add(element)
    return kept


def _number(element: DataElement) -> DataElement | None:
    """Keep what is a number, whatever kind of value the file calls it."""
    many = element.value if element.VM > 1 else [element.value]
    if element.VR in ("SH", "LO"):
        return element if all(str(value).isdigit() for value in many) else None
    if element.VR != "AT":
        [float(value) for value in many if value not in (None, "")]  # raises for anything else
    return element


def _term(element: DataElement) -> DataElement | None:
    """Keep those of its values that are words of the standard."""
    many = element.value if element.VM > 1 else [element.value]
    known = [value for value in map(str, many) if value.upper() in _listed()["words"]]
    if not known:
        return None
    element.value = known if len(known) > 1 else known[0]
    return element


def _sequence(element: DataElement) -> DataElement:
    element.value = [allowed_part(item) for item in element.value]
    return element


def _class(element: DataElement) -> DataElement | None:
    return element if UID(str(element.value)).type == "SOP Class" else None


def _replaced(element: DataElement) -> DataElement | None:
    """Keep it for now, if it is of the kind that is replaced; a date must be one, to be moved."""
    text = str(element.value)
    if element.VR == "DA" and not (text.isdigit() and len(text) == 8):
        return None
    return element if dictionary_VR(element.tag) == element.VR else None


def _table(element: DataElement) -> DataElement | None:
    return element if isinstance(element.value, bytes) else None
