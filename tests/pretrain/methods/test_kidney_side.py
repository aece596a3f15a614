from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from made_scans import Told, learned, method_of, plan_for, prepared, resumed_alike

from napari_medssl.errors import UsageError
from napari_medssl.models.networks.network import build_network
from napari_medssl.pretrain.images.prepared import PreparedImage
from napari_medssl.pretrain.images.samples import Samples
from napari_medssl.pretrain.images.survey import ImageFacts, ImageSurvey
from napari_medssl.pretrain.planning.planner import plan_pretraining
from napari_medssl.volume import Geometry, Pipeline, Volume

PLAN = plan_for("kidney-side")


def image_of(array: np.ndarray) -> PreparedImage:
    return PreparedImage("made", array[None].astype(np.float16), (1.0, 1.0, 1.0))


def marked(wide: int) -> PreparedImage:
    """Each voxel tells its place along the last axis."""
    return image_of(np.broadcast_to(np.arange(wide) / 16, (4, 4, wide)))


@pytest.mark.parametrize("mask", ["pseudo", "none"])
@pytest.mark.parametrize("fit", ["pad", "resize"])
@pytest.mark.parametrize("crop", [(8, 8, 8), (16, 32, 8)])
def test_halves_have_the_crop_s_sides(mask: str, fit: str, crop: tuple[int, ...]):
    method = method_of(replace(PLAN, crop=crop, settings={"mask": mask, "fit": fit}))
    batch = Samples(prepared(), method).at(0)
    assert batch["first"].shape == batch["second"].shape == (4, 1, *crop)
    assert batch["same"].dtype == torch.bool


@pytest.mark.parametrize("wide", [8, 9])
def test_a_half_is_no_mirror_of_the_other(wide: int):
    method = method_of(replace(PLAN, crop=(4, 4, (wide + 1) // 2), settings={"mask": "none"}))
    right, left = (method._half(marked(wide), side)[0, 0, 0] * 16 for side in (0, 1))
    assert right.tolist() == list(range((wide + 1) // 2))
    assert left.tolist() == list(range(wide // 2, wide))


def test_both_kinds_of_pairs_come_and_no_half_is_paired_with_itself():
    images = [image_of(np.random.default_rng(n).random((4, 4, 8))) for n in range(2)]
    method = method_of(replace(PLAN, crop=(4, 4, 4), settings={"mask": "none"}))
    kinds = []
    for n in range(60):
        drawn = method.sample(images, n % 2, np.random.default_rng(n))
        kinds.append(bool(drawn["same"]))
        assert not torch.equal(drawn["first"], drawn["second"])
    assert 10 < sum(kinds) < 30  # one of three other halves is of the same side


def test_what_lies_inside_the_mask_is_kept_in_its_box():
    array = np.zeros((6, 6, 12))
    array[1:3, 2:5, 1:4] = 1
    method = method_of(replace(PLAN, crop=(4, 4, 4), settings={"fit": "pad"}))
    kept = method._half(image_of(array), 0)[0]
    assert kept.sum() == array.sum()
    assert (kept > 0).sum() == 2 * 3 * 3
    assert torch.equal(method._half(image_of(array), 1), torch.zeros(1, 4, 4, 4))  # nothing there


def test_what_was_drawn_is_kept_whatever_it_looks_like():
    array, drawn = np.random.default_rng(0).random((6, 6, 12)) + 1, np.zeros((6, 6, 12), np.uint8)
    drawn[1:3, 2:5, 1:4] = drawn[2:4, 1:3, 8:10] = 1
    image = replace(image_of(array), inside=drawn)
    method = method_of(replace(PLAN, crop=(4, 4, 4), settings={"mask": "labels"}))
    assert method.refuses(image) == ""
    for side, count in ((0, 2 * 3 * 3), (1, 2 * 2 * 2)):
        assert (method._half(image, side) > 0).sum() == count
    kept = method._half(image, 1)[0, 1:3, 1:3, 1:3].numpy()
    assert np.array_equal(kept, array[2:4, 1:3, 8:10].astype(np.float16))


def test_without_a_mask_on_both_halves_an_image_is_refused():
    method = method_of(replace(PLAN, settings={"mask": "labels"}))
    image = image_of(np.ones((4, 4, 8)))
    assert method.refuses(image) == "it has no mask"
    one_sided = np.zeros((4, 4, 8), np.uint8)
    one_sided[1, 1, 1] = 1
    assert "one of its halves" in method.refuses(replace(image, inside=one_sided))
    assert method_of(PLAN).refuses(image) == ""


@pytest.mark.parametrize("device", ["cpu", "cuda:0"])
def test_however_a_file_stores_a_body_its_right_half_is_the_same(device: str):
    grey = np.random.default_rng(0).random((12, 8, 6)).astype(np.float32)  # x, y, z
    ways = {1: grey, -1: grey[::-1]}  # stored from right to left of the patient, and back
    facts = ImageFacts("made", "MR", (6, 8, 12), (1.0, 1.0, 1.0), in_colour=False)
    plan = plan_pretraining("kidney-side", ImageSurvey((facts,) * 2, {}), device=device)
    found = []
    for sign, stored in ways.items():
        geometry = Geometry(
            grey.shape,
            (1.0, 1.0, 1.0),
            (0.0 if sign > 0 else 11.0, 0.0, 0.0),
            ((sign, 0, 0), (0, 1, 0), (0, 0, 1)),
        )
        volume = Volume.from_source_array(stored, geometry, name="made", format="made")
        image, _ = Pipeline.from_steps(plan.preparation)(volume)
        found.append(image_of(image.array))
    method = method_of(replace(PLAN, crop=(6, 8, 6), settings={"mask": "none"}))
    for side, there in ((0, grey[:6]), (1, grey[6:])):
        one, other = (method._half(image, side)[0] for image in found)
        assert torch.equal(one, other)
        assert np.corrcoef(one.numpy().ravel(), there.T.ravel())[0, 1] > 0.999


def test_an_image_of_which_nobody_knows_the_sides_is_refused():
    image = replace(image_of(np.ones((4, 4, 8))), orientation_known=False)
    assert "which side is left" in method_of(PLAN).refuses(image)


def test_larger_than_the_crop_it_is_cut_about_its_middle():
    method = method_of(replace(PLAN, crop=(2, 2, 2), settings={"mask": "none"}))
    kept = method._half(marked(8), 0)[0, 0, 0] * 16
    assert kept.tolist() == [1, 2]


@pytest.mark.parametrize("settings", [{}, {"literal": True}])
def test_its_loss_falls(tmp_path: Path, settings: dict[str, object]):
    told = Told()
    plan = replace(PLAN, steps=60, rate=3e-3, settings={**settings, "mask": "none"})
    learned(plan, tmp_path, told=told)
    assert np.mean(told.losses[-3:]) < np.mean(told.losses[:1])
    assert any("apart_other" in values for _, values in told.metrics)


@pytest.mark.parametrize("killed_at", [1, 3])
def test_killed_it_goes_on_to_the_same_weights(tmp_path: Path, killed_at: int):
    assert resumed_alike(PLAN, tmp_path, killed_at)


def test_the_whole_encoder_of_its_own_network_is_handed_on(tmp_path: Path):
    plan = replace(PLAN, network="kidney_dense", arguments={}, crop=(16, 32, 16), batch=2, steps=1)
    method, _ = learned(plan, tmp_path)
    other = build_network("kidney_dense", dimensions=3, in_channels=1, classes=3)
    other.load_encoder(method.network.encoder_state())
    assert method.holds == "encoder"


def test_sides_that_come_out_alike_are_said():
    method = method_of(PLAN)
    batch = Samples(prepared(), method).at(0)
    half = torch.ones(4, 1, 8, 8, 8)
    method({"first": half, "second": half, "same": torch.zeros(4, dtype=torch.bool)}, 0)
    assert "alike" in method.collapsed()
    for same, words in ((True, "same side"), (False, "other side")):
        batch["same"][0] = same
        assert list(method.picture(batch)) == ["a half", words]


@pytest.mark.parametrize(
    "settings",
    [{"mask": "drawn"}, {"threshold": "mean"}, {"polarity": "up"}, {"fit": "cut"}, {"margin": 0.0},
     {"literal": "yes"}],
)  # fmt: skip
def test_settings_that_are_none_are_refused(settings):
    with pytest.raises(UsageError):
        method_of(replace(PLAN, settings=settings))


def test_slices_have_no_middle():
    with pytest.raises(UsageError, match="3-D"):
        method_of(replace(PLAN, dimensions=2, crop=(8, 8)))
