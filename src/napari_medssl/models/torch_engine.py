"""Running a network of the SAM family: image encoder, prompt encoder, mask decoder."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch.nn import functional

from napari_medssl.models.promptable import DECODED_SIDE, Decoded, Embedding, Square

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray
    from torch import Tensor

    from napari_medssl.models.registry import ModelCard

#: boxes decoded at once: more at a time only adds memory traffic on a processor
_BATCH = 6


@dataclass(frozen=True, eq=False)
class TorchEngine:
    """A `PromptEngine` on torch.

    Parameters
    ----------
    card, weights_hash, device, square
        As `PromptEngine` says.
    network : torch module
        Has ``image_encoder``, ``prompt_encoder`` and ``mask_decoder``; in eval mode, on the device.
    prepare : callable
        Image of (1, 3, rows, columns) in 0..255, laid in but not padded -> what the encoder wants.
    antialias : bool
        Whether pixels are averaged when an image is made smaller.
    box_margin : float
        Pixels of the square by which every side of a box is moved out.
    """

    card: ModelCard
    network: Any
    weights_hash: str
    device: str
    square: Square
    prepare: Callable[[Tensor], Tensor]
    antialias: bool
    box_margin: float

    @torch.inference_mode()
    def encode(
        self, image: NDArray[np.uint8], pixel_mm: tuple[float, float] = (1.0, 1.0)
    ) -> Embedding:
        """Embed an image of (rows, columns, 3), red, green, blue in 0..255: the slow step."""
        size = (int(image.shape[0]), int(image.shape[1]))
        rows, columns = self.square.inside(size, pixel_mm)
        pixels = torch.tensor(image, device=self.device).permute(2, 0, 1)[None].float()
        pixels = _resize(pixels, (rows, columns), antialias=self.antialias)
        blank_right, blank_below = self.square.side - columns, self.square.side - rows
        padded = functional.pad(self.prepare(pixels), (0, blank_right, 0, blank_below))
        features = self.network.image_encoder(padded)[0]
        return Embedding(_to_numpy(features), size, (rows, columns), self.weights_hash)

    @torch.inference_mode()
    def decode_boxes(self, embedding: Embedding, boxes_xyxy: NDArray[np.float32]) -> Decoded:
        """Propose one mask for each of n boxes, an array of (n, 4)."""
        features = self._features(embedding)
        corners = self._boxes_laid_in(embedding, boxes_xyxy)
        parts = [
            self._decode(features, None, some[:, None, :], several=False)
            for some in torch.split(corners, _BATCH)
        ]
        return Decoded(
            np.concatenate([logits for logits, _ in parts])[:, 0],
            np.concatenate([scores for _, scores in parts])[:, 0],
        )

    @torch.inference_mode()
    def decode_points(
        self,
        embedding: Embedding,
        points_xy: NDArray[np.float32],
        positive: NDArray[np.bool_],
        box_xyxy: NDArray[np.float32] | None = None,
    ) -> Decoded:
        """Propose masks of one thing that holds and leaves out points, (n, 2), in a box or not.

        A lone point is ambiguous (a vessel, or the organ around it?), so it gets three proposals;
        anything more gets one.
        """
        points = self._laid_in(embedding, points_xy)[None]
        signs = torch.tensor(positive.astype(np.int64), device=self.device)[None]
        box = None
        if box_xyxy is not None:
            box = self._boxes_laid_in(embedding, box_xyxy[None])[:, None]
        alone = len(points_xy) == 1 and box is None
        logits, scores = self._decode(
            self._features(embedding), (points, signs), box, several=alone
        )
        return Decoded(logits[0], scores[0])

    @torch.inference_mode()
    def mask(self, embedding: Embedding, logits: NDArray[np.float32]) -> NDArray[np.bool_]:
        """Bring one decoded mask, (256, 256), to the image's own (rows, columns)."""
        whole = torch.from_numpy(logits)[None, None]
        if self.square.side != DECODED_SIDE:
            whole = _resize(whole, (self.square.side, self.square.side))
        rows, columns = embedding.inside
        smooth = _resize(whole[..., :rows, :columns], embedding.size)
        mask: NDArray[np.bool_] = (smooth[0, 0] > 0).numpy()
        return mask

    def _features(self, embedding: Embedding) -> Tensor:
        return torch.from_numpy(embedding.features)[None].to(self.device)

    def _laid_in(self, embedding: Embedding, places_xy: NDArray[np.float32]) -> Tensor:
        """Move places of (n, 2) from the image into the network's square."""
        scaled = places_xy.astype(np.float32) * embedding.scale_xy
        return torch.tensor(scaled, device=self.device)

    def _boxes_laid_in(self, embedding: Embedding, boxes_xyxy: NDArray[np.float32]) -> Tensor:
        """Move boxes of (n, 4) from the image into the network's square."""
        corners = self._laid_in(embedding, boxes_xyxy.reshape(-1, 2)).reshape(-1, 4)
        return corners + corners.new_tensor([-1, -1, 1, 1]) * self.box_margin

    def _decode(
        self,
        features: Tensor,
        points: tuple[Tensor, Tensor] | None,
        boxes: Tensor | None,
        *,
        several: bool,
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        prompts = self.network.prompt_encoder
        sparse, dense = prompts(points=points, boxes=boxes, masks=None)
        logits, scores = self.network.mask_decoder(
            image_embeddings=features,
            image_pe=prompts.get_dense_pe(),
            sparse_prompt_embeddings=sparse,
            dense_prompt_embeddings=dense,
            multimask_output=several,
        )
        return _to_numpy(logits), _to_numpy(scores)


def _resize(pixels: Tensor, size: tuple[int, int], *, antialias: bool = False) -> Tensor:
    return functional.interpolate(
        pixels, size=size, mode="bilinear", align_corners=False, antialias=antialias
    )


def _to_numpy(tensor: Tensor) -> NDArray[np.float32]:
    array: NDArray[np.float32] = tensor.float().cpu().numpy()
    return array
