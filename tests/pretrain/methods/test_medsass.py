from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from made_scans import Told, learned, method_of, plan_for, prepared, resumed_alike

from napari_medssl.errors import UsageError
from napari_medssl.models.networks.network import build_network
from napari_medssl.pretrain.losses.tversky import MASK_LOSSES
from napari_medssl.pretrain.pseudo.mask import THRESHOLDS, pseudo_mask
from napari_medssl.pretrain.samples import Samples

PLAN = plan_for("medsass")


@pytest.mark.parametrize("threshold", THRESHOLDS)
@pytest.mark.parametrize("polarity", ["auto", "bright", "dark"])
@pytest.mark.parametrize("dimensions", [2, 3])
def test_the_mask_is_of_the_image_as_the_network_sees_it(
    threshold: str, polarity: str, dimensions: int
):
    settings = {"threshold": threshold, "polarity": polarity}
    plan = replace(PLAN, dimensions=dimensions, crop=(8,) * dimensions, settings=settings)
    batch = Samples(prepared(), method_of(plan)).at(0)
    assert batch["image"].shape == batch["mask"].shape == (4, 1, *plan.crop)
    for image, mask in zip(batch["image"], batch["mask"], strict=True):
        wanted = pseudo_mask(image.numpy(), threshold, polarity).inside
        assert np.array_equal(mask[0].numpy() > 0, wanted)


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
