from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from made_scans import Told, learned, method_of, plan_for, prepared, resumed_alike

from napari_medssl.errors import UsageError
from napari_medssl.models.networks.network import build_network
from napari_medssl.pretrain.images.samples import Samples
from napari_medssl.pretrain.watching.collapse import teacher_entropy, token_spread

ARGUMENTS = {"feature_size": 4, "depths": (1, 1, 2, 1), "heads": (1, 1, 1, 1)}
SETTINGS = {"classes": 16, "hidden": 16, "momentum": 0.9, "around": 1.1}
PLAN = plan_for(
    "smit",
    network="smit",
    arguments=ARGUMENTS,
    settings=SETTINGS,
    crop=(64, 64, 64),
    batch=2,
    steps=2,
    save_every=1,
)


def test_two_views_of_each_image_with_as_many_patches_hidden():
    batch = Samples(prepared(3), method_of(PLAN)).at(0)
    assert batch["views"].shape == (2, 2, 1, 64, 64, 64)
    assert batch["hidden"].shape == (2, 2, 4, 4, 4)
    assert batch["hidden"].flatten(2).sum(2).unique().tolist() == [45]  # 0.7 of 64, rounded up
    assert batch["of"].tolist() == [3, 3]
    assert not torch.equal(batch["views"][:, 0], batch["views"][:, 1])


def test_the_student_does_not_see_what_is_hidden_and_the_teacher_sees_all():
    method = method_of(PLAN).eval()
    batch = Samples(prepared(3), method).at(0)
    hidden = batch["hidden"][:, 0]
    where = hidden[:, None]
    for axis in (2, 3, 4):
        where = where.repeat_interleave(16, axis)
    views = batch["views"][:, 0]
    spoilt = views.where(~where, torch.tensor(9.0))
    with torch.no_grad():
        one, other = (method._embedded(v, hidden) for v in (views, spoilt))
        seen, seen_spoilt = (method.teacher.transformer.embed(v) for v in (views, spoilt))
    assert torch.equal(one, other)
    assert not torch.equal(seen, seen_spoilt)


@pytest.mark.slow
def test_all_three_losses_fall(tmp_path: Path):
    told = Told()
    plan = replace(PLAN, steps=30, rate=3e-3)
    learned(plan, tmp_path, told=told)
    first, last = ([values for _, values in told.metrics][n] for n in (0, -1))
    assert last["loss"] < first["loss"]
    assert last["prediction loss"] < first["prediction loss"]
    assert {"patches loss", "images loss", "token_spread", "teacher_entropy"} <= last.keys()


def test_normed_by_the_batch_tokens_get_answers_of_their_own_and_their_spread_is_still_told():
    def told(*, norms: bool) -> tuple[float, float]:
        method = method_of(replace(PLAN, settings={**SETTINGS, "norms": norms}))
        views = Samples(prepared(3), method).at(0)["views"][:, 0]
        with torch.no_grad():
            said = method.teacher(method.teacher.transformer.embed(views))
        answers = said.answers.patches
        return teacher_entropy(answers, answers.mean((0, 1)), 0.04), token_spread(said.tokens)

    (plain, spread), (normed, same) = told(norms=False), told(norms=True)
    assert normed < plain - 0.05
    assert same == pytest.approx(spread)


@pytest.mark.slow
def test_killed_it_goes_on_to_the_same_student_teacher_and_centres(tmp_path: Path):
    assert resumed_alike(PLAN, tmp_path, 1)


def test_a_step_moves_teacher_and_centres_and_the_whole_encoder_is_handed_on(tmp_path: Path):
    before = method_of(PLAN)
    method, _ = learned(replace(PLAN, steps=1), tmp_path)
    assert not torch.equal(before.image_centre, method.image_centre)
    assert not torch.equal(before.patch_centre, method.patch_centre)
    held = method.student.image.last.parametrizations.weight.original1
    assert torch.equal(before.student.image.last.parametrizations.weight.original1, held)
    other = build_network("smit", dimensions=3, in_channels=1, classes=3, **ARGUMENTS)
    other.load_encoder(method.network.encoder_state())
    for name, tensor in method.network.encoder_state().items():
        assert torch.equal(tensor, other.state_dict()[name]), name
    assert method.holds == "encoder"
    moved = [not torch.equal(a, b) for a, b in zip(
        before.network.encoder_state().values(), other.encoder_state().values(), strict=True
    )]  # fmt: skip
    assert any(moved)


def test_in_the_end_the_last_layers_learn_too():
    method = method_of(replace(PLAN, steps=100))
    method._images = 6
    for step, holds in ((0, True), (2, True), (3, False), (50, False)):
        last = [p for head in (method.student.patches, method.student.image)
                for p in head.last.parameters()]  # fmt: skip
        for weight in last:
            weight.grad = torch.ones_like(weight)
        method.before_step(step)
        assert all((weight.grad is None) == holds for weight in last)


def test_its_pictures_are_the_image_what_is_seen_and_what_is_drawn():
    method = method_of(PLAN).eval()
    with torch.no_grad():
        pictures = method.picture(Samples(prepared(2), method).at(0, 0, 1))
    assert list(pictures) == ["image", "masked", "predicted"]
    assert all(picture.shape == (64, 64) for picture in pictures.values())
    assert not np.array_equal(pictures["image"], pictures["masked"])


@pytest.mark.parametrize(
    "settings",
    [{"masked": 1.0}, {"masked": 0.0}, {"momentum": 2.0}, {"around": 0.5}, {"classes": 1},
     {"warmest": 0.0}],
)  # fmt: skip
def test_settings_that_are_none_are_refused(settings):
    with pytest.raises(UsageError):
        method_of(replace(PLAN, settings={**SETTINGS, **settings}))


def test_a_network_without_tokens_is_refused_with_the_reason():
    with pytest.raises(UsageError, match="token"):
        method_of(plan_for("smit"))
