"""What fine-tuning gained by beginning with a method's encoder, where that was measured."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

#: with random weights alone, two means of three draws with the same cases differed by 0.026
_CHANCE = 0.03


@dataclass(frozen=True)
class Transfer:
    """A row of the table that ``benchmarks/pretrain_transfer.py`` prints.

    Four labelled hippocampi, drawn by the seed, judged on twenty others: from what the method
    learned from 192 images without masks, and from random weights.

    Parameters
    ----------
    steps : int
        That the method took.
    network : str
        That it taught.
    learned, random : tuple of float
        Mean Dice by draw of cases and of all else, from what was learned and from random weights;
        these may have been drawn more often.
    finetune_steps : int
        That learning from masks took.
    """

    steps: int
    network: str
    learned: tuple[float, ...]
    random: tuple[float, ...]
    finetune_steps: int = 150

    @property
    def gain(self) -> float:
        """What was gained on average; below 0 where something was lost."""
        return _mean(self.learned) - _mean(self.random[: len(self.learned)])

    @property
    def error(self) -> float:
        """Standard error of the gain, told from its draws."""
        gains = [a - b for a, b in zip(self.learned, self.random, strict=False)]
        mean = _mean(tuple(gains))
        return sqrt(sum((gain - mean) ** 2 for gain in gains) / (len(gains) - 1) / len(gains))

    @property
    def words(self) -> str:
        """Say it in two sentences, the second for whoever wants no figures."""
        after = _mean(self.learned)
        verdict = "no difference that one could tell from chance"
        if abs(self.gain) > max(_CHANCE, 2 * self.error):
            verdict = "a gain" if self.gain > 0 else "a loss"
        return (
            f"Measured in 3-D on MR of hippocampi, taught for {self.steps} steps without masks and "
            f"{self.finetune_steps} with those of 4 cases: Dice {after:.3f}, from random weights "
            f"{after - self.gain:.3f}. "
            f"That is {verdict}; on your images it may be otherwise."
        )


def _mean(dice: tuple[float, ...]) -> float:
    return sum(dice) / len(dice)
