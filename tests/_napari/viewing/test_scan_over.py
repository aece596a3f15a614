"""A second scan as a layer: where it lies, how it is seen, and whose image stays in hand."""

from __future__ import annotations

import numpy as np
import pytest

pytestmark = pytest.mark.gui
pytest.importorskip("napari")

from napari.components import ViewerModel  # noqa: E402
from panel_fakes import make_volume  # noqa: E402

from napari_medssl._napari.layers import (  # noqa: E402
    LAID_OVER,
    image_layer,
    image_of,
    last_image,
    volume_of,
)
from napari_medssl._napari.scan_over import scan_over_layer  # noqa: E402
from napari_medssl._napari.scene import ViewerScene  # noqa: E402
from napari_medssl.volume import Geometry, Volume, Window  # noqa: E402


def second(modality="PT") -> Volume:
    array = np.linspace(0, 8, 60, dtype=np.float32).reshape(3, 4, 5)
    geometry = Geometry(array.shape, (6.0, 4.0, 4.0), (5.0, 8.0, 3.0))
    return Volume.from_source_array(array, geometry, name="pet", format="made", modality=modality)


class Heard:
    """A listener that counts."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    def __getattr__(self, name):
        return lambda *_: self.calls.append(name)


@pytest.fixture
def scene():
    viewer = ViewerModel()
    data, options, _ = image_layer(make_volume())
    viewer.add_image(data, **options)
    made = ViewerScene(viewer)
    made.listen(Heard())
    made.lay_scan_over(second())
    return made


def test_every_voxel_lies_where_it_is_in_the_patient(scene):
    image, over = scene._viewer.layers
    first, other = volume_of(image), volume_of(over)
    for index in ((0, 0, 0), (2, 3, 4)):
        world = other.geometry.to_world(index)
        below = image.data_to_world(first.geometry.to_index(world))
        assert np.allclose(over.data_to_world(index), below)


def test_it_follows_an_image_that_was_moved_and_stretched():
    viewer = ViewerModel()
    data, options, _ = image_layer(make_volume())
    image = viewer.add_image(data, **options)
    image.translate, image.scale = (7, 8, 9), (6, 4, 2)
    data, options, _ = scan_over_layer(second(), image)
    over = viewer.add_image(data, **options)
    world = second().geometry.to_world((2, 3, 4))
    below = image.data_to_world(make_volume().geometry.to_index(world))
    assert np.allclose(over.data_to_world((2, 3, 4)), below)


@pytest.mark.parametrize(
    ("modality", "colours", "blending"),
    [("PT", "hot", "additive"), ("MR", "gray", "translucent_no_depth"), ("OT", "hot", "additive")],
)
def test_it_is_seen_as_its_kind_is(scene, modality, colours, blending):
    image = scene._viewer.layers[0]
    _, options, _ = scan_over_layer(second(modality), image)
    assert (options["colormap"], options["blending"]) == (colours, blending)
    assert options["metadata"][LAID_OVER] is volume_of(image)


def test_the_first_stays_in_hand_whatever_is_selected(scene):
    viewer = scene._viewer
    image, over = viewer.layers
    assert viewer.layers.selection.active is image
    assert image_of(viewer, over) is image
    viewer.layers.selection.active = over
    assert scene.volume is volume_of(image)
    assert scene.window == Window(*image.contrast_limits)
    scene.use_tool("brush")
    assert viewer.layers["Mask"].data.shape == image.data.shape


def test_its_window_is_set_while_it_is_selected(scene):
    viewer, heard = scene._viewer, scene._listener
    image, over = viewer.layers
    assert scene.windows.volume is volume_of(image)
    heard.calls.clear()
    viewer.layers.selection.active = over
    assert "windowed_changed" in heard.calls
    assert "window_changed" not in heard.calls, "the network sees the first"
    assert scene.windows.volume is volume_of(over)
    assert scene.windows.opened_with == Window(0, 8)
    scene.windows.set_window(Window(1, 3))
    assert list(over.contrast_limits) == [1, 3]
    viewer.layers.selection.active = image
    assert scene.windows.volume is volume_of(image)


def test_it_is_an_image_of_its_own_once_the_first_is_gone(scene):
    viewer = scene._viewer
    image, over = viewer.layers
    viewer.layers.remove(image)
    assert image_of(viewer, over) is over
    assert last_image(viewer) is over


def test_another_volume_of_the_first_keeps_it(scene):
    viewer = scene._viewer
    image, over = viewer.layers
    scene.replace_image(make_volume())
    assert over.metadata[LAID_OVER] is volume_of(image)
