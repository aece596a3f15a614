"""Where a job is computed, as the command line is told: here, or on an engine beyond."""

from __future__ import annotations

from napari_medssl.errors import UsageError
from napari_medssl.jobs.workplace import Workplace, place_elsewhere


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
    return place_elsewhere(engines, name, device, threads=threads, processes=processes)


def _device_here(device: str, processes: int) -> str:
    from napari_medssl.models.device import devices_here, pick_device

    found = pick_device(device)
    gpus = sum(name.startswith("cuda") for name, _ in devices_here()) if processes > 1 else 0
    if processes > 1 and found.startswith("cuda") and processes > gpus:
        raise UsageError(f"{processes} processes for {gpus} GPUs", expected="one for each at most")
    return found
