"""What fine-tuning gained by beginning with a method's encoder, where that was measured."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Transfer:
    """A row of the table that ``benchmarks/pretrain_transfer.py`` prints.

    Four labelled hippocampi, drawn by the seed, 150 steps, judged on twenty others: once from what
    the method learned from 192 images without masks, once from random weights.

    Parameters
    ----------
    steps : int
        That the method took.
    network : str
        That it taught.
    learned, random : tuple of float
        Mean Dice by draw, from what was learned and from random weights.
    """

    steps: int
    network: str
    learned: tuple[float, ...]
    random: tuple[float, ...]

    @property
    def gain(self) -> float:
        """Mean over draws of what was gained; below 0 where something was lost."""
        pairs = zip(self.learned, self.random, strict=True)
        return sum(after - before for after, before in pairs) / len(self.random)

    @property
    def words(self) -> str:
        """Say it in a sentence."""
        after, before = (sum(dice) / len(dice) for dice in (self.learned, self.random))
        pairs = zip(self.learned, self.random, strict=True)
        gains = ", ".join(f"{one - other:+.3f}" for one, other in pairs)
        return (
            f"Measured with 4 labelled hippocampi, {self.network}, after {self.steps} steps: Dice "
            f"{after:.3f}, from random weights {before:.3f} (by draw {gains})."
        )
