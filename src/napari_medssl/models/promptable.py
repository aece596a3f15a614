"""What every promptable network offers, and the values that pass in and out of it.

Encode once, prompt often: ``encode`` is slow and its result is a value to keep; ``decode_*`` are
quick. Places on an image are (x, y) in its pixels, measured from the outer corner of the first
pixel: the middle of pixel (column 0, row 0) is (0.5, 0.5), and a box around it (0, 0, 1, 1).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_medssl.models.registry import ModelCard

Size = tuple[int, int]  # rows, columns

#: rows and columns of the masks that decoders of the SAM family give
DECODED_SIDE = 256


@dataclass(frozen=True)
class Square:
    """The square that a network sees, and how an image is laid into it.

    Parameters
    ----------
    side : int
        Pixels along each side.
    keep_proportions : bool
        Whether the image keeps its proportions and is padded below or at the right, or is
        stretched to fill the square.
    """

    side: int
    keep_proportions: bool = True

    def inside(self, size: Size, pixel_mm: tuple[float, float] = (1.0, 1.0)) -> Size:
        """Rows and columns that an image of this size takes up.

        ``pixel_mm`` is the height and width of one pixel; only their ratio matters.
        """
        if not self.keep_proportions:
            return self.side, self.side
        height, width = size[0] * pixel_mm[0], size[1] * pixel_mm[1]
        scale = self.side / max(height, width)
        return max(1, round(height * scale)), max(1, round(width * scale))


def scale_xy(size: Size, inside: Size) -> NDArray[np.float32]:
    """Pixels of the square per pixel of an image of this size, along x and y."""
    (h, w), (rows, columns) = size, inside
    return np.array([columns / w, rows / h], np.float32)


@dataclass(frozen=True, eq=False)
class Embedding:
    """What a network made of an image: all that is needed to prompt it again and again.

    Parameters
    ----------
    features : (channels, rows, columns) float32 array
        Output of the image encoder.
    size : (int, int)
        Rows and columns of the image.
    inside : (int, int)
        Rows and columns it took up in the network's square.
    weights_hash : str
        sha256 of the weights that made it.
    """

    features: NDArray[np.float32]
    size: Size
    inside: Size
    weights_hash: str

    @property
    def scale_xy(self) -> NDArray[np.float32]:
        """Pixels of the square per pixel of the image, along x and y."""
        return scale_xy(self.size, self.inside)


@dataclass(frozen=True, eq=False)
class Decoded:
    """Masks that a network proposes, not yet brought to the image's size.

    Parameters
    ----------
    logits : (n, 256, 256) float32 array
        Above 0 is inside; covers the whole square, padding included.
    scores : (n,) float32 array
        Overlap (IoU) with the truth that the network itself expects.
    """

    logits: NDArray[np.float32]
    scores: NDArray[np.float32]

    def and_also(self, other: Decoded) -> Decoded:
        """Return these masks, and then others of the same image."""
        return Decoded(
            np.concatenate([self.logits, other.logits]),
            np.concatenate([self.scores, other.scores]),
        )


class PromptEngine(Protocol):
    """A promptable network with its weights, ready to run."""

    @property
    def card(self) -> ModelCard:
        """Which network it is."""

    @property
    def weights_hash(self) -> str:
        """The sha256 of its weights' file."""

    @property
    def points_hash(self) -> str:
        """The sha256 of weights beside them that answer points; empty where there are none."""

    @property
    def device(self) -> str:
        """Where it runs: ``"cpu"``, ``"cuda"``, ..."""

    @property
    def square(self) -> Square:
        """How it sees an image."""

    def encode(
        self, image: NDArray[np.uint8], pixel_mm: tuple[float, float] = (1.0, 1.0)
    ) -> Embedding:
        """Embed an image of (rows, columns, 3), red, green, blue in 0..255: the slow step."""

    def decode_boxes(self, embedding: Embedding, boxes_xyxy: NDArray[np.float32]) -> Decoded:
        """Propose one mask for each of n boxes, an array of (n, 4)."""

    def decode_points(
        self,
        embedding: Embedding,
        points_xy: NDArray[np.float32],
        positive: NDArray[np.bool_],
        box_xyxy: NDArray[np.float32] | None = None,
        before: NDArray[np.bool_] | None = None,
    ) -> Decoded:
        """Propose masks of one thing that holds and leaves out points, (n, 2), in a box or not.

        A mask before, (256, 256), is the outline that the last point corrects.
        """

    def decode_each_point(self, embedding: Embedding, points_xy: NDArray[np.float32]) -> Decoded:
        """Propose masks of n things that one point each lies in, (n, 2): three for each point."""

    def mask(self, embedding: Embedding, logits: NDArray[np.float32]) -> NDArray[np.bool_]:
        """Bring one decoded mask, (256, 256), to the image's own (rows, columns)."""
