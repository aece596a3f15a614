"""Files in the exact layouts that others write, made of random weights."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from napari_medssl.models import litemedsam, mobilesam
from napari_medssl.models.networks.network import SegmentationNetwork, build_network

SMIT_V1 = {"feature_size": 12, "legacy_unpartition": True}
SMIT_12 = {"feature_size": 16, "legacy_unpartition": True}
SWIN = {"feature_size": 12, "legacy_merging": True}
SWIN_NEW = {"feature_size": 12, "patch_norm": False}


def network(name: str, **arguments: Any) -> SegmentationNetwork:
    torch.manual_seed(3)
    made = build_network(name, **arguments)
    for tensor in made.state_dict().values():
        if tensor.is_floating_point():
            tensor += 0.02 * torch.rand_like(tensor)
    return made.eval()


def bare(made: SegmentationNetwork) -> dict[str, Tensor]:
    """The encoder's tensors without the name of the encoder."""
    (part,) = made.encoder_parts
    return {name.removeprefix(part + "."): t for name, t in made.encoder_state().items()}


def before(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {prefix + name: tensor for name, tensor in tensors.items()}


def fc(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name.replace(".mlp.linear", ".mlp.fc"): t for name, t in tensors.items()}


def smit_v1(made: SegmentationNetwork) -> Any:
    return before("module.", {"mask_token": torch.zeros(1, 1, 12), **bare(made)})


def smit_v1_of_the_script(made: SegmentationNetwork) -> Any:
    return {"epoch": 3, "state_dict": smit_v1(made), "optimizer": {"state": {}}}


def smit_student(made: SegmentationNetwork) -> Any:
    student = {
        **before("backbone.transformer.", {"mask_token": torch.zeros(1, 1, 16), **bare(made)}),
        "backbone.transformer.cls_token": torch.zeros(1, 1, 128),
        "backbone.transformer.blocks_token_only.0.norm1.weight": torch.ones(128),
        "backbone.norm_cls.weight": torch.ones(64),
        "backbone.decoder1.weight": torch.ones(8, 8, 1, 1, 1),
        "head.mlp.0.weight": torch.ones(4, 4),
    }
    teacher = {name: torch.full_like(tensor, 7) for name, tensor in student.items()}
    return {
        "student": before("module.", student),
        "teacher": teacher,
        "optimizer": {"state": {}, "param_groups": []},
        "epoch": 100,
        "args": argparse.Namespace(arch="swin", lr=0.0004, betas=(0.9, 0.95)),
        "loss": {"total": 1.25},
    }


def smit_whole(made: SegmentationNetwork) -> Any:
    whole = {"transformer.mask_token": torch.zeros(1, 1, 12), **made.state_dict()}
    return {"state_dict": whole, "epoch": 9, "best_acc": np.float64(0.8)}


def swinvit(made: SegmentationNetwork) -> Any:
    heads = {
        "rotation_head.weight": torch.ones(4, 192),
        "contrastive_head.weight": torch.ones(512, 192),
        "conv.0.weight": torch.ones(2, 2, 3, 3, 3),
    }
    tensors = before("module.", {**fc(bare(made)), **heads})
    return {"epoch": 100, "state_dict": tensors, "optimizer": {"param_groups": []}}


def btcv(made: SegmentationNetwork) -> Any:
    return {"epoch": 5000, "best_acc": 0.8, "state_dict": made.state_dict()}


def dae(made: SegmentationNetwork) -> Any:
    doubled = {}
    for name, tensor in fc(bare(made)).items():
        doubled[name.replace(".0.", ".0.0.", 1) if name.startswith("layers") else name] = tensor
    extra = {
        "encoder.mask_token": torch.zeros(1, 1, 12),
        "encoder.norm.weight": torch.ones(192),
        "encoder.norm.bias": torch.ones(192),
        "out.conv.conv.weight": torch.ones(1, 1, 1, 1, 1),
        "decoder.conv.weight": torch.ones(2),
    }
    model = {**before("encoder.", doubled), **extra}
    return {"model": model, "epoch": 20, "max_accuracy": np.float32(0.1)}


def simsiam(made: SegmentationNetwork) -> Any:
    heads = {"projector.0.weight": torch.ones(3, 3), "predictor.3.bias": torch.ones(3)}
    return {**before("backbone.model.", bare(made)), **heads}


def own_encoder(prefix: str) -> Any:
    return lambda made: {"state_dict": before(prefix, bare(made))}


def own_whole(made: SegmentationNetwork) -> Any:
    return before("module.", made.state_dict())


def mobile_sam() -> dict[str, Tensor]:
    torch.manual_seed(3)
    return {
        **mobilesam.build().state_dict(),
        "image_encoder.norm_head.weight": torch.ones(320),
        "image_encoder.norm_head.bias": torch.zeros(320),
        "image_encoder.head.weight": torch.ones(1000, 320),
        "image_encoder.head.bias": torch.zeros(1000),
    }


def lite_medsam() -> dict[str, Tensor]:
    return before("module.", litemedsam.build().state_dict())


def nnunet() -> Any:
    weights = {
        "encoder.stages.0.0.convs.0.conv.weight": torch.zeros(32, 1, 3, 3, 3),
        "encoder.stages.0.0.convs.0.norm.weight": torch.zeros(32),
        "decoder.seg_layers.0.weight": torch.zeros(3, 32, 1, 1, 1),
    }
    labels = {"background": 0, "anterior": 1, "posterior": 2}
    return {
        "network_weights": before("_orig_mod.", weights),
        "optimizer_state": {"state": {}, "param_groups": []},
        "grad_scaler_state": None,
        "logging": {"ema_fg_dice": [np.float64(0.5)], "lrs": [0.01], "mean": [np.float32(0.1)]},
        "_best_ema": np.float64(0.5),
        "current_epoch": 1,
        "init_args": {
            "plans": {"plans_name": "nnUNetPlans"},
            "configuration": "3d_fullres",
            "fold": 0,
            "dataset_json": {"labels": labels, "channel_names": {"0": "MRI"}},
        },
        "trainer_name": "nnUNetTrainer",
        "inference_allowed_mirroring_axes": (0, 1, 2),
    }


def saved(content: Any, path: Path) -> Path:
    torch.save(content, path)
    return path
