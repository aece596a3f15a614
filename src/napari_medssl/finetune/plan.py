"""What a fine-tuning of a promptable network is told: needs no torch."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, get_args

from napari_medssl.errors import UsageError

Mode = Literal["decoder", "lora", "everything", "points"]

#: AdamW's step length, by what is learned
_RATES: dict[Mode, float] = {"decoder": 1e-4, "lora": 2e-4, "everything": 3e-5, "points": 3e-4}


@dataclass(frozen=True)
class SamPlan:
    """How SAM, MedSAM or LiteMedSAM is fine-tuned.

    Parameters
    ----------
    mode : {"decoder", "lora", "everything", "points"}
        What is learned: the mask decoder alone, as MedSAM's first version did (every picture is
        embedded but once); the decoder and LoRA on the image encoder; every weight; or a prompt
        encoder and a decoder for points alone, while those of the network go on to answer boxes.
    steps, batch : int
        How often weights change, and from how many objects each time.
    seed : int
        Decides every random draw.
    rate : float, optional
        The highest step length of AdamW; by mode when None. It warms up over a tenth of the steps
        and then falls along a cosine to 0.
    decay : float
        Weight decay of AdamW.
    rank : int
        Rank of LoRA's matrices.
    jitter : float
        Pixels, on a picture whose longer side has 1,024, by which each side of a box is moved at
        most; inwards never more than a tenth of the box.
    points : float
        Part of the prompts that is a point instead of a box, 0 to 1; 1 in the mode ``"points"``.
    clicks : int
        The most points that one object gets: each after the first lies where the mask was most
        wrong.
    smallest_px, smallest_voxels : int
        Objects with fewer pixels on a slice, or fewer voxels in a volume, are left out.
    check_every : int
        Steps between two checks on the held-out images; each also saves the state.

    Raises
    ------
    UsageError
        If one of them is out of range.

    References
    ----------
    Ma et al., Segment anything in medical images, 2024: frozen encoders, Dice and cross-entropy,
    boxes moved by 0 to 20 of 1,024 pixels, objects below 100 pixels or 1,000 voxels left out.
    """

    mode: Mode = "decoder"
    steps: int = 300
    batch: int = 4
    seed: int = 0
    rate: float | None = None
    decay: float = 0.01
    rank: int = 4
    jitter: float = 20.0
    points: float = 0.0
    clicks: int = 1
    smallest_px: int = 100
    smallest_voxels: int = 1000
    check_every: int = 50

    def __post_init__(self) -> None:
        if self.mode not in get_args(Mode):
            raise UsageError(f"the mode '{self.mode}'", expected=f"one of {', '.join(_RATES)}")
        for name in ("steps", "batch", "rank", "clicks", "check_every"):
            if getattr(self, name) < 1:
                raise UsageError(f"{name} of {getattr(self, name)}", expected="1 or more")
        if not 0 <= self.points <= 1:
            raise UsageError(f"points of {self.points:g}", expected="0 to 1")
        if self.mode == "points" and self.points < 1:
            raise UsageError(
                f"points of {self.points:g} in the mode 'points'",
                expected="1: boxes stay as they are",
            )
        if not 0 < self.highest_rate < 1 or self.jitter < 0 or self.decay < 0:
            raise UsageError(
                f"a rate of {self.highest_rate:g}, a jitter of {self.jitter:g} and a decay of "
                f"{self.decay:g}",
                expected="a rate between 0 and 1, and the others 0 or more",
            )

    @property
    def corrects(self) -> bool:
        """Whether the outline that a further click corrects is a prompt beside it."""
        return self.mode == "points" and self.clicks > 1

    @property
    def frozen_encoder(self) -> bool:
        """Whether the image encoder stays as it is, so that a picture is embedded but once."""
        return self.mode in ("decoder", "points")

    @property
    def highest_rate(self) -> float:
        """The step length after warming up."""
        return _RATES[self.mode] if self.rate is None else self.rate

    def rate_at(self, step: int) -> float:
        """Return the step length of a step, counted from 0: a function of nothing else."""
        warm = max(1, self.steps // 10)
        if step < warm:
            return self.highest_rate * (step + 1) / warm
        done = (step - warm) / max(1, self.steps - warm)
        return self.highest_rate * 0.5 * (1 + math.cos(math.pi * done))
