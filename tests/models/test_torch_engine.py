from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch.nn import functional

from napari_medssl.models.litemedsam import build, prepare
from napari_medssl.models.load import load_engine
from napari_medssl.models.promptable import Embedding, PromptEngine
from napari_medssl.models.registry import model_card
from napari_medssl.models.weights import installed_weights


@pytest.fixture(scope="module")
def engine() -> PromptEngine:
    return load_engine("litemedsam", device="cpu")


@pytest.fixture(scope="module")
def network() -> Any:
    """The same network, put together without this project."""
    path, _ = installed_weights(model_card("litemedsam"))
    network = build()
    network.load_state_dict(torch.load(path, weights_only=True))
    return network.eval()


@pytest.fixture(scope="module")
def image() -> np.ndarray:
    """A bright ellipse in noise, 90 x 128."""
    y, x = np.ogrid[:90, :128]
    inside = ((y - 45) / 20) ** 2 + ((x - 60) / 30) ** 2 < 1
    noise = np.random.default_rng(0).integers(0, 60, (90, 128))
    grey: np.ndarray = (noise + 150 * inside).astype(np.uint8)[..., None].repeat(3, 2)
    return grey


@pytest.fixture(scope="module")
def embedding(engine: PromptEngine, image: np.ndarray) -> Embedding:
    return engine.encode(image)


def test_boxes_are_answered_as_the_network_itself_does(
    engine: PromptEngine, embedding: Embedding, network: Any, image: np.ndarray
) -> None:
    boxes = np.array([[28, 23, 92, 67], [10, 10, 60, 60]] * 4, np.float32)
    decoded = engine.decode_boxes(embedding, boxes)
    pixels = torch.from_numpy(image).permute(2, 0, 1)[None].float()
    laid = prepare(functional.interpolate(pixels, (180, 256), mode="bilinear"))
    with torch.inference_mode():
        features = network.image_encoder(functional.pad(laid, (0, 0, 0, 76)))
        scaled = torch.from_numpy(boxes[:1] * 2) + torch.tensor([-0.5, -0.5, 0.5, 0.5])
        sparse, dense = network.prompt_encoder(points=None, boxes=scaled[:, None], masks=None)
        logits, scores = network.mask_decoder(
            features, network.prompt_encoder.get_dense_pe(), sparse, dense, False
        )
        full = network.postprocess_masks(logits, (180, 256), (90, 128))[0, 0] > 0
    np.testing.assert_allclose(embedding.features, features[0].numpy(), atol=1e-4)
    np.testing.assert_allclose(decoded.logits[0], logits[0, 0].numpy(), atol=1e-3)
    np.testing.assert_allclose(decoded.scores[0], scores[0, 0].numpy(), atol=1e-4)
    np.testing.assert_array_equal(engine.mask(embedding, decoded.logits[0]), full.numpy())


def test_a_batch_answers_as_one_by_one(engine: PromptEngine, embedding: Embedding) -> None:
    boxes = np.random.default_rng(1).uniform(5, 40, (8, 4)).astype(np.float32)
    boxes[:, 2:] += 45
    together = engine.decode_boxes(embedding, boxes)
    assert together.logits.shape == (8, 256, 256)
    for index in (0, 6, 7):
        alone = engine.decode_boxes(embedding, boxes[index : index + 1])
        np.testing.assert_allclose(together.logits[index], alone.logits[0], atol=1e-3)
        np.testing.assert_allclose(together.scores[index], alone.scores[0], atol=1e-4)


def test_a_mask_comes_back_at_the_images_size(
    engine: PromptEngine, embedding: Embedding, image: np.ndarray
) -> None:
    inside = image[..., 0] > 100
    decoded = engine.decode_boxes(embedding, np.array([[29, 24, 91, 66]], np.float32))
    mask = engine.mask(embedding, decoded.logits[0])
    assert mask.shape == (90, 128)
    assert 2 * (mask & inside).sum() / (mask.sum() + inside.sum()) > 0.95


def test_pixels_that_are_not_square_are_seen_as_they_are(
    engine: PromptEngine, image: np.ndarray
) -> None:
    flat = image[::3]
    embedding = engine.encode(flat, (3.0, 1.0))
    assert embedding.inside == (180, 256)
    assert embedding.size == (30, 128)
    decoded = engine.decode_boxes(embedding, np.array([[29, 8, 91, 22]], np.float32))
    mask, inside = engine.mask(embedding, decoded.logits[0]), flat[..., 0] > 100
    assert 2 * (mask & inside).sum() / (mask.sum() + inside.sum()) > 0.9


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_a_gpu_answers_as_the_processor_does(engine: PromptEngine, image: np.ndarray) -> None:
    other = load_engine("litemedsam", device="cuda")
    box = np.array([[28, 23, 92, 67]], np.float32)
    here = engine.decode_boxes(engine.encode(image), box)
    embedding = other.encode(image)
    there = other.decode_boxes(embedding, box)
    same = other.mask(embedding, there.logits[0]) == engine.mask(embedding, here.logits[0])
    assert same.mean() > 0.999
