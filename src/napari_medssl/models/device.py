"""Where a network runs: the processor, or a GPU if there is one."""

from __future__ import annotations

import platform

from napari_medssl.errors import UsageError


def pick_device(wanted: str = "auto") -> str:
    """Turn a wish into the name of a device that is there.

    Parameters
    ----------
    wanted : str
        ``"auto"`` (a CUDA GPU if there is one, else the processor), ``"cpu"``, ``"cuda"``,
        ``"cuda:N"`` or ``"mps"``.

    Raises
    ------
    UsageError
        If the device is unknown or not on this machine.
    """
    import torch

    if wanted == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    kind, _, number = wanted.partition(":")
    if kind not in ("cpu", "cuda", "mps") or (number and not (kind == "cuda" and number.isdigit())):
        raise UsageError(f"the device '{wanted}'", expected="auto, cpu, cuda, cuda:N or mps")
    there = {
        "cpu": True,
        "cuda": torch.cuda.is_available() and int(number or 0) < torch.cuda.device_count(),
        "mps": torch.backends.mps.is_available(),
    }
    if not there[kind]:
        raise UsageError(
            f"the device '{wanted}', which this machine does not have",
            do="Choose auto or cpu, or run 'medssl doctor' to see what is here",
        )
    return wanted


def devices_here() -> list[tuple[str, str]]:
    """Return the devices of this machine, the best first: their names, and words for people."""
    import torch

    there = [f"cuda:{n}" for n in range(torch.cuda.device_count())]
    there += ["mps"] if torch.backends.mps.is_available() else []
    return [(name, describe_device(name)) for name in (*there, "cpu")]


def describe_device(device: str) -> str:
    """Name a device that `pick_device` returned in words for people."""
    import torch

    if device.startswith("cuda"):
        memory = torch.cuda.get_device_properties(device).total_memory / 2**30
        return f"the GPU {torch.cuda.get_device_name(device)} with {memory:.0f} GiB"
    if device == "mps":
        return "the GPU of this Mac"
    return f"the processor ({torch.get_num_threads()} threads, {platform.machine()})"
