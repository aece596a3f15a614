from __future__ import annotations

from itertools import permutations, product

import numpy as np
import pytest

from napari_medssl.pretrain.images.slicing import across_slices, body_axes, upright, without_axis
from napari_medssl.pretrain.images.survey import ImageFacts, ImageSurvey
from napari_medssl.volume import Geometry, Pipeline, Volume

STORED = Geometry((2, 3, 4), (1.0, 1.0, 1.0), direction=((1, 0, 0), (0, 1, 0), (0, 0, 1)))
#: stored as (x, y, z), of three lengths that tell which axis each has become
SCAN = Volume.from_source_array(np.zeros((2, 3, 4)), STORED, name="made", format="made")


def survey(shape, spacing=(1.0, 1.0, 1.0)) -> ImageSurvey:
    return ImageSurvey((ImageFacts("a", "CT", shape, spacing, in_colour=False),), {})


@pytest.mark.parametrize(
    ("shape", "spacing", "axis"),
    [
        ((1, 300, 200), (1.0, 1.0, 1.0), 0),  # a picture
        ((200, 300, 1), (1.0, 1.0, 3.0), 2),
        ((40, 150, 160), (5.0, 0.8, 0.8), 0),
        ((600, 512, 512), (0.8, 0.8, 0.8), 0),  # more slices than rows
        ((600, 512, 512), (2.5, 0.8, 0.8), 0),
        ((512, 512, 20), (0.6, 0.6, 4.0), 2),  # a spine, from the side
        ((256, 256, 176), (1.0, 1.0, 1.0), 0),  # of no direction of its own
        ((256, 12, 256), (1.0, 1.0, 1.0), 1),
    ],
)
def test_slices_are_across_what_is_thick_or_few_and_else_axial(shape, spacing, axis):
    assert across_slices(survey(shape, spacing)) == axis


@pytest.mark.parametrize(
    "codes",
    ["".join(c) for sides in product("LR", "AP", "SI") for c in permutations(sides)] + ["ras"],
)
def test_axes_are_those_that_turning_gives(codes):
    steps = ({"do": "orient", "codes": codes},)
    turned, _ = Pipeline.from_steps(steps)(SCAN)
    assert turned.geometry.shape == tuple(SCAN.geometry.shape[axis] for axis in body_axes(steps))


@pytest.mark.parametrize("codes", ["stored", "kji", "jik"])
def test_a_file_s_own_axes_are_taken_as_most_store_them(codes):
    steps = ({"do": "orient", "codes": codes},)
    turned, _ = Pipeline.from_steps(steps)(SCAN)
    assert turned.geometry.shape == tuple(SCAN.geometry.shape[axis] for axis in body_axes(steps))


def test_the_last_turn_counts_and_without_one_nothing_is_turned():
    assert body_axes([{"do": "z-score"}]) == (0, 1, 2)
    turns = [{"do": "orient", "codes": codes} for codes in ("RAS", "SPL")]
    assert body_axes(turns) == (0, 1, 2)
    assert body_axes(turns[::-1]) == (2, 1, 0)


@pytest.mark.parametrize(
    ("codes", "axis", "solid", "flat"),
    [
        ("SPL", 0, (0, 1, 2), (0, 1)),  # axial: rows y, columns x
        ("RAS", 2, (2, 1, 0), (1, 0)),
        ("RAS", 0, (0, 2, 1), (1, 0)),  # sagittal: rows z, columns y
        ("SPL", 1, (1, 0, 2), (0, 1)),  # coronal: rows z, columns x
        ("PSR", 1, (1, 0, 2), (0, 1)),
    ],
)
def test_slices_are_looked_at_upright(codes, axis, solid, flat):
    steps = [{"do": "orient", "codes": codes}]
    assert upright(steps, 3, axis) == solid
    assert upright(steps, 2, axis) == flat


def test_a_slice_has_two_of_three_sides():
    assert without_axis((5, 6, 7), 1) == [5, 7]
