from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from napari_medssl.errors import WeightsError
from napari_medssl.evaluate import dice
from napari_medssl.io import atomic_write
from napari_medssl.models import model_card
from napari_medssl.models.load import load_engine
from napari_medssl.models.point_head import holds_points, point_head, shipped_points
from napari_medssl.models.torch_engine import TorchEngine
from napari_medssl.models.tuned import TunedCard, read_tuned, save_tuned

POINT, INSIDE = np.array([[30.0, 20.0]], np.float32), np.ones(1, bool)
BOX = np.array([[5.0, 5.0, 40.0, 50.0]], np.float32)


@pytest.fixture(scope="module")
def plain() -> TorchEngine:
    engine: Any = load_engine("litemedsam", device="cpu")
    return engine


def saved(
    plain: TorchEngine,
    path: Path,
    *,
    model: str = "litemedsam",
    base: str = "",
    prompts: tuple[str, ...] = ("point",),
) -> Path:
    """Weights for points: the network's own, but scores of 0.25 for every mask."""
    head = point_head(plain.network)
    last = head["mask_decoder"].iou_prediction_head.layers[-1]
    with torch.no_grad():
        last.weight.zero_()
        last.bias.fill_(0.25)
    card = TunedCard(
        model=model,
        title="LiteMedSAM, fine-tuned",
        network="litemedsam",
        licence="Apache-2.0",
        prompts=prompts,
        method="sam-finetune-points",
        base_sha256=base or plain.weights_hash,
        settings={},
        trained_on=(),
        judged_on=(),
        figures={},
        holds="points",
    )
    save_tuned(head, card, path, atomic_write)
    return path


def test_points_are_answered_by_weights_of_their_own_and_boxes_as_before(
    plain: TorchEngine, tmp_path: Path
) -> None:
    path = saved(plain, tmp_path / "points.safetensors")
    assert holds_points(path)
    engine: Any = load_engine("litemedsam", device="cpu", weights=path)
    assert engine.card.clicks
    assert not engine.card.takes_points
    assert engine.weights_hash == plain.weights_hash
    image = np.random.default_rng(0).integers(0, 255, (48, 64, 3)).astype(np.uint8)
    embedding = plain.encode(image)
    boxes = (one.decode_boxes(embedding, BOX) for one in (plain, engine))
    np.testing.assert_array_equal(*(decoded.logits for decoded in boxes))
    inside_box = (one.decode_points(embedding, POINT, INSIDE, BOX[0]) for one in (plain, engine))
    np.testing.assert_array_equal(*(decoded.scores for decoded in inside_box))
    np.testing.assert_allclose(engine.decode_points(embedding, POINT, INSIDE).scores, 0.25)
    np.testing.assert_allclose(engine.decode_each_point(embedding, POINT).scores, 0.25)
    alone = engine.by_itself()
    assert not alone.card.clicks
    assert not np.isclose(alone.decode_points(embedding, POINT, INSIDE).scores, 0.25).any()
    assert alone.by_itself() is alone


def test_what_a_point_corrects_is_shown_to_weights_that_were_trained_so(
    plain: TorchEngine, tmp_path: Path
) -> None:
    two, signs = np.concatenate([POINT, POINT + 9]), np.array([True, False])
    outlines = np.zeros((2, 256, 256), bool)
    outlines[1, 40:90, 60:120] = True
    image = np.random.default_rng(0).integers(0, 255, (48, 64, 3)).astype(np.uint8)
    embedding = plain.encode(image)
    for prompts in (("point",), ("point", "mask")):
        path = saved(plain, tmp_path / f"{len(prompts)}.safetensors", prompts=prompts)
        engine: Any = load_engine("litemedsam", device="cpu", weights=path)
        assert engine.card.corrects == ("mask" in prompts)
        assert not engine.by_itself().card.corrects
        answers = [
            engine.decode_points(embedding, two, signs, before=shown).logits
            for shown in (None, *outlines)
        ]
        differ = [not np.allclose(one, other) for one, other in pairwise(answers)]
        assert differ == [engine.card.corrects] * 2
        boxed = [
            engine.decode_points(embedding, two, signs, BOX[0], before=shown).logits
            for shown in outlines
        ]
        np.testing.assert_array_equal(*boxed)


def test_what_was_made_for_others_or_altered_is_refused(plain: TorchEngine, tmp_path: Path) -> None:
    other = saved(plain, tmp_path / "other.safetensors", base="f" * 64)
    with pytest.raises(WeightsError, match="weights whose sha256 begins with ffffffff"):
        load_engine("litemedsam", device="cpu", weights=other)
    medsam = saved(plain, tmp_path / "medsam.safetensors", model="medsam")
    with pytest.raises(WeightsError, match="answers points for 'medsam'"):
        load_engine("litemedsam", device="cpu", weights=medsam)
    path = saved(plain, tmp_path / "points.safetensors")
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(WeightsError, match="not the file its card was made for"):
        load_engine("litemedsam", device="cpu", weights=path)
    assert not holds_points(tmp_path / "nothing.safetensors")


def test_weights_for_points_come_with_the_program(plain: TorchEngine) -> None:
    card = model_card("litemedsam")
    path = shipped_points(card)
    assert path is not None
    made = read_tuned(path)
    assert made is not None
    assert made.base_sha256 == card.sha256
    assert made.licence == "Apache-2.0"
    assert made.settings["made_by"].startswith("python benchmarks/distil_points.py")
    assert made.trained_on
    assert not any("benign" in name or "malignant" in name for name in made.trained_on)
    assert path.stat().st_size < 20e6
    assert plain.card.clicks
    assert plain.points_hash == made.sha256
    assert shipped_points(model_card("medsam")) is None


def test_those_that_come_with_the_program_know_what_a_click_means(plain: TorchEngine) -> None:
    rng = np.random.default_rng(0)
    y, x = np.ogrid[:200, :240]
    truth = ((y - 90) / 30) ** 2 + ((x - 130) / 40) ** 2 < 1
    grey = np.where(truth, 150, 70) + rng.normal(0, 8, truth.shape)
    embedding = plain.encode(np.repeat(grey.clip(0, 255).astype(np.uint8)[..., None], 3, axis=2))

    def best(*points: tuple[int, int]) -> float:
        places, inside = np.array(points, np.float32), np.ones(len(points), bool)
        decoded = plain.decode_points(embedding, places, inside)
        return max(dice(plain.mask(embedding, logits), truth) for logits in decoded.logits)

    assert best((130, 90)) > 0.9
    assert best((105, 85), (150, 100)) > 0.9, "both beside the middle"
