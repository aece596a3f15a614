"""What two batches of vectors must be before they are compared row by row."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_medssl.errors import UsageError

if TYPE_CHECKING:
    from torch import Tensor


def require_pairs(first: Tensor, second: Tensor, least: int, loss: str) -> None:
    """Refuse batches that do not belong together, or are too small for a loss.

    Parameters
    ----------
    first, second : (batch, channels) tensor
        Row i of one belongs to row i of the other.
    least : int
        How many images a batch must hold.
    loss : str
        Its name, for the sentence.

    Raises
    ------
    UsageError
        If the shapes differ, are not of two axes, or there are too few rows.
    """
    if first.shape != second.shape or first.dim() != 2:
        raise UsageError(
            f"vectors of shape {tuple(first.shape)} and {tuple(second.shape)} for {loss}",
            expected="two batches of the same shape, one row an image",
        )
    if len(first) < least:
        images = "1 image" if len(first) == 1 else f"{len(first)} images"
        raise UsageError(
            f"a batch of {images} for {loss}, which compares images of a batch with one another",
            expected=f"{least} or more",
            do="Choose a larger batch, and leave out the last, smaller batch of a round",
        )
