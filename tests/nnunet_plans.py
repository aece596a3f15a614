"""Plans of nnU-Net's as it writes them, of networks small enough to learn in a test."""

from __future__ import annotations

from typing import Any

STRIDES = ((1, 1, 1), (2, 2, 2), (2, 2, 2))


def plan(
    scheme: str = "ZScoreNormalization",
    *,
    channels: int = 1,
    transpose: list[int] | None = None,
    spacing: list[float] | None = None,
    strides: tuple[tuple[int, ...], ...] = STRIDES,
    residual: bool = False,
    features: tuple[int, ...] = (4, 6, 8),
) -> dict[str, Any]:
    """A plan of two configurations; that in 2-D is the one in 3-D without its first axis."""
    spacing = spacing or [1.0, 1.0, 1.0]
    seen = {"mean": 50.0, "std": 25.0, "percentile_00_5": 10.0, "percentile_99_5": 90.0}
    common = {
        "batch_size": 2,
        "normalization_schemes": [scheme] * channels,
        "use_mask_for_norm": [False] * channels,
    }
    return {
        "transpose_forward": transpose or [0, 1, 2],
        "foreground_intensity_properties_per_channel": {"0": seen},
        "configurations": {
            f"{dims}d{'_fullres' if dims == 3 else ''}": {
                **common,
                "patch_size": [16] * dims,
                "spacing": spacing[-dims:],
                "median_image_size_in_voxels": [20] * dims,
                "architecture": _architecture(dims, strides, features, residual=residual),
            }
            for dims in (2, 3)
        },
    }


def _architecture(
    dims: int,
    strides: tuple[tuple[int, ...], ...],
    features: tuple[int, ...],
    *,
    residual: bool,
) -> dict[str, Any]:
    stages = len(features)
    name = "ResidualEncoderUNet" if residual else "PlainConvUNet"
    return {
        "network_class_name": f"dynamic_network_architectures.architectures.unet.{name}",
        "arch_kwargs": {
            "n_stages": stages,
            "features_per_stage": list(features),
            "conv_op": f"torch.nn.modules.conv.Conv{dims}d",
            "kernel_sizes": [[3] * dims] * stages,
            "strides": [list(along[-dims:]) for along in strides],
            "n_blocks_per_stage" if residual else "n_conv_per_stage": [2] * stages,
            "n_conv_per_stage_decoder": [2] * (stages - 1),
            "conv_bias": True,
            "norm_op": f"torch.nn.modules.instancenorm.InstanceNorm{dims}d",
            "norm_op_kwargs": {"eps": 1e-05, "affine": True},
            "dropout_op": None,
            "dropout_op_kwargs": None,
            "nonlin": "torch.nn.LeakyReLU",
            "nonlin_kwargs": {"inplace": True},
        },
        "_kw_requires_import": ["conv_op", "norm_op", "dropout_op", "nonlin"],
    }


def nnunets_own(given: dict[str, Any], name: str, classes: int = 3) -> Any:
    """Build the network as nnU-Net does, by looking its classes up by their names."""
    import pydoc

    own = given["configurations"][name]
    made = own["architecture"]
    layers = dict(made["arch_kwargs"])
    for key in made["_kw_requires_import"]:
        layers[key] = pydoc.locate(layers[key]) if layers[key] else None
    kind: Any = pydoc.locate(made["network_class_name"])
    channels = len(own["normalization_schemes"])
    return kind(input_channels=channels, num_classes=classes, deep_supervision=False, **layers)
