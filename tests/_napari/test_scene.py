"""The canvas behind the presenters: prompts by slice, mask, preview and undo."""

from __future__ import annotations

import numpy as np
import pytest

from napari_medssl.errors import GeometryError, PromptError
from napari_medssl.segment import BoxPrompt, Plane, PointPrompt, Prompts
from napari_medssl.volume import Geometry, Volume, Window

pytestmark = pytest.mark.gui
napari_components = pytest.importorskip("napari.components")

from napari.layers import Labels, Points, Shapes  # noqa: E402

from napari_medssl._napari.layers import volume_of  # noqa: E402
from napari_medssl._napari.patient_view import show_plane  # noqa: E402
from napari_medssl._napari.scene import ViewerScene  # noqa: E402


class Listener:
    def __init__(self) -> None:
        self.heard: list[str] = []
        self.prompts: dict = {}
        self.refused: list[Exception] = []

    def __getattr__(self, name):
        return lambda *rest: self.heard.append(name)

    def prompts_changed(self, prompts) -> None:
        self.prompts = prompts

    def prompts_refused(self, error) -> None:
        self.refused.append(error)


def volume(shape=(8, 40, 50), **rest) -> Volume:
    array = np.arange(np.prod(shape), dtype=np.int16).reshape(shape)
    where = Geometry(shape, (3.0, 2.0, 1.0), (5.0, 6.0, 7.0))
    return Volume.from_source_array(
        array, where, name="p", format="made", **{"modality": "CT", **rest}
    )


@pytest.fixture
def scene():
    made = ViewerScene(napari_components.ViewerModel())
    made.viewer = made._viewer
    made.listener = Listener()
    made.add_image(volume())
    made.listen(made.listener)
    yield made
    made.close()


def draw(scene, plane=None):
    """Put a label on a whole slice of the mask in hand."""
    (plane or Plane(0, 3)).view(scene.start_mask().array)[...] = 1


def layer(scene, kind, name=""):
    return next(la for la in scene.viewer.layers if isinstance(la, kind) and name in la.name)


def test_an_open_image_is_taken_in_hand(scene):
    assert scene.volume is volume_of(scene.viewer.layers[0])
    assert scene.window == Window(-160, 240)
    assert scene.plane == Plane(0, 3)


def test_a_click_is_a_point_on_the_slice_on_the_screen(scene):
    scene.use_tool("point")
    points = layer(scene, Points)
    assert scene.viewer.layers.selection.active is points
    assert points.mode == "add"
    points.add(points.world_to_data(scene.viewer.layers[0].data_to_world((3, 10, 20.4))))
    assert scene.listener.prompts == {
        Plane(0, 3): Prompts(points=(PointPrompt((3.0, 10.0, 20.4)),))
    }


def test_points_outside_are_told_from_points_inside(scene):
    scene.use_tool("point")
    layer(scene, Points).add([3, 10, 20])
    scene.use_tool("not-point")
    layer(scene, Points).add([3, 1, 2])
    (prompts,) = scene.listener.prompts.values()
    assert [p.positive for p in prompts.points] == [True, False]
    assert np.allclose(layer(scene, Points).face_color, [[0, 1, 0, 1], [1, 0, 0, 1]])
    assert [str(s) for s in layer(scene, Points).symbol] == ["cross", "x"]


def test_prompts_are_told_apart_by_slice_and_plane(scene):
    scene.use_tool("point")
    layer(scene, Points).add([3, 10, 20])
    scene.viewer.dims.set_current_step(0, 5)
    layer(scene, Points).add([5, 10, 20])
    show_plane(scene.viewer, "sagittal")
    layer(scene, Points).add([3, 10, 33])
    assert set(scene.listener.prompts) == {Plane(0, 3), Plane(0, 5), Plane(2, 33)}


def test_a_box_is_its_voxels_within_the_image(scene):
    scene.use_tool("box")
    shapes = layer(scene, Shapes)
    assert shapes.mode == "add_rectangle"
    shapes.add_rectangles([[3, 4.2, 5.4], [3, 4.2, 70], [3, 9.8, 70], [3, 9.8, 5.4]])
    assert scene.listener.prompts == {
        Plane(0, 3): Prompts(boxes=(BoxPrompt((3, 4, 5), (3, 10, 49)),))
    }


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_prompts_drawn_back_are_read_the_same(scene, axis):
    scene.use_tool("point")
    high = [6, 9, 9]
    high[axis] = 4
    low = [2, 3, 4]
    low[axis] = 4
    prompts = {
        Plane(axis, 4): Prompts(
            (
                PointPrompt((4.0, 4.0, 4.0), reading=2),
                PointPrompt((4.0, 4.0, 4.0001 * 2), positive=False),
            )
            if axis == 0
            else (PointPrompt((4.0, 4.0, 4.0)),),
            (BoxPrompt(tuple(low), tuple(high)),),
        )
    }
    scene.show_prompts(prompts)
    assert scene.listener.prompts == {}, "drawing by ourselves is not told"
    assert scene._prompts.read() == prompts
    scene.show_prompts({})
    assert scene._prompts.read() == {}
    layer(scene, Points).add([3, 10, 20])
    assert set(scene.listener.prompts) == {Plane(0, 3)}


def test_prompts_that_contradict_each_other_are_refused_not_raised(scene):
    scene.use_tool("point")
    layer(scene, Points).add([3, 10, 20])
    scene.use_tool("not-point")
    layer(scene, Points).add([3, 10, 20])
    assert isinstance(scene.listener.refused[0], PromptError)


def test_a_prompt_layer_that_was_deleted_is_made_again(scene):
    scene.use_tool("point")
    scene.viewer.layers.remove(layer(scene, Points))
    scene.use_tool("point")
    layer(scene, Points).add([3, 10, 20])
    assert set(scene.listener.prompts) == {Plane(0, 3)}


def test_a_preview_is_no_mask_and_leaves_the_mouse_alone(scene):
    scene.use_tool("point")
    outline = np.zeros((40, 50), bool)
    outline[3, 4] = True
    scene.show_preview(Plane(0, 3), outline)
    preview = layer(scene, Labels, "Preview")
    assert preview.data[3, 3, 4] == 1
    assert not preview.editable
    assert scene.viewer.layers.selection.active is layer(scene, Points)
    assert scene.mask is None
    scene.show_preview(Plane(0, 3), None)
    assert not preview.data.any()


def test_a_preview_is_a_line_around_what_it_encloses(scene):
    outline = np.zeros((40, 50), bool)
    outline[10:20, 10:20] = True
    scene.show_preview(Plane(0, 3), outline)
    drawn = layer(scene, Labels, "Preview").data[3]
    assert np.count_nonzero(drawn) == 36
    assert not drawn[11:19, 11:19].any()
    show_plane(scene.viewer, "3-D")


def test_previews_are_drawn_at_once_in_sight_and_together_elsewhere(scene, qtbot):
    outline = np.ones((40, 50), bool)
    show_plane(scene.viewer, "axial")
    scene.viewer.dims.set_current_step(0, 3)
    scene.show_preview(Plane(0, 3), outline)
    drawn = []
    layer(scene, Labels, "Preview").events.set_data.connect(lambda: drawn.append(1))
    scene.show_preview(Plane(0, 3), None)
    assert len(drawn) == 1
    for index in (2, 4, 5):
        scene.show_preview(Plane(0, index), outline)
    assert len(drawn) == 1
    qtbot.waitUntil(lambda: len(drawn) == 2)
    qtbot.wait(500)
    assert len(drawn) == 2
    show_plane(scene.viewer, "coronal")
    drawn.clear()
    scene.show_preview(Plane(0, 3), outline)
    assert not drawn, "one line of the picture has changed"
    qtbot.waitUntil(lambda: len(drawn) == 1)


def test_masks_lie_under_the_prompts(scene):
    scene.use_tool("point")
    scene.show_preview(Plane(0, 3), np.ones((40, 50), bool))
    draw(scene)
    kinds = [type(la).__name__ for la in scene.viewer.layers]
    assert kinds == ["Image", "Labels", "Labels", "Points", "Shapes"]


def test_a_mask_that_was_moved_is_refused(scene):
    draw(scene)
    layer(scene, Labels, "Mask").translate = (0, 0, 0)
    with pytest.raises(GeometryError):
        scene.read_mask()


def test_two_images_have_a_mask_each(scene):
    draw(scene)
    first, document = scene.viewer.layers[0], scene.document
    scene.add_image(volume())
    assert scene.mask is None
    assert scene.document is not document
    draw(scene, Plane(0, 1))
    assert scene.read_mask()[1].all()
    scene.viewer.layers.selection.active = first
    assert scene.document is document
    assert scene.read_mask()[3].all()
    assert not scene.read_mask()[1].any()


def test_another_volume_of_the_file_keeps_mask_and_window(scene):
    draw(scene)
    scene.windows.set_window(Window(1, 2))
    second = volume(volume=1, volumes=2)
    scene.replace_image(second)
    assert scene.volume is second
    assert scene.read_mask()[3].all()
    assert scene.window == Window(1, 2)
    assert scene.viewer.layers[0].name == "p (volume 2)"


def test_the_image_of_another_reader_is_not_prompted_on(scene):
    scene.viewer.add_image(np.zeros((4, 5)))
    assert scene.volume is None
    assert scene.plane is None
    scene.use_tool("point")
    assert not any(isinstance(la, Points) for la in scene.viewer.layers)


def test_in_three_d_there_is_no_slice(scene):
    show_plane(scene.viewer, "3-D")
    assert scene.plane is None


def test_removing_everything_leaves_nothing_in_hand(scene):
    scene.use_tool("point")
    scene.viewer.layers.clear()
    assert scene.volume is None
    assert scene.plane is None


def test_closing_takes_prompts_and_preview_away_and_leaves_the_mask(scene):
    scene.use_tool("point")
    scene.show_preview(Plane(0, 3), np.ones((40, 50), bool))
    draw(scene)
    scene.close()
    assert [la.name for la in scene.viewer.layers] == ["p", "Mask"]
    scene.listener.heard.clear()
    scene.viewer.dims.set_current_step(0, 1)
    scene.viewer.layers[0].contrast_limits = (3, 4)
    assert scene.listener.heard == []
