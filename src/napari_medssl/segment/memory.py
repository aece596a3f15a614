"""How much memory a window takes, how many windows go together, and what to do when it runs out."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

import psutil
import torch
from torch.utils._python_dispatch import TorchDispatchMode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from napari_medssl.models.networks.network import SegmentationNetwork

Sides = tuple[int, ...]

#: a network's peak, in units of its largest map: two that go in, one that comes out, one kept
_MAPS_AT_ONCE = 4
#: part of the free memory that a run may take
_PART = 0.8
_MOST_TOGETHER = 8
#: voxels that keep a GPU, or a processor, busy
_ENOUGH = {"cpu": 64**3, "cuda": 4 * 96**3, "mps": 96**3}
_SHRINKINGS = 3


def free_bytes(device: str) -> int:
    """Return how much memory is free where a network runs."""
    if device.startswith("cuda"):
        free, _ = torch.cuda.mem_get_info(device)
        return int(free)
    return int(psutil.virtual_memory().available)


def window_bytes(network: SegmentationNetwork, window: Sides) -> int:
    """Estimate the memory that a network takes for one window, beside its weights.

    The network is run on numbers that take no memory, and its largest map looked for.

    Parameters
    ----------
    network : SegmentationNetwork
        On any device; it is not changed.
    window : tuple of int
        As many sides as the network has dimensions.
    """
    state = {**dict(network.named_parameters()), **dict(network.named_buffers())}
    shapes_only = {name: tensor.to("meta") for name, tensor in state.items()}
    image = torch.empty(1, network.in_channels, *window, device="meta")
    with torch.no_grad(), _LargestMap() as seen:
        torch.func.functional_call(network, shapes_only, (image,))
    largest: int = seen.bytes
    return _MAPS_AT_ONCE * largest


def windows_together(sides: Sides, bytes_each: int, free: int, device: str) -> int:
    """Return how many windows to predict at once: enough to be busy, few enough to fit."""
    voxels = 1
    for side in sides:
        voxels *= side
    busy = max(1, _ENOUGH[device.partition(":")[0]] // voxels)
    fits = max(1, int(_PART * free) // max(1, bytes_each))
    return min(busy, fits, _MOST_TOGETHER)


def smaller_windows(sides: Sides, multiple: int, smallest: int) -> Iterator[Sides]:
    """Yield windows of about half the voxels each time, as far as a network takes them."""

    def shrink(sides: Sides) -> Iterator[Sides]:
        while True:
            longest = max(range(len(sides)), key=sides.__getitem__)
            least = -(-max(smallest, multiple) // multiple) * multiple
            half = max(least, sides[longest] // 2 // multiple * multiple)
            if half >= sides[longest]:
                return
            sides = (*sides[:longest], half, *sides[longest + 1 :])
            yield sides

    yield from islice(shrink(sides), _SHRINKINGS)


class _LargestMap(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Watches what torch computes, and remembers the size of the largest result."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.bytes: int = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Compute, and look at what came out."""
        out = func(*args, **(kwargs or {}))
        for tensor in out if isinstance(out, tuple | list) else (out,):
            if isinstance(tensor, torch.Tensor):
                self.bytes = max(self.bytes, tensor.numel() * tensor.element_size())
        return out
