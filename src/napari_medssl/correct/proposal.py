"""What a model found in an image, until a person has accepted or discarded it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_medssl.correct.history import AUTOMATIC
from napari_medssl.errors import GeometryError, UsageError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from numpy.typing import NDArray


@dataclass(frozen=True)
class ProposedClass:
    """One class of a model.

    Parameters
    ----------
    value : int
        Its voxels' value in the proposal, from 1.
    name : str
        Words for people.
    colour : (red, green, blue), optional
        0..255 each.
    """

    value: int
    name: str
    colour: tuple[int, int, int] | None = None


@dataclass(frozen=True, eq=False)
class Proposal:
    """A label map that a model made by itself, and where it came from.

    Parameters
    ----------
    labels : (z, y, x) unsigned array
        Values of classes, on the image's grid.
    classes : tuple of ProposedClass
        What can be accepted.
    model, title : str
        The model's name, and words for people.
    weights_sha256 : str
        Hash of its weights.
    settings : mapping
        What it was run with: plain values.
    uncertainty : (z, y, x) uint8 array, optional
        Percent, 0 to 100.
    notices : tuple of str
        Sentences about it.
    made : str
        When, in ISO format.

    Raises
    ------
    GeometryError
        If the uncertainty is not of the label map's shape.
    UsageError
        If two classes have one value, or one is below 1.
    """

    labels: NDArray[Any]
    classes: tuple[ProposedClass, ...]
    model: str
    title: str
    weights_sha256: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    uncertainty: NDArray[np.uint8] | None = None
    notices: tuple[str, ...] = ()
    made: str = ""

    def __post_init__(self) -> None:
        if self.uncertainty is not None and self.uncertainty.shape != self.labels.shape:
            raise GeometryError(
                f"an uncertainty of {self.uncertainty.shape} voxels",
                expected=f"{self.labels.shape}, as the labels",
            )
        values = [one.value for one in self.classes]
        if len(set(values)) != len(values) or min(values, default=1) < 1:
            raise UsageError(f"classes with the values {values}", expected="each once, from 1")

    def named(self, names: Collection[str]) -> tuple[int, ...]:
        """Return the values of classes by name, or by value as text.

        Raises
        ------
        UsageError
            If there is no such class.
        """
        known = {one.name.casefold(): one.value for one in reversed(self.classes)}
        known |= {str(one.value): one.value for one in self.classes}
        for name in names:
            if name.casefold() not in known:
                raise UsageError(
                    f"the label '{name}'", expected=", ".join(one.name for one in self.classes)
                )
        return tuple(known[name.casefold()] for name in names)

    def without(self, values: Collection[int]) -> Proposal:
        """Return what is left of it when some classes are accepted; their voxels stay known."""
        return replace(self, classes=tuple(c for c in self.classes if c.value not in values))

    def record(self, targets: Mapping[int, int]) -> tuple[dict[str, Any], ...]:
        """Return how labels came about, one entry a label, for the step that accepts them.

        Parameters
        ----------
        targets : mapping of int to int
            Values of the classes accepted -> values of the labels they became.
        """
        names = {one.value: one.name for one in self.classes}
        return tuple(
            {
                "label": label,
                "engine": self.title,
                "model": self.model,
                "weights_sha256": self.weights_sha256,
                "class": names[value],
                "settings": dict(self.settings),
                "made": self.made,
                AUTOMATIC: True,
            }
            for value, label in targets.items()
        )


def in_percent(uncertainty: NDArray[Any]) -> NDArray[np.uint8]:
    """Return an uncertainty of 0 to 1 in whole percent; what is no number is 100."""
    percent = np.empty(uncertainty.shape, np.uint8)
    for at, plane in enumerate(uncertainty):  # a float copy of a whole scan would be large
        sure = np.nan_to_num(plane.astype(np.float32), nan=1.0)
        percent[at] = np.rint(np.clip(sure, 0, 1) * 100)
    return percent
