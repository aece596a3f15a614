from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from made_scans import SHAPE, Told, source, volume

from napari_medssl.errors import UsageError, WeightsError
from napari_medssl.finetune.starting import Images, choose_start
from napari_medssl.io import atomic_write
from napari_medssl.models.adding import Wishes, add_checkpoint
from napari_medssl.models.networks.network import build_network
from napari_medssl.models.trained import find_trained
from napari_medssl.models.trained_weights import load_start, read_trained
from napari_medssl.pretrain.images.prepared import Source
from napari_medssl.pretrain.plan import WEIGHTS
from napari_medssl.pretrain.pretraining import Tools, Wanted, learn_without_labels

CHANGES = {"batch": 2, "crop": [16, 16, 16]}


def wanted(method: str = "barlow", **changes) -> Wanted:
    sources = [source(n) for n in range(5)]
    return replace(
        Wanted(method, sources, "made", "cpu", 1, minutes=None, steps=3, changes=CHANGES),
        **changes,
    )


def run(what: Wanted, folder: Path, told: Told | None = None, stop=lambda: False):
    folder.mkdir(exist_ok=True)
    return learn_without_labels(what, folder, Tools(atomic_write, told or Told(), stop=stop))


@pytest.mark.parametrize(
    ("method", "holds"), [("barlow", "encoder"), ("regression", "encoder and decoder")]
)
def test_its_encoder_is_taken_whole_to_begin_with(tmp_path: Path, method: str, holds: str):
    """All tensors of the encoder, by a file or by a name under which it was added."""
    card = run(wanted(method), tmp_path / "run")
    assert card is not None
    assert card.holds == holds
    assert card.trained_on == tuple(f"image-{n:05d}" for n in range(5))
    assert "5 images without masks in 3 steps" in card.about
    path, again = find_trained(str(tmp_path / "run" / WEIGHTS))
    assert again == card
    network = build_network(
        card.network, dimensions=3, in_channels=1, classes=4, **dict(card.arguments)
    )
    encoder = len(network.encoder_state())
    tensors = read_trained(path, card)
    taken = load_start(network, tensors)
    own = network.state_dict()
    assert all(torch.equal(own[name], tensors[name]) for name in network.encoder_state())
    if holds == "encoder":
        assert taken == encoder == len(tensors)
    else:  # all but the last layer, which draws one image and not four classes
        assert encoder < taken == len(tensors) - 2
    added = add_checkpoint(path, Wishes(name="own"), atomic_write)
    assert (added.name, added.sha256) == ("own", card.sha256)
    start = choose_start("auto", None, Images({1: "a"}, frozenset({"MR"}), 20), "cpu")
    assert start.path is not None
    assert start.path.stem == "own"
    assert f"without masks ({method}) on MR" in start.words


def test_weights_that_lack_one_of_the_encoder_s_are_refused_with_the_counts(tmp_path: Path):
    card = run(wanted(), tmp_path / "run")
    tensors = read_trained(tmp_path / "run" / WEIGHTS, card)
    network = build_network("unet_small", dimensions=3, in_channels=1, **dict(card.arguments))
    tensors.popitem()
    with pytest.raises(WeightsError, match=f"fit {len(tensors)} of the encoder's"):
        load_start(network, tensors)
    with pytest.raises(WeightsError, match="1 that do not belong"):
        load_start(network, {**network.encoder_state(), "more": torch.ones(1)})


def test_stopped_it_keeps_an_encoder_and_goes_on_to_the_same(tmp_path: Path):
    whole = run(wanted(steps=6), tmp_path / "whole")
    asked = iter(range(100))
    early = run(wanted(steps=6), tmp_path / "stopped", stop=lambda: next(asked) > 3)
    assert early is not None
    assert early.sha256 != whole.sha256
    assert (tmp_path / "stopped" / "prepared").is_dir()
    again = run(wanted(steps=6), tmp_path / "stopped")
    assert again.sha256 == whole.sha256
    assert not (tmp_path / "stopped" / "prepared").exists()


def test_a_run_that_goes_on_reads_no_image_again_and_repeats_no_warning(tmp_path: Path):
    read: list[str] = []

    def counted(one: Source) -> Source:
        def open_it():
            read.append(one.id)
            return one.read()

        return Source(one.id, open_it)

    broken = Source("image-00099", lambda: volume(np.full((20, 20, 20), 7.0, np.float32)))
    what = wanted(steps=6)
    what = replace(what, sources=[counted(one) for one in (*what.sources, broken)])
    asked, told = iter(range(100)), Told()
    run(what, tmp_path / "run", told, stop=lambda: next(asked) > 3)
    assert len(read) == 12, "once to see what it is like, once to make it ready"
    assert any("every voxel has the same value" in text for text in told.warnings)
    told = Told()
    assert run(what, tmp_path / "run", told) is not None
    assert len(read) == 12
    assert told.warnings == []


def test_stopped_before_it_began_there_is_nothing(tmp_path: Path):
    assert run(wanted(), tmp_path / "run", stop=lambda: True) is None


def test_the_crop_is_made_to_fit_the_network_unless_it_is_asked_for(tmp_path: Path):
    run(wanted(changes={"batch": 2}, steps=1), tmp_path / "run")
    plan = json.loads((tmp_path / "run" / "plan.json").read_text("utf-8"))
    assert all(side % 8 == 0 and side <= n + 8 for side, n in zip(plan["crop"], SHAPE, strict=True))
    with pytest.raises(UsageError, match="each a multiple of 8"):
        run(wanted(changes={"batch": 2, "crop": [9, 9, 9]}), tmp_path / "odd")


def test_images_that_the_method_cannot_use_are_left_out_and_said_why(tmp_path: Path):
    told = Told()
    small = source(9, (8, 8, 8))
    what = wanted("simsiam", changes={**CHANGES, "width": 16})
    card = run(replace(what, sources=[*what.sources, small]), tmp_path / "run", told)
    assert card is not None
    assert small.id not in card.trained_on
    assert any(text.startswith(f"{small.id} was left out: ") for text in told.warnings)
    alone = replace(what, sources=[source(n, (8, 8, 8)) for n in range(5)])
    with pytest.raises(UsageError, match="all 5 were left out, the first because"):
        run(alone, tmp_path / "alone")


def test_left_with_too_few_images_it_learns_nothing(tmp_path: Path):
    """Four are needed, and there are five; but only one is large enough."""
    what = wanted("simsiam", changes={**CHANGES, "width": 16})
    sources = [source(0), *(source(n, (8, 8, 8)) for n in range(1, 5))]
    with pytest.raises(UsageError, match="with 1 image, as 4 were left out; expected 4 or more"):
        run(replace(what, sources=sources), tmp_path / "run")
    assert not (tmp_path / "run" / WEIGHTS).exists()


def test_a_batch_is_not_larger_than_what_it_compares(tmp_path: Path):
    told = Told()
    run(wanted(changes={**CHANGES, "batch": 16}), tmp_path / "run", told)
    plan = json.loads((tmp_path / "run" / "plan.json").read_text("utf-8"))
    assert plan["batch"] == 5
    assert any(text.endswith("there are 5: 5 at a time, not 16.") for text in told.warnings)


@pytest.mark.parametrize(
    ("what", "words"),
    [
        ({"sources": [Source("image-00000", pytest.fail)] * 3}, "with 3 images; expected 4"),
        ({"changes": {**CHANGES, "crop": [7, 7, 7]}}, "each a multiple of 8"),
        (
            {"method": "contrastive", "network": "kidney_dense", "changes": CHANGES},
            "the decoder of 'kidney_dense'",
        ),
    ],
)
def test_what_cannot_be_is_said_before_any_image_is_read(tmp_path: Path, what, words):
    sources = [Source(f"image-{n:05d}", pytest.fail) for n in range(5)]
    with pytest.raises(UsageError, match=words):
        run(wanted(**{"sources": sources, **what}), tmp_path / "run")


@pytest.mark.parametrize(("changes", "warm_up"), [({"warm_up": 0}, 0), ({}, 5)])
def test_with_a_time_the_rate_rises_as_long_as_is_said(tmp_path: Path, changes, warm_up):
    asked = iter(range(100))
    what = wanted(steps=None, minutes=1e-6, changes={**CHANGES, **changes})
    run(what, tmp_path / "run", stop=lambda: next(asked) > 1)
    plan = json.loads((tmp_path / "run" / "plan.json").read_text("utf-8"))
    assert (plan["steps"], plan["warm_up"]) == (50, warm_up)


def test_a_setting_that_nobody_knows_is_refused_by_name(tmp_path: Path):
    with pytest.raises(UsageError, match="the setting 'widht' of Barlow"):
        run(wanted(changes={**CHANGES, "widht": 3}), tmp_path / "run")


def test_a_damaged_plan_is_a_sentence(tmp_path: Path):
    run(wanted(), tmp_path / "run")
    (tmp_path / "run" / "plan.json").write_text("{", "utf-8")
    with pytest.raises(WeightsError, match=r"plan\.json"):
        run(wanted(), tmp_path / "run")
