"""Things on neighbouring slices that are one object."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_medssl.segment.proposals import Proposal

    #: an object: the slices it is on, in order, and what was found there
    Chain = list[tuple[int, Proposal]]


def link(slices: Sequence[Sequence[Proposal]], least_overlap: float) -> list[Chain]:
    """Link things slice by slice, the most alike first; each goes on in one thing at most.

    Parameters
    ----------
    slices : sequence of sequences of Proposal
        What was found on each slice.
    least_overlap : float
        The overlap (IoU, 0..1) on neighbouring slices that makes two things one.

    Returns
    -------
    list of lists of (int, Proposal)
        Every thing is in one of them.
    """
    chains: list[Chain] = []
    ends: list[Chain] = []  # those that reach the slice before, in the order of its things
    for index, things in enumerate(slices):
        partners = _partners([chain[-1][1] for chain in ends], things, least_overlap)
        now: list[Chain] = []
        for number, thing in enumerate(things):
            chain = ends[partners[number]] if number in partners else []
            if not chain:
                chains.append(chain)
            chain.append((index, thing))
            now.append(chain)
        ends = now
    return chains


def overlap(one: Proposal, other: Proposal) -> float:
    """Overlap (IoU) of two things as if they lay on one slice."""
    low = np.maximum(one.corner, other.corner)
    high = np.minimum(np.add(one.corner, one.mask.shape), np.add(other.corner, other.mask.shape))
    if (low >= high).any():
        return 0.0
    both = np.count_nonzero(_part(one, low, high) & _part(other, low, high))
    either = np.count_nonzero(one.mask) + np.count_nonzero(other.mask) - both
    return both / either


def _part(thing: Proposal, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    (top, left), (bottom, right) = low - thing.corner, high - thing.corner
    return thing.mask[top:bottom, left:right]


def _partners(before: Sequence[Proposal], now: Sequence[Proposal], least: float) -> dict[int, int]:
    """Which thing before each thing now goes on from."""
    alike = [
        (overlap(one, other), b, n) for b, one in enumerate(before) for n, other in enumerate(now)
    ]
    partners: dict[int, int] = {}
    for value, b, n in sorted(alike, key=lambda found: -found[0]):
        if value < least:
            break
        if n not in partners and b not in partners.values():
            partners[n] = b
    return partners
