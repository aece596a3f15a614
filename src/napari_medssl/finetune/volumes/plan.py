"""How a network is taught a few cases: all that the result depends on, beside the cases."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from napari_medssl.errors import UsageError
from napari_medssl.finetune.volumes.protocols import protocol
from napari_medssl.finetune.volumes.schedules import Plateau

if TYPE_CHECKING:
    from collections.abc import Mapping

Precision = Literal["float32", "bfloat16"]

#: among what learning leaves in its folder: the network, with its card beside it
WEIGHTS = "model.safetensors"


@dataclass(frozen=True)
class VolumePlan:
    """How a network is taught.

    Parameters
    ----------
    network : str
        Key of a `NetworkCard`.
    arguments : mapping
        What it is built with beside dimensions, channels and classes.
    dimensions, in_channels : int
        2 or 3; channels of the image.
    values : tuple of int
        Label values that outputs 1, 2, ... stand for.
    preparation : tuple of mapping
        How images are made ready, as `volume.Pipeline.from_steps` reads it.
    patch : tuple of int
        Sides of a crop.
    slice_axis : int
        Of a 2-D network, the axis of the prepared image across which slices are cut.
    batch, steps : int
        Crops a step; how often weights change.
    seed : int
        Decides every random draw.
    rate, decay : float
        The optimiser's highest step length, and its weight decay.
    encoder_rate : float
        By what the step length of the encoder is multiplied: below 1 for one that knows something.
    known_parts : tuple of str
        Children of the encoder that begin with weights, where not all do: the others learn with
        the decoder.
    mirrored : bool
        Whether left and right may be exchanged: no label is one-sided.
    turned : float
        Degrees by which crops are turned at most, where a protocol does not say it.
    corrected_weight : float
        How much more a corrected voxel counts.
    protocol : str
        Key of `PROTOCOLS`: what learns, from which loss, with which optimiser and schedule, and how
        crops are changed.
    check_every : int
        Steps between two looks at the held-out cases.
    precision : {"float32", "bfloat16"}
        Of the network's arithmetic.
    checkpointing : bool
        Whether activations are computed twice instead of being kept, which saves memory.
    channels_last : bool
        Whether channels lie beside each other in memory, as GPUs compute convolutions.
    compiled : bool
        Whether the network is compiled before it learns.
    threads : int
        Processor threads: sums come out bit by bit the same only with as many.
    reasons : tuple of str
        Sentences that say why it was chosen so.

    Raises
    ------
    UsageError
        If one of them is out of range.
    """

    network: str
    dimensions: int
    values: tuple[int, ...]
    preparation: tuple[Mapping[str, Any], ...]
    patch: tuple[int, ...]
    steps: int
    arguments: Mapping[str, Any] = field(default_factory=dict)
    in_channels: int = 1
    slice_axis: int = 0
    batch: int = 2
    seed: int = 0
    rate: float = 1e-3
    decay: float = 1e-2
    encoder_rate: float = 1.0
    known_parts: tuple[str, ...] = ()
    mirrored: bool = False
    turned: float = 20.0
    corrected_weight: float = 2.0
    protocol: str = "ours"
    check_every: int = 50
    precision: Precision = "float32"
    checkpointing: bool = False
    channels_last: bool = False
    compiled: bool = False
    threads: int = 1
    reasons: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if len(self.patch) != self.dimensions or self.dimensions not in (2, 3):
            raise UsageError(f"crops of {self.patch} in {self.dimensions}-D")
        for name in ("steps", "batch", "check_every", "threads"):
            if getattr(self, name) < 1:
                raise UsageError(f"{name} of {getattr(self, name)}", expected="1 or more")
        if not self.values:
            raise UsageError("no label to learn", expected="at least one")
        if not 0 < self.rate < 1 or self.decay < 0 or self.encoder_rate < 0:
            raise UsageError(
                f"a rate of {self.rate:g} and a decay of {self.decay:g}",
                expected="a rate between 0 and 1, and a decay of 0 or more",
            )

    @property
    def average(self) -> float:
        """How much of the running average of weights stays at each step; 0 takes the last ones."""
        if not protocol(self.protocol).averaged:
            return 0.0
        return 1 - 1 / max(10.0, min(1000.0, self.steps / 20))

    @property
    def save_every(self) -> int:
        """Steps between two states on the disk: what a kill can cost."""
        return max(1, self.check_every // 4)

    def rate_at(self, step: int, lowered: int = 0) -> float:
        """Return the step length of a step, counted from 0.

        Parameters
        ----------
        step : int
            Which.
        lowered : int
            How often it was lowered before, as nothing was gained.
        """
        schedule = protocol(self.protocol).schedule
        if isinstance(schedule, Plateau):
            return self.rate * schedule.factor**lowered
        return self.rate * schedule.share_at(step, self.steps)

    def as_row(self) -> dict[str, Any]:
        """Return it as plain data."""
        return asdict(self)

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> VolumePlan:
        """Read what `as_row` returned, before or after JSON."""
        lists = {key: tuple(value) for key, value in row.items() if isinstance(value, list)}
        return cls(**{**row, **lists})
