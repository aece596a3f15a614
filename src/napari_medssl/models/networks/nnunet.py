"""nnU-Net's own networks as it plans them: plain or residual, each axis strided by itself.

The modules are those of dynamic_network_architectures, which nnunetv2 brings, so an encoder that
learned here goes into nnU-Net tensor by tensor.
"""

from __future__ import annotations

import math
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from torch import Tensor, nn

from napari_medssl.errors import MedSSLError, UsageError
from napari_medssl.models.networks.network import Features, SegmentationNetwork

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

#: architecture -> what it calls the number of blocks of a stage
_BLOCKS = {"PlainConvUNet": "n_conv_per_stage", "ResidualEncoderUNet": "n_blocks_per_stage"}
#: a plan's arguments that name a class of torch
_CLASSES = ("conv_op", "norm_op", "dropout_op", "nonlin")
#: where nnU-Net's blocks hold their layers in order; what they hold beside are second names
_IN_ORDER = "all_modules"


class NnunetUNet(SegmentationNetwork):
    """A network of nnU-Net's, cut into its encoder and its decoder.

    nnU-Net lists each tensor under two to four names, and heads for deep supervision that no
    output comes from; here each tensor has one name, and the heads are left out.

    Parameters
    ----------
    dimensions, in_channels, classes : int
        As in `SegmentationNetwork`.
    whole : Module
        nnU-Net's, fresh.

    References
    ----------
    Isensee 2021 (nnU-Net) and 2024 (residual encoders); methods.md section 2.
    """

    encoder_parts = ("encoder",)

    def __init__(self, *, dimensions: int, in_channels: int, classes: int, whole: Any) -> None:
        factors = tuple(math.prod(along) for along in zip(*whole.encoder.strides, strict=True))
        multiple = math.lcm(*factors)
        super().__init__(
            dimensions=dimensions,
            in_channels=in_channels,
            classes=classes,
            multiple=multiple,
            deepest_channels=whole.encoder.output_channels[-1],
            smallest=2 * multiple,  # instance norm needs more than one voxel at the deepest
            factors=factors,
        )
        self.encoder, self.decoder = whole.encoder, whole.decoder
        del self.decoder.encoder
        self.decoder.seg_layers = nn.ModuleList([self.decoder.seg_layers[-1]])
        for block in list(self.modules()):
            for name in _second_names(block):
                delattr(block, name)

    def encode(self, image: Tensor) -> Features:
        """Return what every stage gave: the last is the deepest map, the others are skips."""
        *skips, deepest = self.encoder(image)
        return Features(tuple(skips), deepest)

    def decode(self, image: Tensor, features: Features) -> Tensor:
        """Return logits; the image is not looked at again."""
        logits: Tensor = self.decoder([*features.skips, features.deepest])
        return logits


def build(
    *,
    dimensions: int,
    in_channels: int,
    classes: int,
    architecture: str = "PlainConvUNet",
    **layers: Any,
) -> NnunetUNet:
    """Build it from a plan; what the plan does not say is as nnU-Net plans large cubes.

    Parameters
    ----------
    dimensions, in_channels, classes : int
        As in `SegmentationNetwork`.
    architecture : str
        ``"PlainConvUNet"`` or ``"ResidualEncoderUNet"``.
    **layers
        ``arch_kwargs`` of a plans file: features, kernels and strides of each stage, and so on;
        classes of torch by their names.

    Raises
    ------
    MedSSLError
        If nnU-Net is not installed.
    UsageError
        If the architecture is another, or a class is none of torch's.
    """
    if find_spec("dynamic_network_architectures") is None:
        raise MedSSLError(
            "nnU-Net's network comes with nnU-Net, which is not installed",
            do="Run 'pip install napari-medssl[nnunet]', and try again",
        )
    if architecture not in _BLOCKS:
        raise UsageError(
            f"the architecture '{architecture}' of a plan", expected=" or ".join(_BLOCKS)
        )
    unet = import_module("dynamic_network_architectures.architectures.unet")
    given = {**_usual(dimensions, architecture, layers), **layers}
    named = {name: _class_of_torch(given.get(name)) for name in _CLASSES}
    if named["conv_op"] is not (nn.Conv2d if dimensions == 2 else nn.Conv3d):
        raise UsageError(f"a plan of '{given['conv_op']}'", expected=f"one in {dimensions}-D")
    kind = getattr(unet, architecture)
    whole = kind(input_channels=in_channels, num_classes=classes, **{**given, **named})
    whole.apply(whole.initialize)  # nnU-Net's own draws
    return NnunetUNet(dimensions=dimensions, in_channels=in_channels, classes=classes, whole=whole)


def _usual(dimensions: int, architecture: str, given: Mapping[str, Any]) -> dict[str, Any]:
    features: Sequence[int] = given.get("features_per_stage", (32, 64, 128, 256, 320))
    stages = len(features)
    return {
        "n_stages": stages,
        "features_per_stage": features,
        "conv_op": f"torch.nn.Conv{dimensions}d",
        "kernel_sizes": 3,
        "strides": (1, *(2,) * (stages - 1)),
        _BLOCKS[architecture]: 2,
        "n_conv_per_stage_decoder": 2,
        "conv_bias": True,
        "norm_op": f"torch.nn.InstanceNorm{dimensions}d",
        "norm_op_kwargs": {"eps": 1e-5, "affine": True},
        "nonlin": "torch.nn.LeakyReLU",
        "nonlin_kwargs": {"inplace": True},
    }


def _class_of_torch(name: str | None) -> type[nn.Module] | None:
    """Return a class by its name; nothing is imported for it, as a plan may be anybody's."""
    if name is None:
        return None
    found = getattr(nn, name.rpartition(".")[2], None)
    if not name.startswith("torch.nn.") or not isinstance(found, type):
        raise UsageError(f"'{name}' in a plan", expected="a class of torch.nn")
    return found


def _second_names(block: nn.Module) -> list[str]:
    """Return the children of a block that its row of layers holds too."""
    children = dict(block.named_children())
    row = {id(layer) for layer in children.get(_IN_ORDER, nn.Sequential()).children()}
    own = list(block._modules.items())  # named_children tells each module once
    return [name for name, layer in own if name != _IN_ORDER and id(layer) in row]
