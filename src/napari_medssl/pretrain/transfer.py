"""What fine-tuning gained by beginning with a method's encoder, where that was measured."""

from __future__ import annotations

from dataclasses import dataclass

#: means of three draws differ by so much with random weights alone
_CHANCE = 0.01


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
        """Say it in two sentences, the second for whoever wants no figures."""
        after, before = (sum(dice) / len(dice) for dice in (self.learned, self.random))
        verdict = "no difference that three draws tell from chance"
        if abs(self.gain) > _CHANCE:
            verdict = "a gain" if self.gain > 0 else "a loss"
        return (
            f"Measured in 3-D on MR of hippocampi, taught for {self.steps} steps without masks and "
            f"150 with those of 4 cases: Dice {after:.3f}, from random weights {before:.3f}. "
            f"That is {verdict}; on your images it may be otherwise."
        )
