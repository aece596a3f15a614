from __future__ import annotations

import math
from dataclasses import replace

import pytest

from napari_medssl.errors import UsageError
from napari_medssl.finetune.volumes.facts import CaseFacts, Survey
from napari_medssl.finetune.volumes.plan import VolumePlan
from napari_medssl.finetune.volumes.planning import patch_within, plan_for
from napari_medssl.models.machine import Machine
from napari_medssl.models.trained import TrainedCard

CPU, GPU = Machine("cpu", 2), Machine("cuda:0", 8)


def case(shape=(35, 50, 36), spacing=(1.0, 1.0, 1.0), modality="MR", organ=25.0, **rest):
    facts = {
        "id": "case-001",
        "patient": "a",
        "modality": modality,
        "shape": shape,
        "spacing_mm": spacing,
        "in_colour": False,
        "extents_mm": {1: (organ, organ, organ), 2: (organ, organ, organ)},
        "grey": (20.0, 60.0, 120.0),
        "slice_axis": 0,
    }
    return CaseFacts(**{**facts, **rest})


def plan(*cases: CaseFacts, machine=CPU, names=None, **rest) -> VolumePlan:
    survey = Survey(cases or (case(),), {})
    return plan_for(survey, names or {1: "anterior", 2: "posterior"}, machine, **rest)


def test_a_small_volume_is_seen_whole_at_its_own_sharpness():
    made = plan()
    assert (made.dimensions, made.network, made.patch) == (3, "unet_small", (40, 56, 40))
    assert made.preparation[0]["spacing_mm"] == (1.0, 1.0, 1.0)
    assert made.preparation[-1]["do"] == "z-score"
    assert made.mirrored


def test_a_large_ct_becomes_as_coarse_as_its_organ_bears():
    ct = case((300, 512, 512), (1.0, 0.8, 0.8), "CT", organ=110.0)
    made = plan(ct)
    z, y, x = made.preparation[0]["spacing_mm"]
    assert (y, x) == (pytest.approx(2.75, abs=0.3), pytest.approx(2.75, abs=0.3))
    voxels = 300 / z * 409.6 / y * 409.6 / x
    assert voxels <= 3.1e6
    assert made.preparation[-1] == {"do": "to-unit", "low": -5, "high": 145}
    finer = plan(ct, machine=GPU)
    assert finer.preparation[0]["spacing_mm"][1] < y
    assert math.prod(finer.patch) > 5 * math.prod(made.patch)
    assert finer.precision == "bfloat16"


def test_pictures_and_few_thick_slices_are_seen_slice_by_slice():
    picture = plan(case((1, 540, 800), modality="US", in_colour=True))
    assert (picture.dimensions, picture.slice_axis) == (2, 0)
    assert picture.preparation[0] == {"do": "channels", "count": 1}
    assert math.prod(picture.patch) <= 224**2
    heart = plan(case((10, 256, 256), (10.0, 1.4, 1.4)))
    assert (heart.dimensions, heart.slice_axis) == (2, 0)
    assert heart.preparation[0]["spacing_mm"][0] == 10.0
    sagittal = plan(case((256, 256, 12), (1.0, 1.0, 6.0)))
    assert (sagittal.dimensions, sagittal.slice_axis) == (2, 2)


@pytest.mark.parametrize("name", ["left kidney", "Kidney_R", "Right lung", "Niere links"])
def test_one_sided_labels_are_not_mirrored(name):
    made = plan(names={1: name, 2: "liver"})
    assert not made.mirrored
    assert any(name in reason for reason in made.reasons)


@pytest.mark.parametrize("name", ["leftover", "spleen", "bright spot", "liver"])
def test_other_names_are(name):
    assert plan(names={1: name, 2: "x"}).mirrored == (name != "leftover")


def test_crops_have_sides_that_halve():
    assert patch_within((35, 50, 36), 90_000, 8) == (40, 56, 40)
    assert patch_within((300, 300, 20), 90_000, 8) == (56, 64, 24)
    assert patch_within((5, 5, 5), 90_000, 8) == (16, 16, 16)


def test_a_network_by_name_and_one_that_has_no_such_dimensions():
    swin = plan(network="swin_unetr")
    assert swin.patch == (64, 64, 64)
    assert swin.rate < plan().rate, "attention does not bear long steps"
    with pytest.raises(UsageError, match="3-D"):
        plan(network="btunet")


def test_plans_survive_json():
    import json

    made = plan(case((1, 540, 800), modality="US"))
    assert VolumePlan.from_row(json.loads(json.dumps(made.as_row()))).as_row() == {
        **made.as_row(),
        "preparation": tuple(
            {k: list(v) if isinstance(v, tuple) else v for k, v in row.items()}
            for row in made.preparation
        ),
        "arguments": {"widths": [16, 32, 64, 128]},
    }


def test_a_plan_out_of_range_is_refused():
    for wrong in ({"steps": 0}, {"patch": (8, 8)}, {"values": ()}, {"rate": 2.0}):
        with pytest.raises(UsageError):
            replace(plan(), **wrong)


def test_step_lengths_rise_and_fall_to_nothing():
    made = plan(steps=200)
    rates = [made.rate_at(step) for step in range(200)]
    assert rates[0] < rates[9] == max(rates)
    assert rates[-1] < 1e-6
    assert rates[10:] == sorted(rates[10:], reverse=True)


def test_an_encoder_that_is_narrower_than_the_machine_s_own_network_is_said_to_be():
    def said(widths: tuple[int, ...], machine: Machine, network: str = "unet_small") -> bool:
        arguments = {"widths": widths} if widths else {}
        start = TrainedCard(
            name="encoder", title="Looked", network=network, dimensions=3, in_channels=1,
            classes=(), patch=(32, 32, 32), steps=(), holds="encoder", arguments=arguments,
        )  # fmt: skip
        made = plan(machine=machine, start=start)
        assert any("It begins with the weights of its encoder: Looked." in r for r in made.reasons)
        return any("narrower (up to 128 channels)" in reason for reason in made.reasons)

    small, wide = (16, 32, 64, 128), (32, 64, 128, 256, 320)
    assert said(small, GPU)
    assert not said(small, CPU)
    assert not said(wide, GPU)
    assert not said((), GPU, network="swin_unetr")


def test_an_encoder_that_knows_no_labels_learns_as_one_by_chance():
    by_chance = plan()
    start = TrainedCard(
        name="encoder", title="Looked", network="unet_small", dimensions=3, in_channels=1,
        classes=(), patch=(16, 16, 16), steps=(), holds="encoder",
        arguments=by_chance.arguments, spacing_mm=(1.0, 1.0, 1.0),
    )  # fmt: skip
    made = plan(start=start)
    assert (made.rate, made.encoder_rate, made.patch) == (by_chance.rate, 1.0, by_chance.patch)
    turned = replace(start, steps=({"do": "orient", "axes": "RAS"},))
    for other in (turned, replace(start, spacing_mm=())):
        assert plan(start=other).patch == (16, 16, 16), "its own, where axes or spacing differ"
