"""What is read from a plan of nnU-Net's."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from nnunet_plans import plan

from napari_medssl.errors import UnreadableFileError, UsageError
from napari_medssl.models.networks.planned import PlannedNetwork, planned_network
from napari_medssl.volume import Geometry, Pipeline, Volume


def test_a_configuration_is_the_one_asked_for_or_the_first_in_3d() -> None:
    found = planned_network(plan())
    assert (found.configuration, found.dimensions, found.patch) == ("3d_fullres", 3, (16, 16, 16))
    assert found.arguments["architecture"] == "PlainConvUNet"
    assert found.arguments["features_per_stage"] == [4, 6, 8]
    flat = planned_network(plan(), "2d")
    assert (flat.dimensions, flat.patch, flat.spacing_mm) == (2, (16, 16), (None, 1.0, 1.0))
    assert PlannedNetwork.from_row(json.loads(json.dumps(found.as_row()))).patch == found.patch


def test_what_a_configuration_does_not_say_it_inherits() -> None:
    given = plan()
    given["configurations"]["3d_lowres"] = {"inherits_from": "3d_fullres", "spacing": [2, 2, 2]}
    found = planned_network(given, "3d_lowres")
    assert (found.patch, found.spacing_mm) == ((16, 16, 16), (2.0, 2.0, 2.0))


def test_images_get_the_axes_the_values_and_the_voxels_that_nnunet_gives_them() -> None:
    """Stored as (i, j, k), read as (k, j, i), and turned so that the coarsest comes first."""
    stored = np.random.default_rng(0).normal(40, 20, (6, 8, 10)).astype(np.float32)
    geometry = Geometry(stored.shape, (3.0, 1.0, 1.0), direction=((0, 0, 1), (1, 0, 0), (0, -1, 0)))
    volume = Volume.from_source_array(
        stored, geometry, name="made", format="made", modality="CT", units="HU"
    )
    given = plan("CTNormalization", transpose=[2, 0, 1], spacing=[3.0, 1.0, 1.0])
    image, _ = Pipeline.from_steps(planned_network(given).preparation)(volume)
    as_read = stored.transpose(2, 1, 0)
    wanted = (np.clip(as_read.transpose(2, 0, 1), 10, 90) - 50) / 25
    np.testing.assert_allclose(image.array, wanted, atol=1e-5)
    assert image.geometry.spacing_mm == (3.0, 1.0, 1.0)


@pytest.mark.parametrize(
    ("scheme", "does"),
    [
        ("CTNormalization", ["clip", "standardise"]),
        ("ZScoreNormalization", ["crop-foreground", "z-score"]),
        ("RescaleTo01Normalization", ["percentiles"]),
        ("NoNormalization", []),
    ],
)
def test_values_are_brought_to_nnunets_scale(scheme: str, does: list[str]) -> None:
    steps = [row["do"] for row in planned_network(plan(scheme)).preparation]
    assert steps == ["channels", "orient", *does, "resample"]
    Pipeline.from_steps(planned_network(plan(scheme)).preparation)


def test_pictures_in_colour_keep_their_channels() -> None:
    found = planned_network(plan("RGBTo01Normalization", channels=3), "2d")
    assert found.in_channels == 3
    assert found.preparation[0] == {"do": "channels", "count": 3}


@pytest.mark.parametrize(
    ("given", "configuration", "words"),
    [
        (plan(), "3d_lowres", "the configuration '3d_lowres'; expected one of 2d, 3d_fullres"),
        (plan(), "3d_cascade_fullres", "is shown what 3d_lowres found"),
        (plan(channels=2), None, "a plan for images of 2 channels"),
        (plan("MyNormalization"), None, "prepares values by 'MyNormalization'"),
    ],
)
def test_what_images_alone_cannot_teach_is_refused(
    given: dict[str, Any], configuration: str | None, words: str
) -> None:
    with pytest.raises(UsageError, match=words):
        planned_network(given, configuration)


@pytest.mark.parametrize("given", [{}, {"configurations": {}}, {"configurations": {"2d": {}}}])
def test_what_is_no_plan_is_told(given: dict[str, Any]) -> None:
    with pytest.raises(UnreadableFileError, match="not one of nnU-Net 2"):
        planned_network(given)
