"""What a network begins with, and why."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from napari_medssl.errors import UsageError
from napari_medssl.finetune.starting import Images, Start, choose_start, network_of, starter
from napari_medssl.io import atomic_write
from napari_medssl.models.trained import OutputClass, TrainedCard, trained_folder, write_card

CARD = TrainedCard(
    name="ct",
    title="Organs",
    network="unet",
    dimensions=3,
    in_channels=1,
    classes=(OutputClass(5, "Label 5"),),
    patch=(32, 32, 32),
    steps=(),
    modalities=("CT", "MR"),
)


def put(name: str, **changes: Any) -> Path:
    """Put a card, and no weights, where added models are kept."""
    path = trained_folder() / f"{name}.safetensors"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    write_card(replace(CARD, name=name, title=name, **changes), path, atomic_write)
    return path


def chosen(
    wanted: str = "auto", device: str = "cpu", modality: str = "CT", in_use: Path | None = None
) -> Start:
    images = Images({5: "Label 5"}, frozenset([modality]), fewest_slices=18)
    return choose_start(wanted, in_use, images, device)


def test_without_any_model_it_begins_with_random_weights() -> None:
    put("random", method="random")
    put("of-ultrasound", modalities=("US",))
    put("of-who-knows", modalities=())
    put("in-colour", in_channels=3)
    put("flat", dimensions=2, patch=(32, 32))
    start = chosen()
    assert start.path is None
    assert "no model was added that fits" in start.words
    assert chosen("scratch").words.endswith("as asked.")


def test_what_learned_without_masks_comes_before_what_learned_from_them() -> None:
    supervised = put("a-organs")
    assert chosen().path == supervised
    encoder = put("z-encoder", method="smit", holds="encoder", classes=())
    start = chosen()
    assert start.path == encoder
    assert (
        start.words
        == "It begins with 'z-encoder', which learned without masks (smit) on CT and MR."
    )
    assert chosen(modality="US").path is None


def test_a_processor_is_spared_what_only_a_gpu_can_teach() -> None:
    heavy = put("smit", network="smit", method="smit", holds="encoder", classes=())
    assert chosen().path is None
    assert chosen(device="cuda:0").path == heavy


def test_one_by_name_is_taken_as_it_is() -> None:
    path = put("of-ultrasound", modalities=("US",))
    assert chosen("of-ultrasound").path == path
    assert chosen(str(path)).path == path
    with pytest.raises(UsageError, match="the trained model 'nobody'"):
        chosen("nobody")
    with pytest.raises(UsageError, match="without a model in use"):
        chosen("current")


def test_the_model_in_use_comes_first_if_it_has_the_same_labels() -> None:
    added, same = put("organs"), put("c0ffee00")
    other = put("beef0000", classes=(OutputClass(5, "spleen"),), modalities=("US",))
    start = chosen(in_use=same)
    assert start.path == same
    assert start.words == "It begins with the model in use (c0ffee00), which has the same labels."
    assert chosen(in_use=other).path in (added, same)
    assert chosen("current", in_use=other).path == other


def test_pictures_get_what_sees_slices() -> None:
    put("deep")
    flat = put("flat", dimensions=2, patch=(32, 32))
    picture = Images({5: "Label 5"}, frozenset(["CT"]), fewest_slices=1)
    assert choose_start("auto", None, picture, "cpu").path == flat


def test_of_several_the_newest_is_taken_and_none_that_is_in_trouble() -> None:
    for age, (name, trouble) in enumerate([("new", ""), ("old", ""), ("spoilt", "It collapsed.")]):
        path = put(name, method="barlow", holds="encoder", classes=(), trouble=trouble)
        os.utime(path, (100 - age, 100 - age))
    os.utime(path, (200, 200))
    start = chosen()
    assert start.path is not None
    assert start.path.stem == "new"
    assert "'new', the newest such model, which learned without masks (barlow)" in start.words
    assert chosen("spoilt").path == path, "who asks for it by name gets it"


def test_images_of_no_known_kind_get_what_learned_from_such() -> None:
    put("of-who-knows", modalities=(), method="smit", holds="encoder", classes=())
    assert chosen(modality="OT").path is None, "nobody knows what a foreign file saw"
    own = put(
        "own", modalities=(), spacing_mm=(1, 1, 1), method="barlow", holds="encoder", classes=()
    )
    start = chosen(modality="OT")
    assert start.path == own
    assert start.words.endswith("on images whose files do not say what made them, as yours.")
    assert chosen(modality="CT").path is None


def test_a_protocol_refuses_a_start_that_it_is_not_for() -> None:
    given = (None, {5: "Label 5"}, frozenset(["CT"]), 18)
    with pytest.raises(UsageError, match="'decoder' from scratch"):
        starter("auto", "cpu", "decoder")(*given)
    path = put("organs")
    assert starter("auto", "cpu", "decoder")(*given).path == path
    with pytest.raises(UsageError, match="expected the network smit or smit_12"):
        starter("auto", "cpu", "smit")(*given)
    assert starter("auto", "cpu")(*given).path == path
    assert (network_of(path), network_of(None)) == ("unet", None)
