from __future__ import annotations

from pathlib import Path

import pytest
import torch
from made_scans import Told, learned, method_of, plan_for, prepared

from napari_medssl.pretrain.images.samples import Samples
from napari_medssl.pretrain.methods.two_views import middle_of


@pytest.mark.parametrize("method", ["barlow", "byol", "simsiam"])
@pytest.mark.parametrize("dimensions", [2, 3])
def test_views_have_the_crop_s_sides_and_are_two(method: str, dimensions: int):
    plan = plan_for(method, dimensions=dimensions, crop=(8,) * dimensions)
    batch = Samples(prepared(), method_of(plan)).at(3)
    assert batch["first"].shape == batch["second"].shape == (4, 1, *plan.crop)
    assert not torch.equal(batch["first"], batch["second"])
    assert batch["first"].isfinite().all()


def test_what_comes_out_alike_is_said(tmp_path: Path):
    method = method_of(plan_for("barlow"))
    assert method.collapsed() == ""
    method.note(torch.ones(8, 4) + 1e-4 * torch.rand(8, 4))
    assert "alike" in method.collapsed()
    assert method.watch()["collapse"] > 0.9


def test_its_pictures_are_both_views(tmp_path: Path):
    method = method_of(plan_for("barlow"))
    pictures = method.picture(Samples(prepared(), method).at(0, 0, 1))
    assert [picture.shape for picture in pictures.values()] == [(8, 8)] * 2


def test_a_picture_is_0_to_1_whatever_came():
    assert middle_of(torch.full((1, 4, 4), 7.0)).max() == 0
    assert middle_of(torch.rand(2, 3, 4, 5) * 50 - 20).shape == (4, 5)


def test_a_small_image_is_mirrored_to_fill_a_crop(tmp_path: Path):
    plan = plan_for("barlow", crop=(32, 32, 32))
    batch = Samples(prepared(2), method_of(plan)).at(0)
    assert batch["first"].shape == (4, 1, 32, 32, 32)
    _, left = learned(plan_for("barlow", crop=(32, 32, 32), steps=1), tmp_path, told=Told())
    assert left.finished
