from __future__ import annotations

import numpy as np
import pytest
import torch

from napari_medssl.pretrain.losses.masked_image import masked_absolute_error, masked_patch_error


@pytest.mark.parametrize("sides", [(3, 4), (2, 3, 4)])
@pytest.mark.parametrize("channels", [1, 3])
def test_the_absolute_error_equals_its_slow_version(sides, channels):
    torch.manual_seed(0)
    predicted, image = torch.randn(2, 2, channels, *sides)
    masked = torch.rand(2, *sides) < 0.5
    errors = [
        abs(predicted[b, c][place].item() - image[b, c][place].item())
        for b in range(2)
        for c in range(channels)
        for place in np.ndindex(*sides)
        if masked[b][place]
    ]
    wanted = sum(errors) / len(errors)
    assert masked_absolute_error(predicted, image, masked).item() == pytest.approx(wanted, rel=1e-5)
    with_channel = masked_absolute_error(predicted, image, masked[:, None])
    assert with_channel.item() == pytest.approx(wanted, rel=1e-5)


def test_what_was_seen_carries_no_error():
    predicted = torch.zeros(1, 1, 2, 2, requires_grad=True)
    masked = torch.tensor([[[True, False], [False, False]]])
    masked_absolute_error(predicted, torch.ones(1, 1, 2, 2), masked).backward()
    assert (predicted.grad != 0)[0, 0].tolist() == masked[0].tolist()


@pytest.mark.parametrize("normalised", [True, False])
def test_the_patch_error_equals_its_slow_version(normalised):
    torch.manual_seed(1)
    predicted, patches = torch.randn(2, 2, 5, 6) * 3
    masked = torch.rand(2, 5) < 0.6
    errors = []
    for b, t in np.ndindex(2, 5):
        if not masked[b, t]:
            continue
        truth = patches[b, t].double().numpy()
        if normalised:
            spread = np.sum((truth - truth.mean()) ** 2) / (len(truth) - 1)
            truth = (truth - truth.mean()) / np.sqrt(spread + 1e-6)
        errors.append(np.mean((predicted[b, t].double().numpy() - truth) ** 2))
    found = masked_patch_error(predicted, patches, masked, normalised=normalised)
    assert found.item() == pytest.approx(np.mean(errors), rel=1e-5)


def test_flat_patches_and_empty_masks_are_finite():
    flat = torch.full((1, 2, 4), 3.0)
    nothing = torch.zeros(1, 2, dtype=torch.bool)
    assert masked_patch_error(torch.zeros(1, 2, 4), flat, ~nothing).item() == 0
    assert masked_patch_error(torch.zeros(1, 2, 4), flat, nothing).item() == 0
    image = torch.ones(1, 1, 2, 2)
    assert masked_absolute_error(image * 2, image, torch.zeros(1, 2, 2, dtype=torch.bool)) == 0
