from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy import ndimage

from napari_medssl.pretrain.views import changes

SHAPES = [(1, 12, 12), (2, 9, 12), (1, 8, 8, 8), (1, 6, 7, 9)]
CHANGES = {
    changes.mirrored: (0.0, 0.0),
    changes.turned: (0.0, 0.0),
    changes.zoomed: (0.8, 1.2),
    changes.scaled: (0.9, 1.1),
    changes.shifted: (-0.3, 0.3),
    changes.contrasted: (0.7, 1.3),
    changes.blurred: (0.25, 1.5),
    changes.noisy: (0.1, 0.1),
}


def number_of(low, high, seed=0) -> float:
    return np.random.default_rng(seed).uniform(low, high)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("change", CHANGES)
def test_shape_and_original_stay_and_chance_repeats(change, shape):
    image = torch.rand(shape)
    before = image.clone()
    first, again = (change(image, np.random.default_rng(3), *CHANGES[change]) for _ in range(2))
    assert first.shape == image.shape
    assert torch.equal(first, again)
    assert torch.equal(image, before)
    assert not torch.equal(first, image)


@pytest.mark.parametrize("shape", SHAPES)
def test_values_change_as_written_out(shape):
    image = torch.rand(shape)
    low, high = 0.7, 1.3
    factor = number_of(low, high)
    scaled = changes.scaled(image, np.random.default_rng(0), low, high)
    assert torch.allclose(scaled, image * factor)
    shifted = changes.shifted(image, np.random.default_rng(0), low, high)
    assert torch.allclose(shifted, image + factor)
    stretched = changes.contrasted(image, np.random.default_rng(0), low, high)
    assert torch.allclose(stretched, (image - image.mean()) * factor + image.mean(), atol=1e-6)


@pytest.mark.parametrize("shape", SHAPES)
def test_blur_is_scipys(shape):
    image = torch.rand(shape)
    random = np.random.default_rng(0)
    widths = [random.uniform(0.25, 1.5) for _ in shape[1:]]
    wanted = image.double().numpy()
    for axis, width in enumerate(widths, start=1):
        wanted = ndimage.gaussian_filter1d(wanted, width, axis, mode="nearest", truncate=4)
    found = changes.blurred(image, np.random.default_rng(0), 0.25, 1.5)
    assert np.allclose(found.numpy(), wanted, atol=1e-5)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("factor", [0.8, 1.25])
def test_zoom_is_scipys(shape, factor):
    image = torch.rand(shape)
    found = changes.zoomed(image, np.random.default_rng(0), factor, factor)
    middles = [(n - 1) / 2 for n in shape[1:]]
    places = [
        np.clip((np.arange(n) - m) / factor + m, 0, n - 1)
        for n, m in zip(shape[1:], middles, strict=True)
    ]
    grid = np.meshgrid(*places, indexing="ij")
    for channel in range(shape[0]):
        wanted = ndimage.map_coordinates(image[channel].double().numpy(), grid, order=1)
        assert np.allclose(found[channel].numpy(), wanted, atol=1e-5)


def test_turns_are_quarters_and_only_halves_where_sides_differ():
    square, oblong = torch.rand(1, 3, 4, 4), torch.rand(1, 3, 4, 5)
    seen = set()
    for seed in range(30):
        found = changes.turned(square, np.random.default_rng(seed), 0, 0)
        seen |= {k for k in range(4) if torch.equal(found, square.rot90(k, (-2, -1)))}
        half = changes.turned(oblong, np.random.default_rng(seed), 0, 0)
        assert torch.equal(half, oblong.flip(-1, -2))
    assert seen == {1, 2, 3}


def test_noise_is_as_strong_as_said():
    found = changes.noisy(torch.zeros(1, 100, 100), np.random.default_rng(0), 0.01, 0.01)
    assert found.std().item() == pytest.approx(0.01, rel=0.05)
    assert found.dtype == torch.float32


@pytest.mark.parametrize("shape", SHAPES)
def test_a_part_is_cut_out_and_enlarged(shape):
    image = torch.rand(shape)
    whole = changes.part_of(image, np.random.default_rng(0), 1.0, 1.0)
    assert torch.equal(whole, image)
    small = changes.part_of(image, np.random.default_rng(0), 0.5, 0.5, (4,) * (len(shape) - 1))
    assert small.shape == (shape[0], *(4,) * (len(shape) - 1))
    assert small.min() >= image.min()
    assert small.max() <= image.max()


def test_a_part_lies_anywhere_in_the_image():
    ramp = torch.arange(10.0).expand(1, 10, 10)
    firsts = {
        changes.part_of(ramp, np.random.default_rng(n), 0.5, 0.5, (5, 5))[0, 0, 0].item()
        for n in range(60)
    }
    assert firsts == {0, 1, 2, 3, 4, 5}
