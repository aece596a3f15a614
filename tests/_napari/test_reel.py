"""Frames turned on napari's canvas, and the key that plays."""

from __future__ import annotations

import numpy as np
import pytest

pytestmark = pytest.mark.gui
pytest.importorskip("napari")

from napari.components import ViewerModel  # noqa: E402
from napari.utils.key_bindings import KeyBinding  # noqa: E402
from panel_fakes import make_volume  # noqa: E402

from napari_medssl._napari.layers import image_layer  # noqa: E402
from napari_medssl._napari.reel import LayerReel  # noqa: E402

_SPACE = KeyBinding.from_str("Space")


@pytest.fixture
def shown():
    viewer = ViewerModel()
    data, options, _ = image_layer(make_volume((20, 30, 6), stack="time"))
    image = viewer.add_image(data, **options)
    reel = LayerReel(viewer)
    reel.lay_over(image)
    return viewer, image, reel


def test_it_turns_along_the_axis_of_time(shown):
    viewer, image, reel = shown
    reel.turn_to(4)
    assert reel.frame == 4
    axis = image.metadata["napari-medssl volume"].frame_axis
    assert round(image.world_to_data(viewer.dims.point)[axis]) == 4


def test_space_is_the_image_s_and_is_given_back(shown):
    _, image, reel = shown
    pressed = []
    reel.answer_space(lambda: pressed.append(1))
    image.keymap[_SPACE](image)
    assert pressed == [1]
    reel.answer_space(None)
    assert _SPACE not in image.keymap
    reel.answer_space(lambda: None)
    reel.lay_over(None)
    assert _SPACE not in image.keymap


def test_other_values_are_shown_for_a_moment(shown):
    _, image, reel = shown
    other = make_volume((20, 30, 6), stack="time")
    reel.show_values(other)
    assert np.shares_memory(image.data, other.array)
