from __future__ import annotations

import pytest
import torch
from slow_answers import answer_entropy, mean

from napari_medssl.pretrain.losses.smit import SmitAnswers, SmitCentres, smit

BATCH, TOKENS, CLASSES, SIDE = 2, 8, 5, 4


def test_its_terms_equal_their_slow_versions_and_weigh_1_and_a_tenth():
    """Two views of two images; predictions within a view, the image's token across views."""
    torch.manual_seed(0)
    views = 2 * BATCH
    image, predicted = torch.randn(2, views, 1, SIDE, SIDE, SIDE)
    hidden = torch.rand(views, SIDE, SIDE, SIDE) < 0.7
    tokens = torch.rand(views, TOKENS) < 0.7
    patches, images = torch.randn(2, views, TOKENS, CLASSES), torch.randn(2, 2, BATCH, CLASSES)
    centres = SmitCentres(torch.randn(CLASSES), torch.randn(CLASSES))
    found = smit(
        predicted=predicted,
        image=image,
        hidden=hidden,
        student=SmitAnswers(patches[0], images[0]),
        teacher=SmitAnswers(patches[1], images[1]),
        hidden_tokens=tokens,
        centres=centres,
        patch_temperature=0.04,
        image_temperature=0.07,
    )

    wrong = [
        abs(predicted[v, 0, z, y, x].item() - image[v, 0, z, y, x].item())
        for v, z, y, x in hidden.nonzero().tolist()
    ]
    within = [
        mean(
            answer_entropy(patches[0, v, t], patches[1, v, t], centres.patches, 0.1, 0.04)
            for t in range(TOKENS)
            if tokens[v, t]
        )
        for v in range(views)
    ]
    across = [
        answer_entropy(images[0, v, b], images[1, 1 - v, b], centres.images, 0.1, 0.07)
        for v in range(2)
        for b in range(BATCH)
    ]
    assert found.prediction.item() == pytest.approx(mean(wrong), rel=1e-4)
    assert found.patches.item() == pytest.approx(mean(within), rel=1e-4)
    assert found.images.item() == pytest.approx(mean(across), rel=1e-4)
    total = mean(wrong) + 0.1 * mean(within) + 0.1 * mean(across)
    assert found.total.item() == pytest.approx(total, rel=1e-4)
