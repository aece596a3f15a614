"""The same network, quicker on a processor: other code for the same sums.

A processor spends more than half of a Swin UNETR's time not on sums but on moving numbers: into and
out of the layout that its convolutions want, into new memory for every norm and every attention
map. Here channels lie last in memory throughout, norms and sums are done in place, and attention
never writes its map down. Weights are shared, not changed; results agree to rounding (1e-5).
"""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any

import torch
from monai.networks.blocks.dynunet_block import UnetResBlock
from monai.networks.nets.swin_unetr import BasicLayer
from torch import Tensor, nn
from torch.nn import functional

from napari_medssl.models.swin_inference import QuickStage

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_medssl.models.networks.network import SegmentationNetwork

_LAYOUT = {4: torch.channels_last, 5: torch.channels_last_3d}
_CONVOLUTIONS = (nn.Conv2d, nn.Conv3d)
_NORMS = (nn.InstanceNorm2d, nn.InstanceNorm3d)
#: numbers normed at a time: as many as stay in a processor's cache
_PIECE = 1 << 21


def prepare_for_inference(network: SegmentationNetwork) -> Callable[[Tensor], Tensor]:
    """Return what gives the network's logits more quickly on a processor.

    Parameters
    ----------
    network : SegmentationNetwork
        In evaluation mode on the processor. Its weights are shared: they are laid out anew in
        memory, and must not be changed as long as the result is used.

    Returns
    -------
    callable
        Image (batch, channels, *sides) -> logits (batch, classes, *sides), to be called in
        `torch.inference_mode`.
    """
    layout = _LAYOUT[network.dimensions + 2]
    for tensor in network.parameters():
        if tensor.ndim == network.dimensions + 2:
            tensor.data = tensor.data.contiguous(memory_format=layout)
    shared = {id(tensor): tensor for tensor in (*network.parameters(), *network.buffers())}
    quick = deepcopy(network, shared)
    _replace_parts(quick)

    def logits(image: Tensor) -> Tensor:
        out: Tensor = quick(image.contiguous(memory_format=layout))
        return out

    return logits


def _replace_parts(module: nn.Module) -> None:
    for name, child in module.named_children():
        quicker = _quicker(child)
        if quicker is None:
            _replace_parts(child)
        else:
            setattr(module, name, quicker)


def _quicker(module: nn.Module) -> nn.Module | None:
    """Return another module for the same sums, or None where there is none better."""
    if isinstance(module, UnetResBlock):
        return QuickResidual(module)
    if type(module) is BasicLayer and QuickStage.fits(module):
        return QuickStage(module)
    if isinstance(module, _NORMS) and not module.track_running_stats:
        return QuickInstanceNorm(module)
    if isinstance(module, _CONVOLUTIONS) and _is_pointwise(module):
        return QuickPointwise(module)
    return None


def _is_pointwise(module: nn.Conv2d | nn.Conv3d) -> bool:
    ones = (1,) * len(module.kernel_size)
    alone = module.kernel_size == ones and module.stride == ones and module.groups == 1
    return alone and not any(p for p in module.padding if p != 0)


class QuickPointwise(nn.Module):
    """A convolution of a single voxel: one matrix product, with channels last."""

    def __init__(self, convolution: nn.Conv2d | nn.Conv3d) -> None:
        super().__init__()
        self.weight = nn.Parameter(convolution.weight.flatten(1), requires_grad=False)
        self.bias = convolution.bias

    def forward(self, x: Tensor) -> Tensor:
        """Return (batch, channels out, *sides)."""
        return functional.linear(x.movedim(1, -1), self.weight, self.bias).movedim(-1, 1)


class QuickInstanceNorm(nn.Module):
    """Instance norm that keeps channels last."""

    def __init__(self, norm: Any) -> None:
        super().__init__()
        self.weight, self.bias, self.eps = norm.weight, norm.bias, norm.eps

    def forward(self, x: Tensor) -> Tensor:
        """Return the same shape, normed over each image and channel."""
        return self.in_place(x.clone(memory_format=_LAYOUT[x.ndim]))

    def in_place(self, x: Tensor) -> Tensor:
        """Norm ``x`` where it lies, and return it; a copy if its channels do not lie last."""
        x = x.contiguous(memory_format=_LAYOUT[x.ndim])
        for image in x.movedim(1, -1):
            self._norm_rows(image.view(-1, image.shape[-1]))
        return x

    def _norm_rows(self, rows: Tensor) -> None:
        # torch's batch norm adds up all rows in one go, which costs it three of seven digits
        pieces = torch.split(rows, max(1, _PIECE // rows.shape[1]))
        mean = rows.mean(0)
        squares, rest = torch.zeros_like(mean), torch.zeros_like(mean)
        for piece in pieces:
            piece.sub_(mean)
            squares += (piece * piece).sum(0)
            rest += piece.sum(0)
        # what rounding left of the mean counts where all rows are alike, as in air
        rest /= len(rows)
        scale = (squares / len(rows) - rest * rest).clamp_(min=0).add_(self.eps).rsqrt_()
        scale = scale if self.weight is None else scale * self.weight
        shift = -rest * scale if self.bias is None else self.bias - rest * scale
        for piece in pieces:
            torch.addcmul(shift, piece, scale, out=piece)


class QuickResidual(nn.Module):
    """MONAI's residual block of two convolutions, its norms and sums done in place."""

    def __init__(self, block: UnetResBlock) -> None:
        super().__init__()
        self.first = nn.Sequential(block.conv1, block.norm1)
        self.second = nn.Sequential(block.conv2, block.norm2)
        self.beside = nn.Sequential(block.conv3, block.norm3) if block.downsample else None
        self.activation = block.lrelu
        _replace_parts(self)

    def forward(self, x: Tensor) -> Tensor:
        """Return (batch, channels out, *sides)."""
        out = self.activation(_convolved(self.first, x))
        out = _convolved(self.second, out)
        out += x if self.beside is None else _convolved(self.beside, x)
        activated: Tensor = self.activation(out)
        return activated


def _convolved(pair: Any, x: Tensor) -> Tensor:
    convolution, norm = pair
    out: Tensor = convolution(x)
    in_place = isinstance(norm, QuickInstanceNorm) and out.dtype == torch.float32
    normed: Tensor = norm.in_place(out) if in_place else norm(out)
    return normed
