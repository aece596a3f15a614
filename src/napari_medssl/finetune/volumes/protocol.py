"""What makes up a way to teach: what learns, the loss, the optimiser, its rate, and the crops."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from napari_medssl.finetune.volumes.schedules import Cosine, Schedule

Learns = Literal["everything", "decoder", "nothing"]
OptimiserName = Literal["adamw", "adam"]

_OUR_SCHEDULE = Cosine()


@dataclass(frozen=True)
class DiceForm:
    """Which of the Dice losses.

    Parameters
    ----------
    above, below : float
        What is added to both sides of the fraction: where a class is neither drawn nor found, no
        number is divided by 0.
    squared : bool
        Whether below the fraction's line likelihoods are squared.
    background : bool
        Whether the background is a class as any other.
    apiece : bool
        Whether each crop has a Dice of its own, instead of one over the batch.
    """

    above: float = 1.0
    below: float = 1.0
    squared: bool = False
    background: bool = False
    apiece: bool = False


@dataclass(frozen=True)
class Changes:
    """How crops are taken and changed by chance, as a paper says it; each part may be left out.

    Parameters
    ----------
    on_a_label : float
        Part of the crops whose middle is drawn on a label; the others lie anywhere.
    moved : float
        By how much of its sides a crop is then moved, at most.
    quarter_turns : float
        Chance of 90, 180 or 270 degrees in the plane of the last two axes.
    flips : tuple of (int, float)
        Axes of the volume (0 up, 1 to the back, 2 to the left), and the chance to mirror along
        them; along the last only where no label lies on one side.
    sized : (float, float)
        What a crop is stretched by.
    bent : float
        By how much of its sides a crop is bent, at most.
    scaled, shifted : (chance, most)
        Grey values times 1 plus, and then plus, up to so much.
    blurred : (chance, least, most)
        Width of a Gaussian along each axis in the plane, in voxels.
    noisy : (chance, width)
        Gaussian noise.
    """

    on_a_label: float = 0.5
    moved: float = 0.0
    quarter_turns: float = 0.0
    flips: tuple[tuple[int, float], ...] = ()
    sized: tuple[float, float] = (1.0, 1.0)
    bent: float = 0.0
    scaled: tuple[float, float] = (0.0, 0.0)
    shifted: tuple[float, float] = (0.0, 0.0)
    blurred: tuple[float, float, float] = (0.0, 0.0, 0.0)
    noisy: tuple[float, float] = (0.0, 0.0)


#: crops as they are, from anywhere in the case
UNCHANGED = Changes(on_a_label=0.67, moved=0.25)


@dataclass(frozen=True)
class Protocol:
    """A way to teach.

    Parameters
    ----------
    name, title, about : str
        Key on the command line, a few words for the window, and what is followed, in a sentence.
    unprinted : str
        What the paper does not print, or a run here does otherwise; empty where nothing is.
    networks : tuple of str
        Keys of the `NetworkCard`s that it is for; empty for all.
    learns : {"everything", "decoder", "nothing"}
        What changes. The rest stays as it was, with all that its norms counted.
    first, last : (entropy, Dice)
        Weights of the two parts of the loss at the first and at the last step.
    balanced : bool
        Whether in the entropy each class counts alike, however rare.
    dice : DiceForm
        Which Dice.
    reconstruction : float
        Part of the whole loss, 0 to 1, that the network's drawing of the image is worth.
    optimiser : {"adamw", "adam"}
        In Adam, decay is part of the gradient.
    rate, decay : float or None
        Highest step length, and weight decay; None leaves them to the plan.
    decays_all : bool
        Whether biases and norms decay too.
    schedule : Cosine or Plateau
        How the rate goes on.
    batch : int or None
        Crops a step, where the machine bears as many; None leaves it to the plan.
    changes : Changes or None
        How crops are changed; None for ours, which are the plan's.
    averaged : bool
        Whether what is judged and kept is the running average of the weights, not the last.
    """

    name: str
    title: str
    about: str
    unprinted: str = ""
    networks: tuple[str, ...] = ()
    learns: Learns = "everything"
    first: tuple[float, float] = (1.0, 1.0)
    last: tuple[float, float] = (1.0, 1.0)
    balanced: bool = False
    dice: DiceForm = DiceForm()
    reconstruction: float = 0.0
    optimiser: OptimiserName = "adamw"
    rate: float | None = None
    decay: float | None = None
    decays_all: bool = True
    schedule: Schedule = _OUR_SCHEDULE
    batch: int | None = None
    changes: Changes | None = None
    averaged: bool = True

    def parts_at(self, step: int, steps: int) -> tuple[float, float]:
        """Return the weights of entropy and Dice at a step, counted from 0."""
        done = min(1.0, step / max(1, steps - 1))
        entropy, dice = (a + (b - a) * done for a, b in zip(self.first, self.last, strict=True))
        return entropy, dice

    def suits(self, network: str | None) -> bool:
        """Tell whether it is for a network; None for one that is chosen by the images."""
        return not self.networks or network in self.networks
