"""A proposal as a table: each class with its label and what accepting it would change."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_medssl.io.label_table import Colour, unnamed_label

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from napari_medssl._napari.presenters.mask.document import LabelRow
    from napari_medssl.correct.merge import Difference
    from napari_medssl.correct.proposal import Proposal, ProposedClass
    from napari_medssl.volume import Volume


@dataclass(frozen=True)
class ReviewRow:
    """One class of a proposal as the panel lists it.

    Parameters
    ----------
    value : int
        The class.
    name : str
        What the model calls it.
    colour : (red, green, blue)
        0..255 each.
    target : int
        The label that it becomes.
    choices : tuple of (str, int)
        Labels that it could become.
    locked : bool
        Whether that label is locked, so that nothing of it can change.
    amounts : (added, removed, same) or None
        As text, in the unit that `unit_of` tells; None while they are worked out.
    """

    value: int
    name: str
    colour: Colour
    target: int
    choices: tuple[tuple[str, int], ...]
    locked: bool
    amounts: tuple[str, str, str] | None


def review_rows(
    proposal: Proposal,
    targets: Mapping[int, int],
    labels: Sequence[LabelRow],
    difference: Difference | None,
    volume: Volume,
) -> list[ReviewRow]:
    """Return a row a class.

    Parameters
    ----------
    proposal : Proposal
        What was found.
    targets : mapping of int to int
        Values of its classes -> values of labels.
    labels : sequence of LabelRow
        Those of the mask.
    difference : Difference or None
        What accepting would change, once that is known.
    volume : Volume
        The image, for the size of a voxel.
    """
    known = {row.info.value: row for row in labels}

    def row(one: ProposedClass) -> ReviewRow:
        target = targets[one.value]
        label = known.get(target)
        colour = one.colour or (label.info if label else unnamed_label(target)).colour
        counts = difference.counts.get(one.value) if difference is not None else None
        told = (counts.added, counts.removed, counts.same) if counts is not None else None
        return ReviewRow(
            one.value,
            one.name,
            colour,
            target,
            _choices(one, targets, known),
            label is not None and label.locked,
            None if told is None else _amounts(told, volume),
        )

    return [row(one) for one in proposal.classes]


def left_alone(voxels: int) -> str:
    """Say how many voxels a model does not change, and why."""
    noun = "voxel stays as it is" if voxels == 1 else "voxels stay as they are"
    return f"{voxels:,} {noun}: edited by hand, on a finished slice, locked, or of another label."


def _choices(
    one: ProposedClass, targets: Mapping[int, int], known: Mapping[int, LabelRow]
) -> tuple[tuple[str, int], ...]:
    """Labels there are, and a new one."""
    target = targets[one.value]
    new = target if target not in known else max((*known, *targets.values())) + 1
    there = [(row.info.name, value) for value, row in known.items()]
    return (*there, ("New label", new))


def _amounts(voxels: tuple[int, int, int], volume: Volume) -> tuple[str, str, str]:
    added, removed, same = (_amount(count, volume) for count in voxels)
    return added, removed, same


def unit_of(volume: Volume) -> str:
    """Return in what sizes are told: ``"ml"``, or ``"px"`` where a voxel has no known size."""
    return "ml" if volume.spacing_known and volume.stack == "space" else "px"


def _amount(voxels: int, volume: Volume) -> str:
    if unit_of(volume) == "px":
        return f"{voxels:,}"
    ml = voxels * float(np.prod(volume.geometry.spacing_mm)) / 1000
    return f"{ml:,.{2 if ml < 10 else 1 if ml < 100 else 0}f}"
