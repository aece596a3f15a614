from __future__ import annotations

import foreign_files as files
import numpy as np
import pytest
import torch

from napari_medssl.errors import WeightsError
from napari_medssl.models import mobilesam, model_card
from napari_medssl.models.load import load_engine


def test_it_is_as_large_as_the_published_file() -> None:
    """The file's bytes are four a number, and some for the names."""
    count = sum(t.numel() for t in files.mobile_sam().values() if t.is_floating_point())
    assert 0 < model_card("mobile_sam").bytes - 4 * count < 300_000


def test_the_stem_halves_an_image_twice() -> None:
    network = mobilesam.build().eval()
    with torch.inference_mode():
        stem = network.image_encoder.patch_embed(torch.zeros(1, 3, 64, 64))
    assert stem.shape == (1, 64, 16, 16)
    assert network.prompt_encoder.input_image_size == (1024, 1024)


def test_it_outlines_from_a_point_and_a_box(tmp_path) -> None:
    """With random weights: what counts is that it runs, at the image's size, on every prompt."""
    torch.save(files.mobile_sam(), tmp_path / "mine.pt")
    engine = load_engine("mobile_sam", device="cpu", weights=tmp_path / "mine.pt")
    image = np.zeros((40, 60, 3), np.uint8)
    image[10:30, 20:40] = 200
    embedding = engine.encode(image)
    assert embedding.features.shape == (256, 64, 64)
    assert embedding.inside == (683, 1024)
    box = engine.decode_boxes(embedding, np.array([[20, 10, 40, 30]], np.float32))
    point = engine.decode_points(embedding, np.array([[30, 20]], np.float32), np.array([True]))
    assert box.logits.shape == (1, 256, 256)
    assert point.logits.shape == (3, 256, 256)
    assert engine.mask(embedding, box.logits[0]).shape == (40, 60)
    moved = engine.decode_boxes(embedding, np.array([[0, 0, 10, 10]], np.float32))
    assert not np.allclose(moved.logits, box.logits), "prompts are seen"


def test_its_weights_and_litemedsams_are_told_apart(tmp_path) -> None:
    torch.save(files.mobile_sam(), tmp_path / "mobile.pt")
    torch.save(files.lite_medsam(), tmp_path / "lite.pt")
    for name, wrong in (("litemedsam", "mobile.pt"), ("mobile_sam", "lite.pt")):
        with pytest.raises(WeightsError, match="another network"):
            load_engine(name, device="cpu", weights=tmp_path / wrong)
