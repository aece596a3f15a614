"""Three planes in a real window, in step with napari's canvas."""

from __future__ import annotations

from unittest.mock import MagicMock

import numpy as np
import pytest

pytestmark = pytest.mark.gui
pytest.importorskip("napari")

from canvas_mouse import drag  # noqa: E402
from panel_fakes import make_volume  # noqa: E402
from qtpy.QtCore import QPoint, QPointF, Qt  # noqa: E402
from qtpy.QtGui import QWheelEvent  # noqa: E402
from qtpy.QtTest import QTest  # noqa: E402
from qtpy.QtWidgets import QApplication, QLabel  # noqa: E402

from napari_medssl._napari.layers import image_layer, volume_of  # noqa: E402
from napari_medssl._napari.mask_layers import labels_layer  # noqa: E402
from napari_medssl._napari.panels.docks import _dock_of  # noqa: E402
from napari_medssl._napari.panels.planes.panel import PlanesPanel  # noqa: E402
from napari_medssl._napari.patient_view import attach_patient_view  # noqa: E402
from napari_medssl._napari.presenters.mask.document import Document, LabelRow  # noqa: E402
from napari_medssl._napari.scan_over import scan_over_layer  # noqa: E402
from napari_medssl._napari.scene import ViewerScene  # noqa: E402
from napari_medssl.io import LabelInfo  # noqa: E402
from napari_medssl.segment import Plane, PointPrompt, Prompts  # noqa: E402
from napari_medssl.volume import Geometry, Volume  # noqa: E402

_PATIENCE_MS = 60_000  # a machine may be busy


def half_bright() -> Volume:
    """Bright on the patient's left, in the front and in the upper half."""
    array = np.full((6, 20, 30), -1000, np.int16)
    array[3:, :10, 15:] = 1000
    return Volume.from_source_array(
        array, Geometry(array.shape, (3.0, 2.0, 1.0)), name="scan", format="made", modality="CT"
    )


@pytest.fixture
def docked(make_napari_viewer):
    panels = []

    def make(volume=None, **rest):
        viewer = make_napari_viewer(**rest)
        attach_patient_view(viewer)
        if volume is not None:
            data, options, _ = image_layer(volume)
            viewer.add_image(data, **options)
        panel = PlanesPanel(viewer)
        viewer.window.add_dock_widget(panel, name="Three planes", area="right")
        panels.append(panel)
        return viewer, panel

    yield make
    for panel in panels:
        panel.release()


def drawn(panel) -> dict:
    """What the planes show once everything asked for is drawn."""
    panel._pause.stop()
    panel.presenter.draw()
    return {plane: view._drawing for plane, view in panel._views.items()}


def point(viewer) -> list:
    return [int(v) for v in viewer.layers[0].world_to_data(viewer.dims.point)]


def notch_down(spot) -> QWheelEvent:
    return notch(spot, -1, Qt.KeyboardModifier.NoModifier)


def notch(spot, notches: int, held) -> QWheelEvent:
    place, notch = QPointF(spot), QPoint(0, 120 * notches)
    none, phase = Qt.MouseButton.NoButton, Qt.ScrollPhase.NoScrollPhase
    return QWheelEvent(place, place, QPoint(), notch, none, held, phase, False)


def test_left_is_on_the_right_the_front_above_and_the_head_up(docked):
    viewer, panel = docked(half_bright())
    viewer.dims.set_point([0, 1, 2], viewer.layers[0].data_to_world((4, 5, 20)))
    shown = drawn(panel)
    for plane, (down, across) in {
        "axial": (slice(0, 10), slice(15, 30)),  # in front is above, left is on the right
        "coronal": (slice(0, 3), slice(15, 30)),  # the head is above
        "sagittal": (slice(0, 3), slice(0, 10)),  # and the front on the left
    }.items():
        bright = shown[plane].picture[..., 0] > 128
        wanted = np.zeros_like(bright)
        wanted[down, across] = True
        assert np.array_equal(bright, wanted), plane
    assert shown["axial"].letters.right == shown["coronal"].letters.right == "L"


def test_below_the_canvas_a_click_the_wheel_and_the_slider_keep_in_step(docked, qtbot):
    viewer, panel = docked(make_volume(), show=True)
    area, window = Qt.DockWidgetArea.BottomDockWidgetArea, viewer.window._qt_window
    qtbot.waitUntil(lambda: window.dockWidgetArea(_dock_of(panel)) == area, timeout=_PATIENCE_MS)
    view = panel._views["coronal"]
    drawn(panel)
    where = view._where()
    spot = QPoint(round(where.left() + 0.81 * where.width()), round(where.top() + 2))
    QTest.mouseClick(view, Qt.MouseButton.LeftButton, pos=spot)
    z, y, x = point(viewer)
    assert (z, x) == (5, 24)
    QApplication.sendEvent(view, notch_down(spot))
    assert point(viewer) == [z, y - 1, x]
    viewer.dims.set_current_step(0, 3)
    title = "Axial 3 | 5"
    qtbot.waitUntil(lambda: panel._views["axial"]._drawing.title == title, timeout=_PATIENCE_MS)


def test_prompt_tools_mark_on_the_planes_and_the_right_button_moves_the_crosshair(docked, qtbot):
    viewer, panel = docked(make_volume(), show=True)
    area, window = Qt.DockWidgetArea.BottomDockWidgetArea, viewer.window._qt_window
    qtbot.waitUntil(lambda: window.dockWidgetArea(_dock_of(panel)) == area, timeout=_PATIENCE_MS)
    scene, listener = ViewerScene(viewer), MagicMock()
    scene.listen(listener)
    view, before = panel._views["coronal"], point(viewer)
    drawn(panel)

    def spot(down, right):
        where = view._where()
        y, x = where.top() + down * where.height(), where.left() + right * where.width()
        return y / view.height(), x / view.width()

    scene.use_tool("scribble")
    drag(view, spot(0.25, 0.2), spot(0.25, 0.5), spot(0.75, 0.5))
    (stroke,) = listener.stroke_drawn.call_args.args
    plane, path = stroke.plane, stroke.path
    assert (stroke.tool, plane, stroke.inside) == ("scribble", Plane(1, before[1]), True)
    assert np.allclose([path[0], path[-1]], [(4, before[1], 5.5), (1, before[1], 14.5)], atol=0.5)
    drag(view, spot(0.5, 0.5), held=Qt.KeyboardModifier.ShiftModifier)
    assert not listener.stroke_drawn.call_args.args[0].inside
    assert point(viewer) == before, "marking leaves the crosshair where it is"
    scene.show_prompts({plane: Prompts((PointPrompt((4.0, float(before[1]), 6.0)),))})
    assert len(drawn(panel)["coronal"].marks) == 1
    QTest.mouseClick(
        view,
        Qt.MouseButton.RightButton,
        pos=QPoint(*(round(v) for v in (spot(0, 27.5 / 30)[1] * view.width(), view.height() / 2))),
    )
    assert point(viewer)[2] == 27
    scene.close()


def test_a_plane_is_zoomed_and_moved_and_a_click_lands_where_it_points(docked, qtbot):
    viewer, panel = docked(half_bright(), show=True)
    area, window = Qt.DockWidgetArea.BottomDockWidgetArea, viewer.window._qt_window
    qtbot.waitUntil(lambda: window.dockWidgetArea(_dock_of(panel)) == area, timeout=_PATIENCE_MS)
    view = panel._views["axial"]
    drawn(panel)
    before = view._where()

    def pixel(row, column):
        where = view._where()
        y = where.top() + (row + 0.5) / 20 * where.height()
        return QPoint(round(where.left() + (column + 0.5) / 30 * where.width()), round(y))

    spot = pixel(4, 22)
    for _ in range(6):
        QApplication.sendEvent(view, notch(spot, 1, Qt.KeyboardModifier.ControlModifier))
    assert view._where().width() == pytest.approx(before.width() * 1.25**6)
    assert (pixel(4, 22) - spot).manhattanLength() <= 2, "what is under the mouse stays there"
    QTest.mouseClick(view, Qt.MouseButton.LeftButton, pos=pixel(4, 22))
    assert point(viewer)[1:] == [4, 22]
    middle = Qt.MouseButton.MiddleButton
    QTest.mousePress(view, middle, pos=spot)
    QTest.mouseMove(view, spot - QPoint(25, -10))
    QTest.mouseRelease(view, middle, pos=spot - QPoint(25, -10))
    assert (pixel(4, 22) - (spot - QPoint(25, -10))).manhattanLength() <= 2
    QTest.mouseClick(view, Qt.MouseButton.LeftButton, pos=pixel(3, 21))
    assert point(viewer)[1:] == [3, 21]
    panel.presenter.go_to("axial", 0.95, 0.05)  # from another plane, and out of sight here
    drawn(panel)
    assert view.rect().contains(pixel(19, 1)), "the crosshair is followed"
    QTest.mouseDClick(view, middle, pos=spot)
    assert view._where() == before


def test_strokes_undo_colours_and_windows_are_followed(docked):
    viewer, panel = docked(half_bright())
    image = viewer.layers[0]
    rows = [LabelRow(LabelInfo(1, "tumour", (0, 255, 0)))]
    labels = np.zeros(image.data.shape, np.uint8)
    data, options, _ = labels_layer(volume_of(image), labels, Document(rows), "Mask")
    mask = viewer.add_labels(data, **options)
    mask.opacity = 1
    viewer.dims.set_point([0, 1, 2], image.data_to_world((1, 3, 4)))
    at = {"axial": (3, 4), "coronal": (4, 4), "sagittal": (4, 3)}  # z = 1 is the second from below

    def colours():
        shown = drawn(panel)
        return {tuple(shown[plane].picture[spot]) for plane, spot in at.items()}

    assert colours() == {(0, 0, 0)}
    mask.paint((1, 3, 4), 1)
    assert colours() == {(0, 255, 0)}
    mask.data[1, 3, 4] = 0
    mask.refresh(extent=False)  # as an undo does
    assert colours() == {(0, 0, 0)}
    image.contrast_limits = (-3000, -1000)
    assert colours() == {(255, 255, 255)}
    image.visible = False
    assert colours() == {(0, 0, 0)}


def test_a_second_scan_is_shown_where_it_lies_and_the_first_stays_in_hand(docked):
    viewer, panel = docked(half_bright())
    image = viewer.layers[0]
    pet = Volume.from_source_array(
        np.full((3, 5, 10), 9, np.float32),
        Geometry((3, 5, 10), (3.0, 4.0, 1.0), (10.0, 0.0, 0.0)),
        name="pet",
        format="made",
        modality="PT",
    )
    data, options, _ = scan_over_layer(pet, image)
    over = viewer.add_image(data, **options)
    over.opacity, over.contrast_limits = 1.0, (0, 9)
    image.contrast_limits = (5000, 6000)
    viewer.dims.set_point([0, 1, 2], image.data_to_world((1, 3, 12)))
    assert viewer.layers.selection.active is over
    seen = drawn(panel)["axial"].picture.any(axis=-1)
    assert panel._scene.volume is volume_of(image)
    rows, columns = np.nonzero(seen)
    assert (columns.min(), columns.max()) == (10, 19)
    assert (rows.min(), rows.max()) == (0, 9), "5 voxels of 4 mm, half of the first one outside"
    image.translate = np.add(image.translate, (0, 0, 2))  # moved in napari: so does napari
    rows, columns = np.nonzero(drawn(panel)["axial"].picture.any(axis=-1))
    assert columns.min() == 8


def test_without_a_scan_and_after_its_end_nothing_fails(docked):
    viewer, panel = docked()
    drawn(panel)
    assert any("Open a scan" in label.text() for label in panel.findChildren(QLabel))
    data, options, _ = image_layer(make_volume())
    viewer.add_image(data, **options)
    assert drawn(panel)["axial"] is not None
    viewer.layers.clear()
    assert drawn(panel)["axial"] is None
    panel.release()
    viewer.add_image(data, **options)
    assert not panel._pause.isActive()
