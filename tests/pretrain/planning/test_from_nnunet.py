from __future__ import annotations

import pytest
from nnunet_plans import plan

from napari_medssl.errors import UsageError
from napari_medssl.models.networks.planned import planned_network
from napari_medssl.pretrain.images.survey import ImageFacts, ImageSurvey
from napari_medssl.pretrain.method import method_for
from napari_medssl.pretrain.planning.planner import plan_pretraining
from napari_medssl.pretrain.request import PretrainRequest


def survey(shape=(40, 50, 60), spacing=(1.0, 1.0, 1.0)) -> ImageSurvey:
    facts = [ImageFacts(f"i{n}", "MR", shape, spacing, False) for n in range(10)]
    return ImageSurvey(tuple(facts), {})


def planned(side: int = 64, name: str = "3d_fullres", **more):
    given = plan(**more)
    for one in given["configurations"].values():
        one["patch_size"] = [side] * len(one["patch_size"])
    return planned_network(given, name)


def test_network_voxels_and_values_are_those_of_the_plan():
    made = plan_pretraining("simmim", survey(), planned=planned(16))
    assert (made.network, made.dimensions, made.crop) == ("nnunet", 3, (16, 16, 16))
    assert made.arguments == planned().arguments
    assert made.preparation == planned().preparation
    assert made.preparation[1] == {"do": "orient", "codes": "kji"}


def test_crops_are_nnunets_window_as_far_as_images_and_the_machine_reach():
    assert plan_pretraining("simmim", survey(), planned=planned(56)).crop == (40, 40, 48)
    printed = plan_pretraining("simmim", survey(), planned=planned(56), scale="paper")
    assert printed.crop == (56, 56, 56)
    for_two = plan_pretraining("simsiam", survey(), planned=planned(56)).crop
    assert for_two == (24, 32, 40), "two crops are to lie in an image"


def test_the_coarsest_axis_comes_first_in_nnunets_voxels():
    coarse = planned(64, spacing=[4.0, 1.0, 1.0])
    made = plan_pretraining("simmim", survey((200, 30, 100), (1.0, 4.0, 0.5)), planned=coarse)
    assert made.crop == (24, 64, 48)


def test_slices_are_cut_across_the_coarsest_axis():
    made = plan_pretraining("simmim", survey((60, 50, 40)), planned=planned(32, "2d"))
    assert (made.dimensions, made.slice_axis, made.crop) == (2, 0, (32, 32))


@pytest.mark.parametrize(
    ("method", "words"),
    [
        ("kidney-side", "nobody knows which is left to right"),
        ("swin-unetr", "one place of 2 x 4 x 4 voxels"),
        ("contrastive", "which cannot be stopped half-way.*stage=encoder"),
    ],
)
def test_methods_that_make_no_sense_for_it_say_why(method, words):
    pytest.importorskip("dynamic_network_architectures")
    thin = planned(16, strides=((1, 1, 1), (1, 2, 2), (2, 2, 2)))
    made = plan_pretraining(method, survey(), planned=thin, changes={"crop": [16, 16, 16]})
    with pytest.raises(UsageError, match=words):
        method_for(made, "cpu")


def test_a_request_carries_the_plan_as_data():
    row = planned().as_row()
    given = PretrainRequest("simmim", "/data", planned=row).arguments
    assert given["planned"] == row
    assert given["network"] is None


@pytest.mark.parametrize(
    ("wishes", "words"),
    [
        ({"network": "nnunet"}, "without a plan of nnU-Net's; expected --nnunet"),
        ({"planned": planned().as_row(), "network": "unet"}, "--nnunet with the network 'unet'"),
        ({"planned": planned().as_row(), "dimensions": 2}, "2 dimensions with nnU-Net's 3d_full"),
        ({"planned": planned().as_row(), "method": "mae"}, "with the network 'nnunet'"),
    ],
)
def test_what_does_not_go_together_is_refused(wishes, words):
    with pytest.raises(UsageError, match=words):
        PretrainRequest(**{"method": "simmim", "folder": "/data", **wishes})
