"""The ways to teach there are, which of them suit a network, and plans that follow one."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from napari_medssl.errors import UsageError
from napari_medssl.finetune.volumes.printed_protocols import PRINTED
from napari_medssl.finetune.volumes.protocol import Protocol

if TYPE_CHECKING:
    from napari_medssl.finetune.volumes.plan import VolumePlan

OURS = "ours"

#: by name, in the order to show them
PROTOCOLS = {
    one.name: one
    for one in (
        Protocol(
            OURS,
            title="The whole network learns",
            about="The whole network learns, the sum of Dice and entropy.",
        ),
        Protocol(
            "decoder",
            title="Only the decoder learns",
            about="The encoder stays as it was and only the decoder learns: this measures the "
            "encoder.",
            learns="decoder",
        ),
        *PRINTED,
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
    if not wanted.suits(network):
        other = f"the network '{network}'" if network else "a network that is chosen by the images"
        raise UsageError(
            f"the protocol '{name}' with {other}",
            expected=f"the network {' or '.join(wanted.networks)}",
        )
    if wanted.learns != "everything" and not begins_with_weights:
        raise UsageError(
            f"the protocol '{name}' from scratch: it keeps the encoder as it is",
            expected="an encoder that has learned",
            do="Name one with --init",
        )


def require_judges(name: str, there: bool) -> None:
    """Check that under a protocol there is something to do.

    Parameters
    ----------
    name : str
        Of the protocol.
    there : bool
        Whether there are cases to judge by.

    Raises
    ------
    UsageError
        If nothing learns, and nothing is judged.
    """
    if protocol(name).learns == "nothing" and not there:
        raise UsageError(
            f"the protocol '{name}', under which nothing learns, and no case to judge by",
            expected="at least one",
            do="Hold some out with --val-images or --val-fraction",
        )


def require_teaching(name: str, network: str | None) -> None:
    """Check that a protocol makes sense where a network is to learn.

    Parameters
    ----------
    name : str
        Of the protocol.
    network : str or None
        Of the weights that it begins with; None where it begins with random ones.

    Raises
    ------
    UsageError
        If it does not, as `require_protocol` says, or if nothing learns under it.
    """
    require_protocol(name, network=network, begins_with_weights=network is not None)
    if protocol(name).learns == "nothing":
        raise UsageError(
            f"the protocol '{name}', under which nothing learns",
            expected=f"one of {', '.join(offered_protocols(network))}",
            do="Judge by it with 'medssl finetune'",
        )


def offered_protocols(network: str | None) -> dict[str, str]:
    """Return what may be chosen to learn by: names, and titles for people.

    Parameters
    ----------
    network : str or None
        Of the weights that it begins with; None where it begins with random ones.
    """
    return {
        one.name: one.title
        for one in PROTOCOLS.values()
        if one.suits(network)
        and one.learns != "nothing"
        and (network is not None or one.learns == "everything")
    }


def under(plan: VolumePlan, name: str) -> VolumePlan:
    """Return a plan that follows a protocol, and says so."""
    wanted = protocol(name)
    if name == OURS:
        return plan
    batch = plan.batch if wanted.batch is None else min(plan.batch, wanted.batch)
    told = [wanted.about, wanted.unprinted]
    if wanted.batch not in (None, batch):
        told.append(f"The paper takes {wanted.batch} crops a step; this machine bears {batch}.")
    return replace(
        plan,
        protocol=name,
        rate=plan.rate if wanted.rate is None else wanted.rate,
        decay=plan.decay if wanted.decay is None else wanted.decay,
        batch=batch,
        encoder_rate=1.0,
        steps=1 if wanted.learns == "nothing" else plan.steps,
        reasons=(*plan.reasons, *filter(None, told)),
    )
