from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from made_scans import Told, learned, method_of, plan_for, prepared, resumed_alike

from napari_medssl.errors import UsageError
from napari_medssl.models.networks.network import build_network
from napari_medssl.pretrain.images.samples import Samples

SETTINGS = {"level": 1, "regions": 7}
PLAN = plan_for("contrastive", settings=SETTINGS)


def of_stage(stage: str, **changes):
    return replace(PLAN, settings={**SETTINGS, "stage": stage}, **changes)


@pytest.mark.parametrize(
    ("stage", "names"),
    [
        ("encoder", {"first", "second"}),
        ("decoder", {"bright", "dark"}),
        ("both", {"first", "second", "bright", "dark"}),
    ],
)
@pytest.mark.parametrize("dimensions", [2, 3])
def test_views_are_those_of_the_stages(stage: str, names: set[str], dimensions: int):
    plan = of_stage(stage, dimensions=dimensions, crop=(16,) * dimensions)
    batch = Samples(prepared(), method_of(plan)).at(0)
    assert batch.keys() == names
    assert all(views.shape == (4, 1, *plan.crop) for views in batch.values())


def test_regions_stay_where_they_are():
    """Intensity alone differs: one view is a straight line of the other."""
    batch = Samples(prepared(), method_of(of_stage("decoder"))).at(0)
    for one, other in zip(batch["bright"], batch["dark"], strict=True):
        together = torch.corrcoef(torch.stack([one.flatten(), other.flatten()]))[0, 1]
        assert together > 0.999


@pytest.mark.parametrize(
    ("stage", "figures"), [("encoder", {"collapse", "found"}), ("decoder", set())]
)
def test_figures_are_of_the_images_where_they_are_looked_at(stage: str, figures: set[str]):
    method = method_of(of_stage(stage))
    method.losses(Samples(prepared(), method).at(0), 0)
    assert method.watch().keys() == figures


@pytest.mark.slow
@pytest.mark.parametrize("stage", ["encoder", "decoder"])
def test_each_loss_falls(tmp_path: Path, stage: str):
    told = Told()
    learned(of_stage(stage, steps=30, rate=1e-2), tmp_path, told=told)
    first, last = ([values["loss"] for _, values in told.metrics][n] for n in (0, -1))
    assert last < first


def _changed(method, before) -> set[str]:
    now = method.network.state_dict()
    return {name.split(".")[0] for name in now if not torch.equal(now[name], before[name])}


@pytest.mark.parametrize(
    ("stage", "learns"),
    [("encoder", {"levels"}), ("decoder", {"rises"}), ("both", {"levels", "rises"})],
)
def test_what_a_stage_is_for_learns_and_nothing_else(tmp_path: Path, stage: str, learns: set[str]):
    plan = of_stage(stage)
    before = {n: t.clone() for n, t in method_of(plan).network.state_dict().items()}
    method, _ = learned(plan, tmp_path)
    assert _changed(method, before) == learns
    assert method.holds == ("encoder" if stage == "encoder" else "encoder and decoder")


def test_in_the_second_stage_the_encoder_stays_with_all_that_its_norms_counted(tmp_path: Path):
    network = {"network": "mri_unet", "arguments": {"widths": (4, 8)}}
    plan = of_stage("both", dimensions=2, crop=(16, 16), **network)
    stops = iter([False] * 3 + [True])
    half, _ = learned(plan, tmp_path, stop=lambda: next(stops))
    middle = {n: t.clone() for n, t in half.network.state_dict().items()}
    whole, left = learned(plan, tmp_path)
    assert left.finished
    assert _changed(whole, middle) == {"rises"}


@pytest.mark.parametrize("killed_at", [1, 3, 5])
def test_killed_in_either_stage_it_goes_on_to_the_same_weights(tmp_path: Path, killed_at: int):
    assert resumed_alike(PLAN, tmp_path, killed_at)


def test_the_whole_encoder_is_handed_on():
    other = build_network("unet_small", dimensions=3, in_channels=1, classes=5, widths=(4, 8))
    other.load_encoder(method_of(PLAN).network.encoder_state())


def test_its_pictures_are_the_views_of_its_stages():
    method = method_of(PLAN)
    pictures = method.picture(Samples(prepared(), method).at(0, 0, 1))
    assert [picture.shape for picture in pictures.values()] == [(8, 8)] * 4


def test_all_alike_is_said_and_what_is_common_at_first_is_not():
    method = method_of(PLAN)
    method.note(torch.rand(8, 4) * 0.1 + 1)
    assert method._spread > 0.9
    assert method.collapsed() == ""
    method.note(torch.rand(8, 4) * 1e-4 + 1)
    assert "alike" in method.collapsed()


def test_a_decoder_that_cannot_be_stopped_is_refused_and_its_encoder_is_not():
    plan = of_stage("both", network="kidney_dense", arguments={}, crop=(32, 32, 32))
    with pytest.raises(UsageError, match="stage=encoder"):
        method_of(plan)
    method_of(replace(plan, settings={"stage": "encoder"}))


@pytest.mark.parametrize(
    "settings",
    [{"stage": "head"}, {"part": 1.5}, {"level": 2}, {"level": 0}, {"regions": 5},
     {"regions": 1000}, {"temperature": 0.0}],
)  # fmt: skip
def test_settings_that_are_none_are_refused(settings):
    with pytest.raises(UsageError):
        method_of(replace(PLAN, settings={**SETTINGS, **settings}))
