from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import segment_anything
import torch
from segment_anything.modeling import (
    ImageEncoderViT,
    MaskDecoder,
    PromptEncoder,
    Sam,
    TwoWayTransformer,
)

from napari_medssl.errors import WeightsError
from napari_medssl.models import sam
from napari_medssl.models.load import load_engine


def small_sam(checkpoint: None) -> Sam:
    """SAM as the package builds ViT-B, but shallow: a real one takes half a minute an image."""
    torch.manual_seed(0)
    width = 768
    encoder = ImageEncoderViT(
        depth=1,
        embed_dim=width,
        img_size=1024,
        mlp_ratio=0.1,
        norm_layer=partial(torch.nn.LayerNorm, eps=1e-6),
        num_heads=2,
        window_size=14,
        out_chans=256,
    )
    transformer = TwoWayTransformer(depth=1, embedding_dim=256, mlp_dim=16, num_heads=2)
    network = Sam(
        encoder,
        PromptEncoder(256, (64, 64), (1024, 1024), 16),
        MaskDecoder(transformer_dim=256, transformer=transformer),
    )
    return network.eval()


@pytest.fixture
def weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setitem(segment_anything.sam_model_registry, "vit_b", small_sam)
    torch.save({"model": small_sam(None).state_dict()}, tmp_path / "own.pth")
    return tmp_path / "own.pth"


@pytest.fixture
def image() -> np.ndarray:
    noise: np.ndarray = np.random.default_rng(0).integers(0, 255, (60, 100, 3), np.uint8)
    return noise


def test_red_green_and_blue_are_centred_as_in_training() -> None:
    centred = sam.prepare(torch.tensor([123.675, 116.28, 103.53]).view(1, 3, 1, 1))
    assert centred.abs().max() < 1e-5
    assert torch.allclose(sam.prepare(torch.full((1, 3, 1, 1), 255.0))[0, 0], torch.tensor(2.2489))


def test_it_answers_as_the_package_itself_does(weights: Path, image: np.ndarray) -> None:
    """Against `SamPredictor`: same masks and scores from a point, points and a box."""
    engine = load_engine("sam_vit_b", device="cpu", weights=weights)
    direct = segment_anything.SamPredictor(small_sam(None))
    direct.set_image(image)
    embedding = engine.encode(image)
    features = direct.get_image_embedding()[0].numpy()
    assert np.abs(embedding.features - features).max() < 0.05  # it resizes in eight bits
    embedding = type(embedding)(features, embedding.size, embedding.inside, "")

    def same(decoded: Any, **prompts: Any) -> None:
        masks, scores, _ = direct.predict(**prompts)
        np.testing.assert_allclose(decoded.scores, scores, atol=1e-4)
        for logits, mask in zip(decoded.logits, masks, strict=True):
            assert (engine.mask(embedding, logits) != mask).mean() < 1e-3

    point, box = np.array([[40.0, 20.0]], np.float32), np.array([10, 15, 70, 50], np.float32)
    yes, pair = np.array([True]), np.array([True, False])
    same(
        engine.decode_points(embedding, point, yes),
        point_coords=point,
        point_labels=yes.astype(int),
    )
    two = np.concatenate([point, point + 20])
    same(
        engine.decode_points(embedding, two, pair, box),
        point_coords=two,
        point_labels=pair.astype(int),
        box=box,
        multimask_output=False,
    )
    same(engine.decode_boxes(embedding, box[None]), box=box, multimask_output=False)


def test_medsam_stretches_and_scales_to_one(weights: Path, image: np.ndarray) -> None:
    engine = load_engine("medsam", device="cpu", weights=weights)
    embedding = engine.encode(image)
    assert embedding.inside == (1024, 1024)
    pixels = torch.from_numpy(image).permute(2, 0, 1)[None].float()
    big = torch.nn.functional.interpolate(pixels, (1024, 1024), mode="bilinear", antialias=True)
    unit = (big - big.min()) / (big.max() - big.min())
    with torch.inference_mode():
        direct = small_sam(None).image_encoder(unit)[0].numpy()
    np.testing.assert_allclose(embedding.features, direct, atol=1e-4)


def test_weights_of_another_size_are_refused(weights: Path, tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="another network"):
        load_engine("sam_vit_l", device="cpu", weights=weights)
    tensors = torch.load(weights, weights_only=True)["model"]
    tensors.pop("mask_decoder.iou_token.weight")
    torch.save(tensors, tmp_path / "less.pth")
    with pytest.raises(WeightsError, match=r"fits SAM ViT-B in \d+ of \d+ tensors: 1 are missing"):
        load_engine("sam_vit_b", device="cpu", weights=tmp_path / "less.pth")
