"""The window set with a real mouse on napari's canvas."""

from __future__ import annotations

import numpy as np
import pytest

pytestmark = pytest.mark.gui
pytest.importorskip("napari")

from canvas_mouse import canvas_in, drag  # noqa: E402
from panel_fakes import FakeEngines, make_volume  # noqa: E402
from qtpy.QtCore import QPoint, Qt  # noqa: E402
from qtpy.QtTest import QTest  # noqa: E402
from qtpy.QtWidgets import QPushButton  # noqa: E402

from napari_medssl._napari.layers import image_layer  # noqa: E402
from napari_medssl._napari.panels.segment.panel import SegmentPanel  # noqa: E402
from napari_medssl._napari.patient_view import show_plane  # noqa: E402
from napari_medssl.volume import Window  # noqa: E402


@pytest.fixture
def shown(make_napari_viewer):
    viewer = make_napari_viewer(show=True)
    data, options, _ = image_layer(make_volume())
    image = viewer.add_image(data, **options)
    panel = SegmentPanel(viewer, engines=FakeEngines())
    viewer.window.add_dock_widget(panel, name="Segment", area="right")
    yield viewer, panel, image
    panel.release()


def press(panel):
    (found,) = [b for b in panel.findChildren(QPushButton) if b.text().startswith("Drag")]
    found.click()
    return found


@pytest.mark.parametrize("plane", ["axial", "sagittal"])
def test_a_drag_sets_the_window_and_nothing_else(shown, plane):
    viewer, panel, image = shown
    panel.presenter.prompting.use_tool("brush")
    mask = viewer.layers["Mask"]
    show_plane(viewer, plane)
    button = press(panel)
    centre = viewer.scene.camera.center
    drag(canvas_in(viewer.window._qt_window), (0.5, 0.3), (0.5, 0.5), (0.4, 0.6))
    window = Window(*image.contrast_limits)
    assert window.width > 400
    assert window.level < 40
    assert viewer.scene.camera.center == centre
    assert not mask.data.any()
    assert viewer.canvas.overlays["medssl_window"].text.startswith("W ")
    canvas = canvas_in(viewer.window._qt_window)
    spot = QPoint(canvas.width() // 2, canvas.height() // 2)
    QTest.mouseDClick(canvas, Qt.MouseButton.LeftButton, pos=spot)
    assert image.contrast_limits == [-160, 240]
    QTest.keyClick(canvas, Qt.Key.Key_Escape)
    assert not button.isChecked()
    assert viewer.layers.selection.active is mask, "what was in hand before is in hand again"
    assert mask.mode == "paint"
    drag(canvas, (0.5, 0.5), (0.5, 0.6))
    assert np.count_nonzero(mask.data)


def test_another_tool_ends_it(shown):
    viewer, panel, image = shown
    button = press(panel)
    assert not image.mouse_pan
    panel.presenter.prompting.use_tool("brush")
    assert not button.isChecked()
    assert image.mouse_pan
    assert viewer.layers.selection.active.name == "Mask"
    assert not viewer.canvas.overlays["medssl_window"].visible


def test_a_closed_panel_gives_the_mouse_back(shown):
    _, panel, image = shown
    press(panel)
    panel.release()
    assert image.mouse_pan
    assert not image.mouse_drag_callbacks
