from __future__ import annotations

import json

import numpy as np
import pytest
from made_scans import method_of, volume

from napari_medssl.errors import UsageError
from napari_medssl.models.machine import ON_GPU, ON_PROCESSOR
from napari_medssl.pretrain.images.prepared import PreparedImage
from napari_medssl.pretrain.images.samples import random_slice
from napari_medssl.pretrain.images.survey import ImageFacts, ImageSurvey
from napari_medssl.pretrain.plan import PretrainPlan
from napari_medssl.pretrain.planning.planner import (
    plan_pretraining,
    require_known,
    require_shares,
    sides_within,
)
from napari_medssl.volume import Pipeline


def survey(count=10, shape=(40, 50, 60), spacing=(1.0, 1.0, 1.0), modality="MR", colour=False):
    images = [ImageFacts(f"i{n}", modality, shape, spacing, colour) for n in range(count)]
    return ImageSurvey(tuple(images), {})


def test_volumes_are_learned_from_in_3d_and_pictures_in_2d():
    assert plan_pretraining("barlow", survey()).dimensions == 3
    flat = plan_pretraining("barlow", survey(shape=(1, 300, 200), colour=True))
    assert flat.dimensions == 2
    assert flat.slice_axis == 0
    assert flat.preparation[0] == {"do": "channels", "count": 1}
    assert len(flat.crop) == 2


def test_crops_lie_within_the_image_and_have_few_enough_voxels():
    plan = plan_pretraining("barlow", survey(shape=(100, 200, 300)))
    assert all(side % 8 == 0 for side in plan.crop)
    assert plan.crop[0] * plan.crop[1] * plan.crop[2] <= 90_000
    assert sides_within([10, 10], 10_000, 32) == (32, 32)


def test_ct_is_windowed_and_others_go_by_percentiles():
    assert plan_pretraining("barlow", survey(modality="CT")).preparation[-1]["do"] == "to-unit"
    assert plan_pretraining("barlow", survey()).preparation[-2]["do"] == "percentiles"


def test_the_paper_s_scale_is_as_printed():
    plan = plan_pretraining("barlow", survey(shape=(1, 300, 300)), scale="paper", steps=0)
    assert (plan.network, plan.crop, plan.batch, plan.steps) == ("btunet", (256, 256), 8, 5200)
    assert plan.warm_up == 520
    short = plan_pretraining("barlow", survey(shape=(1, 300, 300)), scale="paper", steps=52)
    assert short.warm_up == 5  # the same part


def test_a_recipe_that_is_not_the_paper_s_says_why_among_its_reasons():
    said = plan_pretraining("byol", survey()).reasons
    assert [words.startswith("Unlike the paper") for words in said] == [False, True]
    assert len(plan_pretraining("barlow", survey()).reasons) == 1


def test_a_tenth_of_the_steps_warms_up_where_no_paper_says_it():
    assert plan_pretraining("barlow", survey(), steps=200).warm_up == 20
    assert plan_pretraining("barlow", survey(), steps=200, changes={"warm_up": 3}).warm_up == 3


def test_changes_of_the_plan_and_of_the_method():
    changes = {"batch": 8, "crop": [16, 16, 16], "width": 32, "rate": 1}
    plan = plan_pretraining("barlow", survey(), changes=changes)
    assert (plan.batch, plan.crop, plan.rate) == (8, (16, 16, 16), 1.0)
    assert plan.settings["width"] == 32


def test_a_named_network_says_in_how_many_dimensions():
    assert plan_pretraining("barlow", survey(), network="btunet").dimensions == 2


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"batch": "many"}, "batch=many; expected a whole number"),
        ({"rate": "fast"}, "rate=fast; expected a number"),
        ({"crop": 16}, "crop=16; expected a list"),
        ({"crop": [16, 16]}, "2 sides in 3-D"),
        ({"steps": 5}, "the setting 'steps'"),
        ({"method": "byol"}, "the setting 'method'"),
        ({"preparation": []}, "the setting 'preparation'"),
        ({"optimiser": "best"}, "optimiser=best"),
        ({"batch": 1}, r"1 of 1 images at once; expected 2 or more\. Choose a larger batch"),
        ({"batch": 4, "accumulate": 4}, "1 of 4 images at once"),
    ],
)
def test_a_change_that_makes_no_sense_is_refused(changes, words):
    with pytest.raises(UsageError, match=words):
        plan_pretraining("barlow", survey(), changes=changes)


def test_too_few_images_are_refused():
    with pytest.raises(UsageError, match=r"with 3 images; expected 4 or more"):
        plan_pretraining("barlow", survey(3))


def test_a_scale_without_a_network_in_these_dimensions_is_refused():
    with pytest.raises(UsageError, match=r"in 3-D.*expected 2-D"):
        plan_pretraining("barlow", survey(), scale="paper", dimensions=3)
    with pytest.raises(UsageError, match="in 3-D"):
        plan_pretraining("barlow", survey(), network="btunet", dimensions=3)


def test_a_network_that_a_method_cannot_teach_is_refused_with_the_reason():
    with pytest.raises(UsageError, match="with the network 'unet_small'"):
        plan_pretraining("mae", survey(shape=(1, 300, 300)), network="unet_small")


def test_processes_take_as_many_images_each():
    assert plan_pretraining("regression", survey(), processes=3).batch == 6  # of 4 on one
    assert plan_pretraining("regression", survey(), processes=2).batch == 4
    for changes in ({"batch": 4}, {"batch": 6, "accumulate": 6}):
        with pytest.raises(UsageError, match="for 3 processes; expected a multiple of 3"):
            plan_pretraining("regression", survey(), processes=3, changes=changes)
    require_shares(6, 3)


@pytest.mark.parametrize("changes", [{"batch": 8}, {"width": 32, "rate": 0.1}, {}])
def test_what_is_known_may_be_changed(changes):
    require_known("barlow", changes)


@pytest.mark.parametrize("changes", [{"widht": 8}, {"width": "wide"}, {"batch": 0.5}, {"seed": 1}])
def test_what_is_not_is_refused_before_any_image_is_read(changes):
    with pytest.raises(UsageError, match=next(iter(changes))):
        require_known("barlow", changes)


def prepared(plan: PretrainPlan, array: np.ndarray, spacing=(1.0, 1.0, 1.0)) -> PreparedImage:
    image, _ = Pipeline.from_steps(plan.preparation)(volume(array, spacing, "CT"))
    return PreparedImage("made", image.array[None].astype(np.float16), image.geometry.spacing_mm)


def test_the_thesis_sees_axial_slices_though_its_images_lie_with_x_first():
    facts = survey(shape=(12, 100, 110), spacing=(2.5, 1.0, 1.0), modality="CT")
    plan = plan_pretraining("simsiam", facts, scale="paper", dimensions=2)
    assert plan.slice_axis == 2
    body = np.random.default_rng(0).uniform(-400, 400, (12, 100, 110)).astype(np.float32)
    image = prepared(plan, body, (2.5, 1.0, 1.0))
    assert image.sides == (110, 100, 12)
    seen = random_slice(image, plan, np.random.default_rng(0))[0].astype(float)
    axial = np.clip((body + 500) / 1000, 0, 1)
    turned = [one[::-1, ::-1].T for one in axial]  # right and front at the end, as RAS has it
    assert min(np.abs(seen - one).max() for one in turned) < 0.01
    method = method_of(plan_pretraining("simsiam", facts, dimensions=2))
    assert method.refuses(prepared(method.plan, body)) == ""


def test_turns_are_within_axial_slices_however_images_lie():
    facts = survey(shape=(60, 200, 200), spacing=(3.0, 1.0, 1.0), modality="CT")
    assert plan_pretraining("swin-unetr", facts, scale="paper").upright == (2, 1, 0)
    assert plan_pretraining("swin-unetr", facts).upright == (0, 1, 2)
    assert plan_pretraining("simsiam", facts, scale="paper").upright == (2, 1, 0)


def test_on_a_gpu_an_encoder_is_as_wide_as_what_is_taught_there():
    facts = survey(shape=(200, 200, 200))
    small, large = (plan_pretraining("barlow", facts, device=d) for d in ("cpu", "cuda:0"))
    assert small.arguments == {"widths": ON_PROCESSOR.widths}
    assert large.arguments == {"widths": ON_GPU.widths}
    assert np.prod(small.crop) < np.prod(large.crop) == 96**3
    assert plan_pretraining("smit", facts, device="cuda:0").arguments == {"feature_size": 48}


@pytest.mark.parametrize(
    ("method", "crop"), [("simsiam", "32 x 32 x 32"), ("smit", "96 x 96 x 96")]
)
def test_on_small_images_a_gpu_does_as_a_processor_and_says_so(method, crop):
    facts = survey(shape=(30, 40, 40))
    small, large = (plan_pretraining(method, facts, device=d) for d in ("cpu", "cuda:0"))
    assert large.arguments == small.arguments
    assert large.crop == small.crop
    assert any(f"too small for crops of {crop}" in reason for reason in large.reasons)
    assert len(large.reasons) == len(small.reasons) + 1


@pytest.mark.parametrize("method", ["smit", "simsiam", "swin-unetr", "kidney-side"])
def test_hounsfield_units_are_for_ct(method):
    plans = [
        plan_pretraining(method, survey(shape=(99, 99, 99), modality=kind), scale="paper")
        for kind in ("CT", "MR", "OT")
    ]
    for plan, is_ct in zip(plans, (True, False, False), strict=True):
        steps = {row["do"] for row in plan.preparation}
        assert bool(steps & {"clip", "to-unit"}) == is_ct
        assert ("percentiles" in steps) != is_ct
        assert any("are no CT" in reason for reason in plan.reasons) != is_ct
        others = steps - {"clip", "to-unit", "percentiles"}
        assert others >= {"orient"}  # all else is as printed
    grey = np.random.default_rng(0).normal(900, 100, (30, 30, 30)).astype(np.float32)
    seen = prepared(plans[1], grey).array
    assert len(np.unique(seen)) > 20


@pytest.mark.parametrize("method", ["barlow", "byol", "dino", "mae", "simmim", "medsass"])
def test_the_papers_see_whole_pictures(method):
    facts = survey(shape=(1, 400, 500), modality="OT", colour=True)
    plan = plan_pretraining(method, facts, scale="paper")
    assert PretrainPlan.from_row(json.loads(json.dumps(plan.as_row()))).crop == plan.crop
    stripes = np.indices((1, 400, 500)).sum(0) % 2 + np.linspace(0, 1, 500)
    seen = prepared(plan, stripes.astype(np.float32))
    assert seen.array.shape[-2:] == plan.crop
    smaller = plan_pretraining(method, facts, scale="paper", changes={"crop": [64, 64]})
    assert prepared(smaller, stripes.astype(np.float32)).array.shape[-2:] == (64, 64)
    assert np.abs(np.diff(seen.array[..., 0, :, :].astype(float), axis=-1)).max() < 0.3


@pytest.mark.parametrize("scale", ["here", "paper"])
def test_smit_sees_the_body_and_not_the_air_around(scale):
    body = np.full((40, 60, 60), -1000, np.float32)
    body[5:35, 20:50, 10:30] = np.random.default_rng(0).uniform(0, 200, (30, 30, 20))
    plan = plan_pretraining("smit", survey(shape=body.shape, modality="CT"), scale=scale)
    seen = prepared(plan, body, (4.0, 4.0, 4.0) if scale == "paper" else (1.0, 1.0, 1.0))
    if scale == "here":
        assert sorted(seen.sides) == [20, 30, 30]
    else:
        assert seen.sides == (128, 128, 128)
        inside = np.argwhere(seen.array[0] > 0)
        assert np.allclose(inside.mean(axis=0), 63.5, atol=1)
