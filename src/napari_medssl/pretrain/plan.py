"""How an encoder is pre-trained: all that the result depends on, beside the images. No torch."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Literal, get_args

from napari_medssl.errors import UsageError
from napari_medssl.pretrain.images.slicing import upright
from napari_medssl.pretrain.learning.schedules import cosine, warm_up_cosine

if TYPE_CHECKING:
    from collections.abc import Mapping

Optimiser = Literal["adamw", "adam", "sgd", "lars"]
Precision = Literal["float32", "bfloat16"]

#: what a run leaves, with its card beside it
WEIGHTS = "encoder.safetensors"


@dataclass(frozen=True)
class PretrainPlan:
    """How an encoder is pre-trained.

    Parameters
    ----------
    method : str
        Key of a `MethodCard`.
    network : str
        Key of a `NetworkCard`.
    dimensions, in_channels : int
        2 or 3; channels of the image.
    preparation : tuple of mapping
        How images are made ready, as `volume.Pipeline.from_steps` reads it.
    crop : tuple of int
        Sides of what the encoder sees at once, in the prepared image's axes.
    batch, steps : int
        Images a step; how often weights change.
    settings : mapping
        The method's own, such as ``{"masked": 0.7}``; see its file.
    arguments : mapping
        What the network is built with beside dimensions, channels and classes.
    slice_axis : int
        The axis of the prepared image that stands across slices. A 2-D network sees those; in 3-D
        what turns or mirrors does so within them.
    accumulate : int
        In how many parts a batch goes through the network: less memory, the same gradient for
        methods that look at one image at a time.
    optimiser : {"adamw", "adam", "sgd", "lars"}
        What turns gradients into steps.
    rate, last_rate, decay : float
        Highest step length, the last one, and weight decay.
    last_decay : float or None
        Weight decay in the end, along a cosine; None keeps it.
    warm_up : int
        Steps in which the rate rises.
    plateau : int
        The rate is halved after more epochs than so many without a lower loss, instead of falling
        along a cosine; 0 lets it fall.
    clip : float
        Longest slope: longer ones, over all weights, are shortened to it; 0 leaves them.
    seed : int
        Decides every random draw.
    save_every : int
        Steps between two states on the disk: what a kill can cost.
    precision : {"float32", "bfloat16"}
        Of the network's arithmetic.
    threads : int
        Processor threads: sums come out bit by bit the same only with as many.
    stop_on_collapse : bool
        Whether a run ends early once its warning light has burned for a while.
    reasons : tuple of str
        Sentences that say why it was chosen so.

    Raises
    ------
    UsageError
        If one of them is out of range.
    """

    method: str
    network: str
    dimensions: int
    preparation: tuple[Mapping[str, Any], ...]
    crop: tuple[int, ...]
    batch: int
    steps: int
    settings: Mapping[str, Any] = field(default_factory=dict)
    arguments: Mapping[str, Any] = field(default_factory=dict)
    in_channels: int = 1
    slice_axis: int = 0
    accumulate: int = 1
    optimiser: Optimiser = "adamw"
    rate: float = 1e-3
    last_rate: float = 0.0
    decay: float = 1e-2
    last_decay: float | None = None
    warm_up: int = 0
    plateau: int = 0
    clip: float = 3.0
    seed: int = 0
    save_every: int = 25
    precision: Precision = "float32"
    threads: int = 1
    stop_on_collapse: bool = False
    reasons: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if len(self.crop) != self.dimensions or self.dimensions not in (2, 3):
            raise UsageError(
                f"crops of {len(self.crop)} sides in {self.dimensions}-D", expected="a side an axis"
            )
        for name in ("batch", "steps", "accumulate", "save_every", "threads"):
            if getattr(self, name) < 1:
                raise UsageError(f"{name} of {getattr(self, name)}", expected="1 or more")
        if self.batch % self.accumulate:
            raise UsageError(
                f"a batch of {self.batch} in {self.accumulate} parts", expected="equal parts"
            )
        for name, words in (("optimiser", get_args(Optimiser)), ("precision", get_args(Precision))):
            if getattr(self, name) not in words:
                raise UsageError(
                    f"{name}={getattr(self, name)}", expected=f"one of {', '.join(words)}"
                )
        if any(side < 1 for side in self.crop):
            raise UsageError(f"crops of {self.crop}", expected="sides of 1 voxel or more")
        if not self.rate > 0 or self.decay < 0 or self.last_rate < 0:
            raise UsageError(
                f"a rate of {self.rate:g}, at last {self.last_rate:g}, and a decay of "
                f"{self.decay:g}",
                expected="a rate above 0, the others 0 or more",
            )

    @property
    def upright(self) -> tuple[int, ...]:
        """A crop's axes in order: across slices (in 3-D), rows, columns."""
        return upright(self.preparation, self.dimensions, self.slice_axis)

    def decay_at(self, step: int) -> float:
        """Return the weight decay of a step, counted from 0."""
        last = self.decay if self.last_decay is None else self.last_decay
        return cosine(step, self.steps, self.decay, last)

    def rate_at(self, step: int) -> float:
        """Return the step length of a step, counted from 0, before any `plateau`."""
        if self.plateau:
            return self.rate * min(1.0, (step + 1) / max(1, self.warm_up))
        return warm_up_cosine(step, self.steps, self.rate, warm_up=self.warm_up, end=self.last_rate)

    def setting(self, name: str, default: Any) -> Any:
        """Return one of the method's own settings."""
        return self.settings.get(name, default)

    def as_row(self) -> dict[str, Any]:
        """Return it as plain data."""
        return asdict(self)

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> PretrainPlan:
        """Read what `as_row` returned, before or after JSON."""
        lists = {key: tuple(value) for key, value in row.items() if isinstance(value, list)}
        return cls(**{**row, **lists})
