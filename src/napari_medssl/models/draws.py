"""Chance that can be repeated: every draw depends on a seed, its purpose, the step and the item.

So nothing of chance has to be stored: a run that was killed draws the same again.
"""

from __future__ import annotations

import hashlib

import numpy as np


def draws(seed: int, purpose: str, step: int = 0, item: int = 0) -> np.random.Generator:
    """Return the random numbers of one item at one step, for one purpose."""
    digest = hashlib.sha256(f"{seed} {purpose} {step} {item}".encode()).digest()
    return np.random.default_rng(int.from_bytes(digest[:16], "little"))


def batch_at(seed: int, step: int, size: int, of: int, *, apart: int = 1) -> list[int]:
    """Return which of ``of`` items are learned from at a step, each as often as the others.

    Items are shuffled anew each time all of them had their turn.

    Parameters
    ----------
    seed, step, size, of : int
        Of the run; of the batch; of all that there is.
    apart : int
        Of so many one after the other, of which a batch is a multiple, none is there twice: what
        does not fill them up is left out of a round, by chance. Not where there are fewer items.
    """
    places, turn = range(step * size, (step + 1) * size), of // apart * apart or of
    orders = {e: draws(seed, "order", e).permutation(of) for e in {p // turn for p in places}}
    return [int(orders[place // turn][place % turn]) for place in places]
