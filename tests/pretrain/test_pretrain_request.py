"""What a job of pre-training is given."""

from __future__ import annotations

import json

import pytest

from napari_medssl.errors import UsageError
from napari_medssl.pretrain.request import PretrainRequest


def test_a_folder_and_a_project_are_told_apart() -> None:
    folder = PretrainRequest("barlow", "/data/scans").arguments
    assert (folder["images"], folder["title"]) == ("/data/scans", "Barlow twins (BT-UNet), scans")
    assert "project" not in folder
    project = PretrainRequest("barlow", "/data/Smith", of_project=True).arguments
    assert project["project"] == "/data/Smith"
    assert "images" not in project
    assert "Smith" not in project["title"], "a project's name has no business in a checkpoint"
    assert json.loads(json.dumps(project)) == project


@pytest.mark.parametrize(
    ("wishes", "found"),
    [
        ({}, (10.0, None)),
        ({"minutes": 3}, (3, None)),
        ({"steps": 40}, (None, 40)),
        ({"scale": "paper"}, (None, None)),
        ({"scale": "paper", "minutes": 5}, (5, None)),
    ],
)
def test_how_long_it_learns(wishes, found) -> None:
    given = PretrainRequest("barlow", "/data", **wishes).arguments
    assert (given["minutes"], given["steps"]) == found


@pytest.mark.parametrize(
    ("wishes", "words"),
    [
        ({"method": "guess"}, "the method 'guess'"),
        ({"minutes": 5, "steps": 5}, "both --minutes and --steps"),
        ({"steps": -1}, "--steps -1"),
        ({"scale": "huge"}, "--scale huge"),
        ({"method": "mae", "network": "unet_small"}, "with the network 'unet_small'"),
        ({"network": "btunet", "dimensions": 3}, "in 3-D"),
        ({"method": "kidney-side", "dimensions": 2}, "in 2-D, of which there is no network"),
        ({"scale": "paper", "dimensions": 3}, "no network at the scale 'paper'"),
        ({"method": "simsiam", "changes": {"pairs": "some"}}, "pairs=some; expected one of exact"),
        ({"dimensions": 3, "changes": {"crop": [8, 8]}}, "crops of 2 sides in 3-D"),
        ({"method": "simsiam", "changes": {"betas": [0.8, 0.9]}}, "betas with optimiser=sgd"),
        (
            {"changes": {"betas": [0.8, 0.9], "optimiser": "lars"}},
            "betas with optimiser=lars, which makes no use",
        ),
    ],
)
def test_what_cannot_be_is_refused(wishes, words) -> None:
    with pytest.raises(UsageError, match=words):
        PretrainRequest(**{"method": "barlow", "folder": "/data", **wishes})


def test_betas_go_with_the_optimisers_that_have_them():
    for wishes in ({}, {"scale": "paper", "changes": {"optimiser": "adam"}}):
        changes = {"betas": [0.8, 0.9], **wishes.pop("changes", {})}
        assert PretrainRequest("barlow", "/data", changes=changes, **wishes).arguments
