"""Checkpoints of ours: saved, found, read back, and refused when they are not what they say."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
import torch

from napari_medssl.errors import UsageError, WeightsError
from napari_medssl.io import atomic_write
from napari_medssl.models.networks.network import Features, SegmentationNetwork
from napari_medssl.models.trained import (
    OutputClass,
    TrainedCard,
    find_trained,
    numbered_classes,
    read_card,
    trained_cards,
    trained_folder,
)
from napari_medssl.models.trained_weights import load_trained, read_trained, save_trained


class OneLayer(SegmentationNetwork):
    """The smallest network there can be."""

    encoder_parts = ("first",)

    def __init__(self, classes: int = 3) -> None:
        super().__init__(
            dimensions=3, in_channels=1, classes=classes, multiple=1, deepest_channels=2
        )
        self.first = torch.nn.Conv3d(1, 2, 1)
        self.last = torch.nn.Conv3d(2, classes, 1)

    def encode(self, image):
        return Features((), self.first(image))

    def decode(self, image, features):
        return self.last(features.deepest)


@pytest.fixture(autouse=True)
def _tiny_network(monkeypatch):
    """Let every card's network be the smallest."""
    monkeypatch.setattr(
        "napari_medssl.models.trained_weights.network_for",
        lambda card: OneLayer(len(card.classes) + 1),
    )


CARD = TrainedCard(
    name="liver",
    title="Liver and spleen",
    network="unet",
    dimensions=3,
    in_channels=1,
    classes=(OutputClass(6, "liver", (200, 30, 30)), OutputClass(1, "spleen")),
    patch=(32, 32, 32),
    steps=({"do": "resample", "spacing_mm": (2.0, 2.0, 2.0)}, {"do": "z-score"}),
    arguments={"channels": (8, 16)},
    modalities=("CT",),
    spacing_mm=(2.0, 1.0, 1.0),
    trained_on=("case-001",),
    licence="CC BY 4.0",
)


def test_a_model_comes_back_as_it_was_saved(tmp_path):
    network = OneLayer()
    saved = save_trained(network, CARD, tmp_path / "liver.safetensors", atomic_write)
    assert read_card(tmp_path / "liver.safetensors") == saved
    assert saved.versions["torch"]
    assert saved.preparation.steps()[0]["spacing_mm"] == (2.0, 2.0, 2.0)
    again = load_trained(tmp_path / "liver.safetensors")
    assert not again.training
    image = torch.randn(1, 1, 4, 4, 4)
    torch.testing.assert_close(again(image), network(image))


def test_an_encoder_is_saved_alone_and_does_not_segment(tmp_path):
    network, card = OneLayer(), replace(CARD, holds="encoder", classes=())
    path = tmp_path / "encoder.safetensors"
    save_trained(network, card, path, atomic_write)
    assert read_trained(path).keys() == {"first.weight", "first.bias"}
    with pytest.raises(WeightsError, match="encoder alone"):
        load_trained(path)


def test_models_are_found_by_name_and_by_path(tmp_path):
    trained_folder().mkdir(parents=True)
    save_trained(OneLayer(), CARD, trained_folder() / "liver.safetensors", atomic_write)
    (trained_folder() / "torn.safetensors").write_bytes(b"")
    assert list(trained_cards()) == ["liver"], "what has no card is left out"
    assert find_trained("liver")[1].title == CARD.title
    by_card = find_trained(str(trained_folder() / "liver.json"))[0]
    assert by_card == trained_folder() / "liver.safetensors"
    with pytest.raises(UsageError, match=r"'kidney'.*liver"):
        find_trained("kidney")


def test_altered_weights_are_refused(tmp_path):
    path = tmp_path / "liver.safetensors"
    save_trained(OneLayer(), CARD, path, atomic_write)
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(WeightsError, match="not the file its card was made for"):
        load_trained(path)


@pytest.mark.parametrize(
    "change",
    [
        lambda row: row.pop("format"),
        lambda row: row.update(format=99),
        lambda row: row.pop("classes"),
        lambda row: row.update(classes=[{"value": 1}]),
        lambda row: row.update(wings=2),
    ],
)
def test_a_card_that_is_none_of_ours_is_refused(tmp_path, change):
    path = tmp_path / "liver.safetensors"
    save_trained(OneLayer(), CARD, path, atomic_write)
    row = json.loads(path.with_suffix(".json").read_text())
    change(row)
    path.with_suffix(".json").write_text(json.dumps(row))
    with pytest.raises(WeightsError, match="no model card"):
        read_card(path)


def test_weights_of_other_classes_do_not_load(tmp_path):
    path = tmp_path / "liver.safetensors"
    saved = save_trained(OneLayer(), CARD, path, atomic_write)
    with pytest.raises(WeightsError, match="2 of 4 tensors"):
        load_trained(path, replace(saved, classes=numbered_classes(["a", "b", "c"])))


@pytest.mark.parametrize(
    "wrong",
    [
        {"classes": (OutputClass(1, "a"), OutputClass(1, "b"))},
        {"classes": (OutputClass(0, "a"),)},
        {"classes": ()},
        {"patch": (32, 32)},
        {"network": "dragon"},
        {"arguments": {"classes": 3}},
        {"network": "smit", "dimensions": 2, "patch": (8, 8)},
    ],
)
def test_a_card_is_valid_from_birth(wrong):
    with pytest.raises(UsageError):
        replace(CARD, **wrong)
