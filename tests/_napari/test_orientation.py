"""Upright planes, the camera, and letters: numbers only, without napari."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from napari_medssl._napari.orientation import (
    AS_STORED,
    PLANES,
    camera_orientation,
    letters_in_plane,
    letters_in_space,
    upright_order,
)
from napari_medssl.volume import Geometry
from napari_medssl.volume.sides import EdgeLetters

STRAIGHT = Geometry((4, 5, 6))
ORDERS = list(itertools.permutations(range(3)))


@pytest.mark.parametrize(
    ("plane", "letters"),
    [
        ("axial", EdgeLetters(left="R", right="L", top="A", bottom="P")),
        ("coronal", EdgeLetters(left="R", right="L", top="S", bottom="I")),
        ("sagittal", EdgeLetters(left="A", right="P", top="S", bottom="I")),
    ],
)
def test_planes_are_shown_as_radiologists_expect(plane, letters):
    order = PLANES[plane]
    assert letters_in_plane(STRAIGHT, order, camera_orientation(order)) == letters


def test_rolling_goes_through_the_three_upright_planes_and_back():
    def napari_rolls(order):
        return tuple(np.roll(order, 1).tolist())

    seen = [PLANES["axial"]]
    for _ in range(3):
        seen.append(upright_order(seen[-1], napari_rolls(seen[-1])))
    assert seen == [PLANES["axial"], PLANES["sagittal"], PLANES["coronal"], PLANES["axial"]]


def test_a_transpose_that_was_asked_for_stays():
    assert upright_order((0, 1, 2), (0, 2, 1)) == (0, 2, 1)


@pytest.mark.parametrize("order", ORDERS)
def test_three_d_is_no_mirror_image_whatever_the_order_of_axes(order):
    """The screen's right, up and the way to the viewer must be a right-handed frame in LPS."""
    depth, vertical, horizontal = camera_orientation(order)
    columns = np.asarray(STRAIGHT.direction).T
    to_viewer = columns[order[0]] * (1 if depth == "towards" else -1)
    up = columns[order[1]] * (1 if vertical == "up" else -1)
    right = columns[order[2]] * (1 if horizontal == "right" else -1)
    assert np.dot(np.cross(right, up), to_viewer) == pytest.approx(1)


@pytest.mark.parametrize("order", ORDERS)
def test_a_camera_straight_on_names_the_same_edges_in_two_and_three_d(order):
    orientation = camera_orientation(order)
    flat = letters_in_plane(STRAIGHT, order, orientation)
    view = (-1 if orientation[0] == "towards" else 1, 0, 0)
    up = (0, 1 if orientation[1] == "up" else -1, 0)
    assert letters_in_space(STRAIGHT, order, orientation, view, up) == flat


def test_napari_s_own_camera_would_mirror():
    """The reason for all this: with it a face-on patient has the left arm on the left."""
    letters = letters_in_space(STRAIGHT, (0, 1, 2), AS_STORED, view=(0, 1, 0), up=(1, 0, 0))
    assert letters.left == "L"


def test_face_on_the_patient_s_left_is_on_the_right():
    order = PLANES["axial"]
    letters = letters_in_space(STRAIGHT, order, camera_orientation(order), (0, 1, 0), (1, 0, 0))
    assert letters == EdgeLetters(left="R", right="L", top="S", bottom="I")
