"""A network for tests that outlines whatever is bright within a box, and counts its work."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from napari_medssl.models import ModelCard, model_card
from napari_medssl.models.promptable import DECODED_SIDE, Decoded, Embedding, Square

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(eq=False)
class BrightEngine:
    """Knows no points unless told to; its score falls with the bright part a box cuts off."""

    points: bool = False
    clicks: bool = False
    corrects: bool = False
    weights_hash: str = "0" * 64
    points_hash: str = ""
    device: str = "cpu"
    square: Square = field(default_factory=lambda: Square(DECODED_SIDE))
    encoded: list[tuple[int, ...]] = field(default_factory=list)
    shown: list[NDArray[np.bool_] | None] = field(default_factory=list)

    @property
    def card(self) -> ModelCard:
        card = replace(model_card("litemedsam"), clicks=self.clicks, corrects=self.corrects)
        return replace(card, prompts=("point", "box")) if self.points else card

    def encode(
        self, image: NDArray[np.uint8], pixel_mm: tuple[float, float] = (1.0, 1.0)
    ) -> Embedding:
        self.encoded.append(image.shape)
        size = (image.shape[0], image.shape[1])
        inside = self.square.inside(size, pixel_mm)
        grey = image.mean(axis=2).astype(np.float32)
        laid = ndimage.zoom(grey, np.array(inside) / size, order=0, grid_mode=True, mode="nearest")
        features = np.zeros((1, DECODED_SIDE, DECODED_SIDE), np.float32)
        features[0, : inside[0], : inside[1]] = laid
        return Embedding(features, size, inside, self.weights_hash)

    def decode_boxes(self, embedding: Embedding, boxes_xyxy: NDArray[np.float32]) -> Decoded:
        bright = embedding.features[0] > 127
        things, _ = ndimage.label(bright)
        logits, scores = [], []
        for left, top, right, bottom in np.rint(boxes_xyxy * np.tile(embedding.scale_xy, 2)):
            mask = np.zeros_like(bright)
            mask[int(top) : int(bottom), int(left) : int(right)] = True
            mask &= bright
            whole = np.isin(things, np.unique(things[mask])) & bright
            logits.append(np.where(mask, 5.0, -5.0))
            scores.append(mask.sum() / max(1, whole.sum()))
        return Decoded(np.array(logits, np.float32), np.array(scores, np.float32))

    def decode_points(
        self,
        embedding: Embedding,
        points_xy: NDArray[np.float32],
        positive: NDArray[np.bool_],
        box_xyxy: NDArray[np.float32] | None = None,
        before: NDArray[np.bool_] | None = None,
    ) -> Decoded:
        self.shown.append(before)
        things, _ = ndimage.label(embedding.features[0] > 127)
        x, y = (points_xy * embedding.scale_xy).astype(int).T
        values = things[y, x]
        wanted = np.isin(things, values[positive & (values > 0)])
        wanted &= ~np.isin(things, values[~positive])
        logits = np.where(wanted, 5.0, -5.0).astype(np.float32)
        return Decoded(np.stack([-np.abs(logits), logits]), np.array([0.1, 0.9], np.float32))

    def decode_each_point(self, embedding: Embedding, points_xy: NDArray[np.float32]) -> Decoded:
        inside = np.ones(1, bool)
        each = [self.decode_points(embedding, point[None], inside) for point in points_xy]
        return Decoded(
            np.concatenate([decoded.logits for decoded in each]),
            np.concatenate([decoded.scores for decoded in each]),
        )

    def mask(self, embedding: Embedding, logits: NDArray[np.float32]) -> NDArray[np.bool_]:
        rows, columns = embedding.inside
        scale = np.array(embedding.size) / (rows, columns)
        laid = ndimage.zoom(logits[:rows, :columns], scale, order=1, grid_mode=True, mode="nearest")
        mask: NDArray[np.bool_] = laid > 0
        return mask
