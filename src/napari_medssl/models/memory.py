"""Whether memory ran out, whoever says so."""

from __future__ import annotations

import torch

#: what torch says when a processor's memory is out: a RuntimeError like any other
_OUT_OF_MEMORY = ("can't allocate memory", "not enough memory", "out of memory")


def ran_out(error: BaseException) -> bool:
    """Tell whether an error says that there was no memory left."""
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    return isinstance(error, RuntimeError) and any(s in str(error) for s in _OUT_OF_MEMORY)
