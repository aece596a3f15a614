"""Running a network of the SAM family: image encoder, prompt encoder, mask decoder."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch.nn import functional

from napari_medssl.models.decoder import decode
from napari_medssl.models.mask_prompt import mask_prompt
from napari_medssl.models.promptable import DECODED_SIDE, Decoded, Embedding, Square

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray
    from torch import Tensor

    from napari_medssl.models.registry import ModelCard

#: prompts decoded at once: more at a time only adds memory traffic on a processor
_BATCH, _BATCH_ON_GPU = 2, 64


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
    clicked : torch module, optional
        A ``prompt_encoder`` and a ``mask_decoder`` that answer points alone instead of the
        network's own; see `napari_medssl.models.point_head`.
    points_hash : str
        The sha256 of those weights; empty without them.
    """

    card: ModelCard
    network: Any
    weights_hash: str
    device: str
    square: Square
    prepare: Callable[[Tensor], Tensor]
    antialias: bool
    box_margin: float
    clicked: Any = None
    points_hash: str = ""

    def by_itself(self) -> TorchEngine:
        """Return the network without weights for points beside it."""
        if self.clicked is None:
            return self
        card = replace(self.card, clicks=False, corrects=False)
        return replace(self, clicked=None, points_hash="", card=card)

    @torch.inference_mode()
    def encode(
        self, image: NDArray[np.uint8], pixel_mm: tuple[float, float] = (1.0, 1.0)
    ) -> Embedding:
        """Embed an image of (rows, columns, 3), red, green, blue in 0..255: the slow step."""
        size = (int(image.shape[0]), int(image.shape[1]))
        features = self.network.image_encoder(self.lay_in(image, pixel_mm))[0]
        inside = self.square.inside(size, pixel_mm)
        return Embedding(_to_numpy(features), size, inside, self.weights_hash)

    def lay_in(
        self, image: NDArray[np.uint8], pixel_mm: tuple[float, float] = (1.0, 1.0)
    ) -> Tensor:
        """Make an image of (rows, columns, 3) what the encoder wants: (1, 3, side, side)."""
        rows, columns = self.square.inside((image.shape[0], image.shape[1]), pixel_mm)
        pixels = torch.tensor(image, device=self.device).permute(2, 0, 1)[None].float()
        pixels = _resize(pixels, (rows, columns), antialias=self.antialias)
        blank_right, blank_below = self.square.side - columns, self.square.side - rows
        return functional.pad(self.prepare(pixels), (0, blank_right, 0, blank_below))

    @torch.inference_mode()
    def decode_boxes(self, embedding: Embedding, boxes_xyxy: NDArray[np.float32]) -> Decoded:
        """Propose one mask for each of n boxes, an array of (n, 4)."""
        corners = self.lay_boxes_in(boxes_xyxy, embedding.scale_xy)[:, None]
        return self._decode(self.network, embedding, None, corners, several=False)

    @torch.inference_mode()
    def decode_points(
        self,
        embedding: Embedding,
        points_xy: NDArray[np.float32],
        positive: NDArray[np.bool_],
        box_xyxy: NDArray[np.float32] | None = None,
        before: NDArray[np.bool_] | None = None,
    ) -> Decoded:
        """Propose masks of one thing that holds and leaves out points, (n, 2), in a box or not.

        A lone point is ambiguous (a vessel, or the organ around it?), so it gets three proposals;
        anything more gets one. A mask before, (256, 256), is what the last point corrects; it is
        shown to weights that were trained so, and to no others.
        """
        points = self.lay_points_in(points_xy, embedding.scale_xy)[None]
        signs = torch.tensor(positive.astype(np.int64), device=self.device)[None]
        box = None
        if box_xyxy is not None:
            box = self.lay_boxes_in(box_xyxy[None], embedding.scale_xy)[:, None]
        answers = self.network if box is not None else self._for_points
        alone = len(points_xy) == 1 and box is None
        shown = before if self.card.corrects and box is None else None
        return self._decode(answers, embedding, (points, signs), box, shown, several=alone)

    @torch.inference_mode()
    def decode_each_point(self, embedding: Embedding, points_xy: NDArray[np.float32]) -> Decoded:
        """Propose three masks for each of n points, (n, 2), that lie in things of their own.

        The masks of the first point come first: (3 n, 256, 256).
        """
        points = self.lay_points_in(points_xy, embedding.scale_xy)[:, None]
        signs = torch.ones(points.shape[:2], dtype=torch.int64, device=self.device)
        return self._decode(self._for_points, embedding, (points, signs), None, several=True)

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

    def lay_points_in(
        self, points_xy: NDArray[np.float32], scale_xy: NDArray[np.float32]
    ) -> Tensor:
        """Move places of (n, 2) from an image into the network's square; see `scale_xy`."""
        return torch.tensor(points_xy.astype(np.float32) * scale_xy, device=self.device)

    def lay_boxes_in(
        self, boxes_xyxy: NDArray[np.float32], scale_xy: NDArray[np.float32]
    ) -> Tensor:
        """Move boxes of (n, 4) from an image into the network's square."""
        corners = self.lay_points_in(boxes_xyxy.reshape(-1, 2), scale_xy).reshape(-1, 4)
        return corners + corners.new_tensor([-1, -1, 1, 1]) * self.box_margin

    @property
    def _for_points(self) -> Any:
        return self.network if self.clicked is None else self.clicked

    def _decode(
        self,
        network: Any,
        embedding: Embedding,
        points: tuple[Tensor, Tensor] | None,
        boxes: Tensor | None,
        before: NDArray[np.bool_] | None = None,
        *,
        several: bool,
    ) -> Decoded:
        """Decode prompts of this image, a few at a time."""
        shown = None
        if before is not None:
            shown = mask_prompt(torch.from_numpy(before)[None].to(self.device))
        features = torch.from_numpy(embedding.features)[None].to(self.device)
        sparse, dense = network.prompt_encoder(points=points, boxes=boxes, masks=shown)
        wanted = slice(1, None) if several else slice(0, 1)
        logits, scores = [], []
        for some in torch.split(sparse, _BATCH if self.device == "cpu" else _BATCH_ON_GPU):
            masks, expected = decode(network, features, some, dense[:1])
            logits.append(_to_numpy(masks[:, wanted].flatten(0, 1)))
            scores.append(_to_numpy(expected[:, wanted].flatten()))
        return Decoded(np.concatenate(logits), np.concatenate(scores))


def _resize(pixels: Tensor, size: tuple[int, int], *, antialias: bool = False) -> Tensor:
    return functional.interpolate(
        pixels, size=size, mode="bilinear", align_corners=False, antialias=antialias
    )


def _to_numpy(tensor: Tensor) -> NDArray[np.float32]:
    array: NDArray[np.float32] = tensor.float().cpu().numpy()
    return array
