"""A SAM of a few thousand weights, and pictures with one bright object each to teach it."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
import torch
from segment_anything.modeling import (
    ImageEncoderViT,
    MaskDecoder,
    PromptEncoder,
    Sam,
    TwoWayTransformer,
)

from napari_medssl.finetune import Picture, pictures_of
from napari_medssl.models import model_card
from napari_medssl.models.promptable import Square
from napari_medssl.models.torch_engine import TorchEngine
from napari_medssl.volume import Geometry, Volume

SIDE = 64


def tiny_network(seed: int = 0) -> Any:
    torch.manual_seed(seed)
    encoder = ImageEncoderViT(
        img_size=SIDE,
        patch_size=16,
        embed_dim=16,
        depth=2,
        num_heads=2,
        out_chans=16,
        use_rel_pos=True,
        window_size=2,
        global_attn_indexes=(1,),
    )
    prompts = PromptEncoder(
        embed_dim=16, image_embedding_size=(4, 4), input_image_size=(SIDE, SIDE), mask_in_chans=4
    )
    talk = TwoWayTransformer(depth=2, embedding_dim=16, mlp_dim=32, num_heads=2)
    decoder = MaskDecoder(transformer_dim=16, transformer=talk, iou_head_hidden_dim=16)
    return Sam(encoder, prompts, decoder).eval()


def tiny_engine(seed: int = 0) -> TorchEngine:
    return TorchEngine(
        card=model_card("sam_vit_b"),
        network=tiny_network(seed),
        weights_hash=hashlib.sha256(str(seed).encode()).hexdigest(),
        device="cpu",
        square=Square(SIDE),
        prepare=lambda pixels: pixels / 255 - 0.5,
        antialias=False,
        box_margin=0.0,
    )


def volume_of(array: np.ndarray) -> Volume:
    """A (z, y, x) image of 1 mm."""
    stored = Geometry(array.shape[::-1], (1.0, 1.0, 1.0), direction=np.eye(3).tolist())
    return Volume.from_source_array(array.T, stored, name="made", format="made")


def bright_pictures(count: int, seed: int = 0, size: int = 48) -> list[Picture]:
    """Noise with one bright block each."""
    random = np.random.default_rng(seed)
    found = []
    for number in range(count):
        grey = random.integers(0, 90, (1, size, size)).astype(np.uint8)
        row, column = random.integers(4, size - 30, 2)
        height, width = random.integers(14, 26, 2)
        labels = np.zeros(grey.shape, np.uint8)
        labels[0, row : row + height, column : column + width] = 1
        grey[labels > 0] += 140
        found += pictures_of(
            f"p{number}", volume_of(grey), labels, smallest_px=100, smallest_voxels=1000
        )
    return found


class Heard:
    """A report that keeps what it is told, and may end the run."""

    def __init__(self, crash_at: int | None = None) -> None:
        self.losses: dict[int, float] = {}
        self.dice: dict[int, float] = {}
        self.done: list[tuple[float, float, str]] = []
        self.warnings: list[str] = []
        self._crash_at = crash_at

    def progress(
        self, done: float, total: float, doing: str = "", seconds_left: float | None = None
    ) -> None:
        self.done.append((done, total, doing))

    def metric(self, step: int, **values: Any) -> None:
        if "loss" in values:
            self.losses[step] = values["loss"]
            if step == self._crash_at:
                raise KeyboardInterrupt
        if "dice" in values:
            self.dice[step] = values["dice"]

    def warning(self, text: str) -> None:
        self.warnings.append(text)
