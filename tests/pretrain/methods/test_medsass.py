from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from made_scans import Told, learned, method_of, plan_for, prepared, resumed_alike, source

from napari_medssl.errors import UsageError
from napari_medssl.io import atomic_write
from napari_medssl.models.networks.network import build_network
from napari_medssl.pretrain.cards import method_card
from napari_medssl.pretrain.images.prepared import PreparedImage
from napari_medssl.pretrain.images.samples import Samples
from napari_medssl.pretrain.losses.tversky import MASK_LOSSES
from napari_medssl.pretrain.pretraining import Tools, Wanted, learn_without_labels
from napari_medssl.pretrain.pseudo.mask import THRESHOLDS, Threshold, pseudo_mask
from napari_medssl.pretrain.settings.of_methods import declared_settings

PLAN = plan_for("medsass")


@pytest.mark.parametrize("threshold", THRESHOLDS)
@pytest.mark.parametrize("polarity", ["bright", "dark"])
@pytest.mark.parametrize("dimensions", [2, 3])
def test_the_mask_is_of_the_image_as_the_network_sees_it(
    threshold: str, polarity: str, dimensions: int
):
    settings = {"threshold": threshold, "polarity": polarity}
    plan = replace(PLAN, dimensions=dimensions, crop=(8,) * dimensions, settings=settings)
    batch = Samples(prepared(), method_of(plan)).at(0)
    assert batch["image"].shape == batch["mask"].shape == (4, 1, *plan.crop)
    for image, mask in zip(batch["image"], batch["mask"], strict=True):
        wanted = pseudo_mask(image.numpy(), Threshold(threshold), polarity).inside
        assert np.array_equal(mask[0].numpy() > 0, wanted)


@pytest.mark.parametrize(
    "numbers",
    [
        {"threshold": "ght", "nu": 1e6, "tau": 1.0},
        {"threshold": "ght", "kappa": 1e6, "omega": 0.9},
        {"threshold": "adaptive-mean", "block": 5},
        {"threshold": "adaptive-gaussian", "offset": -20.0},
    ],
)
def test_a_threshold_s_numbers_are_heard(numbers: dict):
    masks = [
        Samples(prepared(), method_of(replace(PLAN, settings={**given, "polarity": "bright"}))).at(
            0
        )
        for given in (numbers, {"threshold": numbers["threshold"]})
    ]
    assert torch.equal(masks[0]["image"], masks[1]["image"])
    assert not torch.equal(masks[0]["mask"], masks[1]["mask"])


def crossed(bright: bool) -> PreparedImage:
    """A column through the middle: the image's edge shows little of it, a crop's may show much."""
    array = np.full((1, 20, 24, 28), 0.2 if bright else 0.8, np.float16)
    array[..., 6:18, 6:22] = 0.8 if bright else 0.2
    return PreparedImage(f"{bright}", array, (1.0, 1.0, 1.0))


def test_auto_means_one_side_of_an_image_in_all_of_its_crops():
    images = [crossed(True), crossed(False), crossed(True)]
    images[2] = replace(images[2], id="third")
    method = method_of(replace(PLAN, settings={"polarity": "auto"}))
    alone = set()
    for seed in range(20):
        for index, image in enumerate(images):
            drawn = method.sample(images, index, np.random.default_rng(seed))
            crop, inside = drawn["image"][0].numpy(), drawn["mask"][0].numpy() > 0
            if 0 < inside.mean() < 1:
                assert (crop[inside].min() > crop[~inside].max()) == (image.id != "False")
                alone.add((image.id, pseudo_mask(crop[None]).side))
    assert len(alone) == 6, "by themselves crops of each image are not of one mind"
    assert method.decided(images) == (
        "By their edges, what is bright is taken for inside in 2 of 3 images, "
        "and what is dark in 1."
    )
    assert method_of(replace(PLAN, settings={"polarity": "dark"})).decided(images) == ""


def test_what_auto_chose_is_among_the_reasons_and_on_the_card(tmp_path: Path):
    sources = [source(n) for n in range(3)]
    changes = {"polarity": "auto", "crop": [16, 16, 16], "batch": 2}
    wanted = Wanted("medsass", sources, "made", "cpu", 1, steps=1, changes=changes)
    card = learn_without_labels(wanted, tmp_path, Tools(atomic_write, Told()))
    assert card is not None
    words = "bright is taken for inside in 3 of 3 images, and what is dark in 0."
    assert words in card.about
    plan = json.loads((tmp_path / "plan.json").read_text("utf-8"))
    assert words in plan["reasons"][-1]


def test_the_paper_takes_what_is_bright():
    assert method_card("medsass").paper.plan["settings"]["polarity"] == "bright"
    [kind] = [one for one in declared_settings("medsass") if one.name == "threshold"]
    assert set(kind.choices) == set(THRESHOLDS)


@pytest.mark.slow
@pytest.mark.parametrize("loss", MASK_LOSSES)
def test_each_loss_falls(tmp_path: Path, loss: str):
    told = Told()
    learned(replace(PLAN, steps=40, rate=1e-2, settings={"loss": loss}), tmp_path, told=told)
    assert told.losses[-1] < told.losses[0]


@pytest.mark.slow
def test_it_learns_the_mask(tmp_path: Path):
    settings = {"polarity": "bright"}
    plan = replace(PLAN, steps=40, rate=1e-2, crop=(16, 16, 16), settings=settings)
    after, _ = learned(plan, tmp_path)
    overlaps = []
    for method in (method_of(plan), after):
        method.train()(Samples(prepared(), method).at(1000), 0)
        overlaps.append(method.watch()["mask_iou"])
    assert overlaps[1] > overlaps[0] + 0.2
    assert after.collapsed() == ""


def test_nothing_found_is_said():
    method = method_of(PLAN)
    batch = Samples(prepared(), method).at(0)
    with torch.no_grad():
        method.network.head.bias[:] = torch.tensor([50.0, -50.0])
    method(batch, 0)
    assert method.watch()["mask_iou"] == 0
    assert "does not find" in method.collapsed()
    method(dict(batch, mask=torch.zeros_like(batch["mask"])), 0)
    assert "0%" in method.collapsed()


@pytest.mark.parametrize("killed_at", [1, 3])
def test_killed_it_goes_on_to_the_same_weights(tmp_path: Path, killed_at: int):
    assert resumed_alike(PLAN, tmp_path, killed_at)


@pytest.mark.parametrize("what", ["encoder", "encoder and decoder"])
def test_the_whole_network_learns_and_what_is_wanted_is_handed_on(tmp_path: Path, what: str):
    plan = replace(PLAN, settings={"what": what})
    before = method_of(plan).network.state_dict()
    method, _ = learned(plan, tmp_path)
    assert method.holds == what
    changed = {n.split(".")[0] for n, t in method.network.state_dict().items()
               if not torch.equal(t, before[n])}  # fmt: skip
    assert changed == {"levels", "rises", "head"}
    other = build_network("unet_small", dimensions=3, in_channels=1, classes=5, widths=(4, 8))
    other.load_encoder(method.network.encoder_state())


def test_its_pictures_are_the_image_and_both_masks():
    method = method_of(PLAN).eval()
    with torch.no_grad():
        pictures = method.picture(Samples(prepared(), method).at(0, 0, 1))
    assert list(pictures) == ["image", "pseudo-mask", "learned"]
    assert set(np.unique(pictures["pseudo-mask"])) <= {0, 1}


@pytest.mark.parametrize(
    "settings", [{"threshold": "mean"}, {"polarity": "grey"}, {"loss": "dice"}, {"what": "decoder"}]
)
def test_settings_that_are_none_are_refused(settings):
    with pytest.raises(UsageError, match="expected one of"):
        method_of(replace(PLAN, settings=settings))
