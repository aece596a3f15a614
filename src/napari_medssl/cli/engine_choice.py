"""Where a job is computed: on what device of which engine, and by how many processes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_medssl.errors import UsageError

if TYPE_CHECKING:
    from napari_medssl.jobs import Engine


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


def choose_workplace(
    name: str, device: str, *, threads: int | None = None, processes: int | None = None
) -> Workplace:
    """Choose where a job is computed from what a person said.

    Parameters
    ----------
    name : str
        Of an engine; ``"here"`` is this machine.
    device : str
        As `pick_device` takes it; of another machine only its kind counts.
    threads, processes : int, optional
        As many as the engine gives a job unless given.

    Raises
    ------
    UsageError
        If there is no such engine, or no such device here.
    """
    from napari_medssl.jobs.engines import Engines

    engines = Engines()
    if name == "here":
        return Workplace(
            engines.here, _device_here(device, processes or 1), processes or 1, threads
        )
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


def _device_here(device: str, processes: int) -> str:
    from napari_medssl.models.device import devices_here, pick_device

    found = pick_device(device)
    gpus = sum(name.startswith("cuda") for name, _ in devices_here()) if processes > 1 else 0
    if processes > 1 and found.startswith("cuda") and processes > gpus:
        raise UsageError(f"{processes} processes for {gpus} GPUs", expected="one for each at most")
    return found
