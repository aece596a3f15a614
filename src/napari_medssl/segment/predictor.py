"""A network behind one call: its dimensions, its precision, and its mirror image."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from functools import cached_property
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

    from napari_medssl.models.networks.network import SegmentationNetwork

    Predict = Callable[[Tensor], Tensor]

#: sixteen bits that hold logits with enough digits, where a device has them
_HALF = {"cuda": torch.float16, "cpu": torch.bfloat16}


class Predictor:
    """A network as the sliding window sees it.

    Parameters
    ----------
    network : SegmentationNetwork
        In evaluation mode, on the device.
    device : str
        As `pick_device` returned it.
    """

    def __init__(self, network: SegmentationNetwork, device: str) -> None:
        self.network = network
        self.device = device
        self._kind = device.partition(":")[0]

    def predict(
        self, *, slice_axis: int | None, mirror_axis: int | None, half: bool | None
    ) -> Predict:
        """Return the call for windows (batch, channels, *three sides), giving as many logits.

        Parameters
        ----------
        slice_axis : int or None
            Of the sides: where a 2-D network's windows are one voxel deep.
        mirror_axis : int or None
            Of the sides: also look at the mirror image along it, and take the mean of logits.
        half : bool or None
            Whether to compute in 16 bits; None: on CUDA GPUs.
        """
        in_half = (self._kind == "cuda" if half is None else half) and self._kind in _HALF
        network: Predict = self.network if in_half or self._kind != "cpu" else self._quick

        def look(windows: Tensor) -> Tensor:
            with self._precision(in_half):
                if slice_axis is None:
                    return network(windows)
                return network(windows.squeeze(2 + slice_axis)).unsqueeze(2 + slice_axis)

        if mirror_axis is None:
            return look
        side = 2 + mirror_axis

        def look_twice(windows: Tensor) -> Tensor:
            return (look(windows) + look(windows.flip(side)).flip(side)) / 2

        return look_twice

    def free(self) -> None:
        """Give back memory that is kept for later, after a run that needed too much."""
        if self._kind == "cuda":
            torch.cuda.empty_cache()

    @cached_property
    def _quick(self) -> Predict:
        from napari_medssl.models.inference import prepare_for_inference

        return prepare_for_inference(self.network)

    def _precision(self, in_half: bool) -> AbstractContextManager[object]:
        if not in_half:
            return nullcontext()
        return torch.autocast(self._kind, _HALF[self._kind])
