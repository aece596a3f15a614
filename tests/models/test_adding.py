from __future__ import annotations

import shutil
from dataclasses import replace

import foreign_files as files
import pytest
import torch

from napari_medssl.errors import UsageError, WeightsError
from napari_medssl.io import atomic_write
from napari_medssl.models.adding import Wishes, add_checkpoint
from napari_medssl.models.trained import (
    OutputClass,
    TrainedCard,
    card_path,
    find_trained,
    numbered_classes,
    trained_cards,
    trained_folder,
    write_card,
)
from napari_medssl.models.trained_weights import load_trained, network_for, read_trained
from napari_medssl.models.weights import sha256_of


def add(path, **wishes) -> TrainedCard:
    card = add_checkpoint(path, Wishes(**wishes), atomic_write)
    assert isinstance(card, TrainedCard)
    return card


def encoder_file(tmp_path, name="swin"):
    made = files.network("swin_unetr", **files.SWIN)
    return made, files.saved(files.swinvit(made), tmp_path / f"{name}.pt")


def test_a_foreign_encoder_becomes_ours(tmp_path) -> None:
    made, path = encoder_file(tmp_path)
    card = add(path)
    assert (card.name, card.holds, card.method, card.classes) == (
        "swinvit",
        "encoder",
        "swinunetr_ssl",
        (),
    )
    assert card.parent == sha256_of(path)
    assert card.arguments["legacy_merging"]
    assert card.spacing_mm == (2, 1.5, 1.5)
    assert "3 more are left" in card.about
    kept, again = find_trained("swinvit")
    assert again.sha256 == sha256_of(kept)
    network = network_for(again)
    network.load_encoder(read_trained(kept))
    image = torch.randn(1, 1, 32, 32, 32)
    with torch.no_grad():
        assert torch.equal(network.eval().encode(image).deepest, made.encode(image).deepest)


def test_a_foreign_network_becomes_ours_and_segments(tmp_path) -> None:
    made = files.network("smit", classes=3, **files.SMIT_V1)
    path = files.saved(files.smit_whole(made), tmp_path / "finetuned.pt")
    card = add(path, name="organs", classes=numbered_classes(["spleen", "liver"]))
    assert [c.name for c in card.classes] == ["spleen", "liver"]
    assert card.arguments["legacy_unpartition"]
    assert card.arguments["norm"] == "batch"
    assert "which is a guess" in card.about
    assert card.spacing_mm == ()
    network = load_trained(find_trained("organs")[0])
    image = torch.randn(1, 1, 64, 64, 64)
    with torch.no_grad():
        assert torch.equal(network(image), made(image))


def test_btcv_knows_its_classes_and_others_are_numbered(tmp_path) -> None:
    made = files.network("swin_unetr", classes=14, **files.SWIN)
    named = add(files.saved(files.btcv(made), tmp_path / "btcv.pt"))
    assert named.classes[0] == OutputClass(1, "spleen")
    assert len(named.classes) == 13
    two = files.network("swin_unetr", classes=3, **files.SWIN_NEW)
    path = files.saved(files.own_whole(two), tmp_path / "two.pt")
    assert [c.name for c in add(path, name="two").classes] == ["class 1", "class 2"]
    assert add(path, name="old", legacy_merging=True).arguments["legacy_merging"]
    with pytest.raises(UsageError, match="expected 2, one for each output"):
        add(path, name="three", classes=numbered_classes("abc"))


def test_what_does_not_fit_is_not_kept(tmp_path) -> None:
    made, path = encoder_file(tmp_path)
    content = files.swinvit(made)
    del content["state_dict"]["module.layers1.0.blocks.0.mlp.fc1.weight"]
    with pytest.raises(WeightsError, match="fits 125 of the 126 tensors of the encoder: 1 are"):
        add(files.saved(content, path))
    assert trained_cards() == {}
    assert not list(trained_folder().glob("*"))


def test_wishes_that_make_no_sense_are_refused(tmp_path) -> None:
    _, path = encoder_file(tmp_path)
    with pytest.raises(UsageError, match="an encoder alone"):
        add(path, classes=numbered_classes(["liver"]))
    for name in ("litemedsam", "smit", "../../etc", "a b", "-x", "x" * 65):
        with pytest.raises(UsageError, match="the name"):
            add(path, name=name)
    smit = files.saved(files.smit_v1(files.network("smit", **files.SMIT_V1)), tmp_path / "s.pt")
    with pytest.raises(UsageError, match="expected a 3-D Swin UNETR"):
        add(smit, legacy_merging=True)
    one = files.network("swin_unetr", classes=1, **files.SWIN_NEW)
    with pytest.raises(WeightsError, match="one output"):
        add(files.saved(files.own_whole(one), tmp_path / "one.pt"))


def test_adding_twice_is_one_model_and_a_taken_name_is_refused(tmp_path) -> None:
    _, path = encoder_file(tmp_path)
    first = add(path)
    assert add(path) == first
    assert list(trained_cards()) == ["swinvit"]
    other = files.swinvit(files.network("swin_unetr", **files.SWIN))
    other["state_dict"]["module.patch_embed.proj.bias"] += 1
    with pytest.raises(UsageError, match="another model is kept"):
        add(files.saved(other, tmp_path / "other.pt"))
    assert add(tmp_path / "other.pt", name="second").name == "second"


def test_an_nnunet_checkpoint_is_left_to_nnunet(tmp_path) -> None:
    path = files.saved(files.nnunet(), tmp_path / "checkpoint_final.pth")
    with pytest.raises(WeightsError, match=r"nnU-Net checkpoint with 3 tensors and 3 classes"):
        add(path)


def test_a_promptable_networks_own_weights_say_how_to_use_them(tmp_path) -> None:
    path = files.saved(files.mobile_sam(), tmp_path / "mine.pt")
    with pytest.raises(WeightsError, match="--model mobile_sam --weights FILE"):
        add(path)


@pytest.fixture
def ours(tmp_path, monkeypatch):
    """A small checkpoint of ours, outside the folder of added models."""
    made = files.network("swin_unetr", **files.SWIN_NEW)
    path = files.saved(files.own_whole(made), tmp_path / "whole.pt")
    card = add(path, name="away")
    folder = tmp_path / "from a colleague"
    kept, _ = find_trained("away")
    folder.mkdir()
    shutil.move(kept, folder / "away.safetensors")
    shutil.move(card_path(kept), folder / "away.json")
    return folder / "away.safetensors", card


def test_a_checkpoint_of_ours_is_copied_with_its_card(ours) -> None:
    path, card = ours
    assert trained_cards() == {}
    assert add(path) == card
    assert add(path, name="renamed").name == "renamed"
    assert trained_cards() == {"away": card, "renamed": replace(card, name="renamed")}
    assert find_trained("renamed")[0].read_bytes() == path.read_bytes()
    with pytest.raises(UsageError, match="--classes"):
        add(path, classes=numbered_classes(["liver"]))


@pytest.mark.parametrize("name", ["../../outside", "litemedsam", ""])
def test_a_card_cannot_choose_its_place(ours, name) -> None:
    path, card = ours
    write_card(replace(card, name=name), path, atomic_write)
    with pytest.raises(UsageError, match="the name"):
        add(path)
    assert trained_cards() == {}


def test_an_altered_checkpoint_of_ours_is_refused(ours) -> None:
    path, card = ours
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(bytes(data))
    with pytest.raises(WeightsError, match="is not the file its card was made for"):
        add(path)
    other = (*card.classes, OutputClass(2, "one more than it has"))
    write_card(replace(card, sha256=sha256_of(path), classes=other), path, atomic_write)
    with pytest.raises(WeightsError, match=r"fits .* tensors"):
        add(path)
    assert trained_cards() == {}
