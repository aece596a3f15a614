from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from napari_medssl.errors import SaveError, WeightsError
from napari_medssl.io import atomic_write
from napari_medssl.models import model_card
from napari_medssl.models.load import load_engine
from napari_medssl.models.tuned import TunedCard, as_tuned, read_tuned, save_tuned
from napari_medssl.models.weights import sha256_of

CARD = TunedCard(
    model="litemedsam",
    title="LiteMedSAM, fine-tuned",
    network="litemedsam",
    licence="Apache-2.0",
    prompts=("box", "point"),
    method="sam-finetune-decoder",
    base_sha256="0" * 64,
    settings={"steps": 3},
    trained_on=("a", "b"),
    judged_on=("c",),
    figures={"dice_before": 0.5, "dice_after": 0.6},
)


def test_a_card_comes_back_and_knows_its_file(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    saved = save_tuned(torch.nn.Linear(2, 3), CARD, path, atomic_write)
    assert read_tuned(path) == saved
    assert saved == replace(CARD, sha256=sha256_of(path))
    card = model_card("litemedsam")
    assert as_tuned(card, path, saved.sha256).prompts == ("box", "point")
    assert as_tuned(card, path, "1" * 64) == card
    assert as_tuned(model_card("medsam"), path, saved.sha256) == model_card("medsam")


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"kind": "promptable network", "format": 1}'])
def test_a_strange_card_is_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "model.json").write_text(text, "utf-8")
    assert read_tuned(tmp_path / "model.safetensors") is None
    assert read_tuned(tmp_path / "elsewhere.safetensors") is None


def test_a_card_names_its_kind(tmp_path: Path) -> None:
    save_tuned(torch.nn.Linear(2, 3), CARD, tmp_path / "m.safetensors", atomic_write)
    row = json.loads((tmp_path / "m.json").read_text("utf-8"))
    assert row["kind"] == "promptable network"


def test_what_does_not_read_back_is_not_kept(tmp_path: Path) -> None:
    def losing(path: Path, write, verify) -> None:
        from safetensors.torch import save_file

        part = path.with_name("part.safetensors")
        save_file({"weight": torch.zeros(1)}, part)
        verify(part)

    with pytest.raises((SaveError, WeightsError), match="not written whole"):
        save_tuned(torch.nn.Linear(2, 3), CARD, tmp_path / "m.safetensors", losing)


def test_a_tuned_litemedsam_is_loaded_by_name_and_file(tmp_path: Path) -> None:
    """Its own tensors, and the prompts that it has learned."""
    from napari_medssl.models.litemedsam import build

    network = build().eval()
    saved = save_tuned(network, CARD, tmp_path / "m.safetensors", atomic_write)
    engine = load_engine("litemedsam", device="cpu", weights=tmp_path / "m.safetensors")
    assert engine.card.takes_points
    assert engine.weights_hash == saved.sha256
    (tmp_path / "m.json").unlink()
    engine = load_engine("litemedsam", device="cpu", weights=tmp_path / "m.safetensors")
    assert not engine.card.takes_points
