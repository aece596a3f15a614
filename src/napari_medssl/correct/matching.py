"""Which label of a mask a model's class is: by name, then by value, else a new one."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence


class Named(Protocol):
    """A class of a model, or a label of a mask."""

    @property
    def value(self) -> int:
        """Its number, from 1."""

    @property
    def name(self) -> str:
        """Words for people."""


def match_classes(
    classes: Sequence[Named], labels: Sequence[Named], unnamed: Collection[int] = ()
) -> dict[int, int]:
    """Return for each class the label it most likely is.

    Parameters
    ----------
    classes : sequence
        Of the model.
    labels : sequence
        Of the mask.
    unnamed : collection of int
        Labels that nobody has named yet. Only these are matched by value: a label 1 that is called
        spleen is not the liver of a model because that happens to be its class 1.

    Returns
    -------
    dict of int to int
        Value of the class -> value of the label. A value that no label has stands for a new one:
        the class's own where it is free. No two classes get one label.
    """
    by_name = {_plain(label.name): label.value for label in reversed(labels)}
    found: dict[int, int] = {}
    for one in classes:
        value = by_name.get(_plain(one.name))
        if value is not None and value not in found.values():
            found[one.value] = value
    for one in classes:
        if one.value not in found and one.value in unnamed and one.value not in found.values():
            found[one.value] = one.value
    taken = {label.value for label in labels} | set(found.values())
    for one in classes:
        if one.value not in found and one.value not in taken:
            found[one.value] = one.value
            taken.add(one.value)
    for one in classes:
        if one.value not in found:
            found[one.value] = max(taken) + 1
            taken.add(found[one.value])
    return {one.value: found[one.value] for one in classes}


def _plain(name: str) -> str:
    """A name without what people write differently: ``"Left_Kidney"`` is ``"left kidney"``."""
    return re.sub(r"[\W_]+", " ", name).strip().casefold()
