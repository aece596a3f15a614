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
    ],
)
def test_what_cannot_be_is_refused(wishes, words) -> None:
    with pytest.raises(UsageError, match=words):
        PretrainRequest(**{"method": "barlow", "folder": "/data", **wishes})
