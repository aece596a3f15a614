"""Where a job is computed: on what device of which engine, and by how many processes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_medssl.errors import UsageError

if TYPE_CHECKING:
    from napari_medssl.jobs.engine import Engine
    from napari_medssl.jobs.engines import Engines


@dataclass(frozen=True)
class Workplace:
    """Where a job is computed.

    Parameters
    ----------
    engine : Engine
        What runs it.
    device : str
        For its spec.
    processes : int
        How many work on it together.
    threads : int or None
        Of the processor, in all; all there are where None.
    """

    engine: Engine
    device: str
    processes: int
    threads: int | None


def place_elsewhere(
    engines: Engines,
    name: str,
    device: str,
    *,
    threads: int | None = None,
    processes: int | None = None,
) -> Workplace:
    """Choose where beyond this machine a job is computed, from what a person said.

    Parameters
    ----------
    engines : Engines
        Knows the engine.
    name : str
        Of an engine, not ``"here"``.
    device : str
        ``"auto"``, or one of another machine: only its kind counts.
    threads, processes : int, optional
        As many as the engine gives a job unless given.

    Raises
    ------
    UsageError
        If there is no such engine, or it has no such device.
    """
    settings = engines.settings(name)
    kind = device.partition(":")[0]
    if kind == "auto":
        kind = "cuda" if settings.gpus else "cpu"
    if kind not in ("cpu", "cuda") or (kind == "cuda" and not settings.gpus):
        raise UsageError(
            f"the device '{device}' for jobs of '{name}', which gives them "
            f"{settings.gpus or 'no'} GPUs",
            expected="auto, cpu, or cuda where there are GPUs",
        )
    count = processes or (settings.gpus if kind == "cuda" else 1)
    if kind == "cuda" and count > settings.gpus:
        raise UsageError(
            f"{count} processes for {settings.gpus} GPUs", expected="one for each at most"
        )
    return Workplace(engines.named(name), kind, count, threads or settings.cpus)
