from __future__ import annotations

import numpy as np
import pytest

from napari_medssl.models.promptable import Decoded, Embedding, Square


@pytest.mark.parametrize(
    ("size", "pixel_mm", "inside"),
    [
        ((256, 256), (1.0, 1.0), (256, 256)),
        ((540, 800), (1.0, 1.0), (173, 256)),
        ((40, 59), (1.0, 1.0), (174, 256)),
        ((26, 160), (5.0, 0.8), (256, 252)),  # a coronal cut through thick slices
        ((1, 5000), (1.0, 1.0), (1, 256)),
    ],
)
def test_the_patients_proportions_are_kept(
    size: tuple[int, int], pixel_mm: tuple[float, float], inside: tuple[int, int]
) -> None:
    assert Square(256).inside(size, pixel_mm) == inside


def test_medsam_stretches_to_the_whole_square() -> None:
    assert Square(1024, keep_proportions=False).inside((540, 800)) == (1024, 1024)


def test_the_scale_is_of_x_then_y() -> None:
    embedding = Embedding(np.zeros((1, 1, 1), np.float32), (100, 50), (200, 25), "")
    assert embedding.scale_xy.tolist() == [0.5, 2.0]


def test_masks_of_two_questions_follow_one_another() -> None:
    one, other = (Decoded(np.full((n, 2, 2), n, np.float32), np.full(n, n)) for n in (1, 2))
    both = one.and_also(other)
    assert both.scores.tolist() == [1, 2, 2]
    assert both.logits[:, 0, 0].tolist() == [1, 2, 2]
