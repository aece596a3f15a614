from __future__ import annotations

import pytest

from napari_medssl.errors import UsageError
from napari_medssl.pretrain.planning import (
    plan_pretraining,
    require_known,
    require_shares,
    sides_within,
)
from napari_medssl.pretrain.survey import ImageFacts, ImageSurvey


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
    assert plan_pretraining("barlow", survey()).preparation[-1]["do"] == "percentiles"


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
        ({"batch": 1}, "1 of 1 images at once; expected 2 or more"),
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
