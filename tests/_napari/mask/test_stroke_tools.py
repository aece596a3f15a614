"""Scribble, lasso, eraser and objects on a real canvas, with the mouse and the keys."""

from __future__ import annotations

import numpy as np
import pytest

pytestmark = pytest.mark.gui
pytest.importorskip("napari")

from canvas_mouse import canvas_in, drag  # noqa: E402
from napari.layers import Vectors  # noqa: E402
from panel_fakes import FakeEngines, make_volume  # noqa: E402
from qtpy.QtCore import Qt  # noqa: E402
from qtpy.QtTest import QTest  # noqa: E402

from napari_medssl._napari.keys import KEYS  # noqa: E402
from napari_medssl._napari.layers import image_layer  # noqa: E402
from napari_medssl._napari.panels.segment.panel import SegmentPanel  # noqa: E402
from napari_medssl._napari.patient_view import show_plane  # noqa: E402

_PATIENCE_MS = 60_000  # a machine may be busy
SHIFT = Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def desk(make_napari_viewer):
    """A viewer with the panel docked, its canvas, and what presses a key there."""
    viewer = make_napari_viewer(show=True)
    data, options, _ = image_layer(make_volume((8, 40, 50)))
    viewer.add_image(data, **options)
    panel = SegmentPanel(viewer, engines=FakeEngines())
    viewer.window.add_dock_widget(panel, name="Segment", area="right")
    canvas = canvas_in(viewer.window._qt_window)

    def press(name):
        held, _, letter = KEYS[name].rpartition("+")
        QTest.keyClick(canvas, letter, SHIFT if held else Qt.KeyboardModifier.NoModifier)

    yield viewer, panel, canvas, press
    panel.release()


def marked(panel):
    (found,) = panel._scene.document.prompts
    return found


def test_strokes_on_every_plane_are_drawn_live_marked_and_taken_back(desk):
    viewer, panel, canvas, press = desk
    seen = []
    for axis, plane in enumerate(("axial", "coronal", "sagittal")):
        show_plane(viewer, plane)
        center = viewer.scene.camera.center
        press("scribble")
        strokes = next(layer for layer in viewer.layers if isinstance(layer, Vectors))
        if not seen:
            strokes.events.edge_color.connect(lambda event: seen.append(event.source.edge_color))
        drag(canvas, (0.5, 0.42), (0.5, 0.5), (0.52, 0.58))
        assert (marked(panel)["axis"], len(marked(panel)["boxes"])) == (axis, 0)
        assert all(point["inside"] for point in marked(panel)["points"])
        drag(canvas, (0.45, 0.42), (0.45, 0.44), held=SHIFT)
        assert not marked(panel)["points"][-1]["inside"]
        press("lasso")
        drag(canvas, (0.4, 0.42), (0.4, 0.58), (0.6, 0.58), (0.6, 0.42))
        assert len(marked(panel)["boxes"]) == 1
        words = [step.words for step in panel._scene.document.history.done]
        assert words == ["Scribble", "Scribble", "Lasso"]
        assert len(strokes.data) == 0, "nothing of the stroke stays"
        for _ in words:
            press("undo-prompt")
        assert panel._scene.document.prompts == []
        assert np.allclose(viewer.scene.camera.center, center), "the view stays where it is"
    assert max(len(colours) for colours in seen) >= 3
    assert all((colours == colours[0]).all() for colours in seen if len(colours))
    shown = {tuple(round(float(v), 1) for v in colours[0][:3]) for colours in seen if len(colours)}
    assert shown == {(0, 1, 0), (1, 0, 0), (1, 0.8, 0.4)}, "inside, outside, around"


def test_shift_and_a_click_is_a_point_outside_and_the_next_is_inside_again(desk):
    _, panel, canvas, press = desk
    press("point")
    drag(canvas, (0.5, 0.5))
    drag(canvas, (0.4, 0.4), held=SHIFT)
    drag(canvas, (0.6, 0.6))
    assert [point["inside"] for point in marked(panel)["points"]] == [True, False, True]
    assert panel._scene._prompts.tool() == "point"


def test_space_moves_the_view_with_a_stroke_tool_in_hand(desk):
    viewer, panel, canvas, press = desk
    press("scribble")
    center = viewer.scene.camera.center
    QTest.keyPress(canvas, Qt.Key.Key_Space)
    drag(canvas, (0.5, 0.5), (0.6, 0.6), (0.7, 0.7))
    QTest.keyRelease(canvas, Qt.Key.Key_Space)
    assert panel._scene.document.prompts == []
    assert not np.allclose(viewer.scene.camera.center, center)
    drag(canvas, (0.5, 0.45), (0.5, 0.5), (0.5, 0.55))
    assert marked(panel)["points"]


def test_the_eraser_is_one_key_away_from_any_layer(desk):
    _, panel, canvas, press = desk
    mask = panel._scene.start_mask()
    mask.array[...] = 1
    press("lasso")
    press("eraser")
    drag(canvas, (0.5, 0.45), (0.5, 0.55))
    assert not mask.array.all()
    assert panel._scene.document.history.done[-1].words == "Eraser"


def test_the_next_object_is_brought_to_the_screen(desk, qtbot):
    viewer, panel, _, press = desk
    mask = panel._scene.start_mask()
    mask.array[1:4, 3:6, 3:6] = 1
    mask.array[6, 30:33, 40:44] = 2
    panel._scene.document.set_labels(panel._scene.document.labels)
    panel.presenter.choose_label(2)
    viewer.scene.camera.zoom *= 8
    press("next-object")
    qtbot.waitUntil(lambda: panel._scene.plane.index == 6, timeout=_PATIENCE_MS)
    image = viewer.layers[0]
    assert np.allclose(
        viewer.scene.camera.center[-2:], image.data_to_world((6, 31, 41))[-2:], atol=2
    )
    press("next-object")
    qtbot.waitUntil(lambda: panel._scene.plane.index == 2, timeout=_PATIENCE_MS)
    assert panel.presenter.labels.current == 1
