"""Masks on the grid that decoders give them on, seen from the image and compared with another."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_medssl.models.promptable import DECODED_SIDE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_medssl.models.promptable import Embedding, PromptEngine


@dataclass(frozen=True, eq=False)
class DecodedGrid:
    """The part of a decoder's grid that an image takes up.

    Parameters
    ----------
    engine, embedding
        The network, and what it made of the image.
    """

    engine: PromptEngine
    embedding: Embedding

    @property
    def scale_xy(self) -> NDArray[np.float32]:
        """Pixels of a decoded mask per pixel of the image."""
        per_side = DECODED_SIDE / self.engine.square.side
        return (self.embedding.scale_xy * per_side).astype(np.float32)

    def masks(self, logits: NDArray[np.float32]) -> NDArray[np.bool_]:
        """Masks within the image, (n, rows, columns), of logits (n, 256, 256)."""
        return self.within(logits) > 0

    def within(self, logits: NDArray[np.float32]) -> NDArray[np.float32]:
        """Logits of (n, 256, 256) without the padding, (n, rows, columns)."""
        rows, columns = np.ceil(self.scale_xy[::-1] * self.embedding.size - 1e-3).astype(int)
        return logits[:, :rows, :columns]

    def tight_boxes(self, masks: NDArray[np.bool_]) -> NDArray[np.float32]:
        """Boxes around masks, (n, 4), in pixels of the image; an empty mask gets all of it."""
        boxes = []
        for mask in masks:
            ys, xs = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
            if not len(ys):
                ys, xs = np.arange(mask.shape[0]), np.arange(mask.shape[1])
            boxes.append((xs[0], ys[0], xs[-1] + 1, ys[-1] + 1))
        corners = np.array(boxes, np.float32).reshape(-1, 4)
        return (corners / np.tile(self.scale_xy, 2)).astype(np.float32)


def overlaps(masks: NDArray[np.bool_], others: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Overlap (IoU) of n masks with m others of the same size, (n, m)."""
    pixels = math.prod(masks.shape[1:])
    a = masks.reshape(len(masks), pixels).astype(np.float32)
    b = others.reshape(len(others), pixels).astype(np.float32)
    both = a @ b.T
    either = a.sum(axis=1)[:, None] + b.sum(axis=1)[None] - both
    overlap: NDArray[np.float32] = both / np.maximum(either, 1)
    return overlap
