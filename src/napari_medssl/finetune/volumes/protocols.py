"""How a network is taught, as papers say it: what stays as it is, and what it is measured by.

Optimiser, schedule of the rate and augmentation are ours in any of them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from napari_medssl.errors import UsageError

if TYPE_CHECKING:
    from napari_medssl.finetune.volumes.plan import VolumePlan

OURS = "ours"


@dataclass(frozen=True)
class Protocol:
    """A way to teach.

    Parameters
    ----------
    name, about : str
        Key on the command line, and a sentence for people.
    networks : tuple of str
        Keys of the `NetworkCard`s that it is for; empty for all.
    frozen_encoder : bool
        Whether the encoder, with all that its norms counted, stays as it was.
    first, last : (entropy, Dice)
        Weights of the two parts of the loss at the first and at the last step.
    balanced : bool
        Whether in the entropy each class counts alike, however rare.
    reconstruction : float
        Part of the whole loss, 0 to 1, that the network's drawing of the image is worth.
    """

    name: str
    about: str
    networks: tuple[str, ...] = ()
    frozen_encoder: bool = False
    first: tuple[float, float] = (1.0, 1.0)
    last: tuple[float, float] = (1.0, 1.0)
    balanced: bool = False
    reconstruction: float = 0.0

    def parts_at(self, step: int, steps: int) -> tuple[float, float]:
        """Return the weights of entropy and Dice at a step, counted from 0."""
        done = step / max(1, steps - 1)
        entropy, dice = (a + (b - a) * done for a, b in zip(self.first, self.last, strict=True))
        return entropy, dice


#: by name; in the paper of the kidney network the last weights are not printed: those are ours
PROTOCOLS = {
    one.name: one
    for one in (
        Protocol(OURS, "The whole network learns, the sum of Dice and entropy."),
        Protocol(
            "decoder",
            "The encoder stays as it was and only the decoder learns: this measures the encoder, "
            "as Singh and Cirrone (MedSASS) compare theirs.",
            frozen_encoder=True,
        ),
        Protocol(
            "kidney",
            "From entropy, each class counted alike, to Dice, and a tenth for an image drawn from "
            "the deepest map, as Dhere and Sivaswamy teach their kidney network.",
            networks=("kidney_dense",),
            first=(0.6, 0.4),
            last=(0.2, 0.8),
            balanced=True,
            reconstruction=0.1,
        ),
    )
}


def protocol(name: str) -> Protocol:
    """Return a protocol by its name.

    Raises
    ------
    UsageError
        If there is none of that name.
    """
    if name not in PROTOCOLS:
        raise UsageError(f"the protocol '{name}'", expected=f"one of {', '.join(PROTOCOLS)}")
    return PROTOCOLS[name]


def require_protocol(name: str, *, network: str | None, begins_with_weights: bool) -> None:
    """Check that a protocol makes sense.

    Parameters
    ----------
    name : str
        Of the protocol.
    network : str or None
        Key of a `NetworkCard`; None where it is chosen later.
    begins_with_weights : bool
        Whether there are weights to begin with.

    Raises
    ------
    UsageError
        If there is no such protocol, it is not for the network, or it would keep an encoder as it
        is that knows nothing.
    """
    wanted = protocol(name)
    if wanted.networks and network not in wanted.networks:
        other = f"the network '{network}'" if network else "a network that is chosen by the images"
        raise UsageError(
            f"the protocol '{name}' with {other}",
            expected=f"the network {' or '.join(wanted.networks)}",
        )
    if wanted.frozen_encoder and not begins_with_weights:
        raise UsageError(
            f"the protocol '{name}' from scratch: it keeps the encoder as it is",
            expected="an encoder that has learned",
            do="Name one with --init",
        )


def under(plan: VolumePlan, name: str) -> VolumePlan:
    """Return a plan that follows a protocol, and says so."""
    wanted = protocol(name)
    if name == OURS:
        return plan
    return replace(plan, protocol=name, encoder_rate=1.0, reasons=(*plan.reasons, wanted.about))
