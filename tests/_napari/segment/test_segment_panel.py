"""The Segment panel in a real window."""

from __future__ import annotations

import re

import numpy as np
import pytest

from napari_medssl.io import read_labels, write_volume
from napari_medssl.volume import Geometry, Volume, Window

pytestmark = pytest.mark.gui
pytest.importorskip("napari")

from napari.layers import Labels, Points  # noqa: E402
from panel_fakes import FakeEngines  # noqa: E402
from qtpy.QtCore import QEvent, QPoint, QPointF, Qt  # noqa: E402
from qtpy.QtGui import QMouseEvent  # noqa: E402
from qtpy.QtOpenGLWidgets import QOpenGLWidget  # noqa: E402
from qtpy.QtTest import QTest  # noqa: E402
from qtpy.QtWidgets import (  # noqa: E402
    QApplication,
    QComboBox,
    QLabel,
    QPushButton,
    QScrollArea,
    QTableWidget,
)

from napari_medssl._napari.keys import KEYS  # noqa: E402
from napari_medssl._napari.layers import DOCUMENT, image_layer  # noqa: E402
from napari_medssl._napari.panels.segment.panel import SegmentPanel  # noqa: E402
from napari_medssl._napari.patient_view import show_plane  # noqa: E402

_PATIENCE_MS = 60_000  # a machine may be busy


def ct(shape=(8, 40, 50), **rest) -> Volume:
    array = np.full(shape, -100, np.int16)
    array[..., shape[-2] // 3 : -shape[-2] // 3, 5:20] = 200
    rest = {"name": "scan.nii.gz", "format": "made", "modality": "CT", "units": "HU", **rest}
    return Volume.from_source_array(array, Geometry(shape[-3:], (3.0, 1.0, 1.0)), **rest)


def show(viewer, volume):
    data, options, _ = image_layer(volume)
    return viewer.add_image(data, **options)


@pytest.fixture
def docked(make_napari_viewer, qtbot):
    """Make viewers with the panel docked, around engines that answer at once."""
    panels = []

    def make(volume=None, **rest):
        viewer = make_napari_viewer(**rest)
        if volume is not None:
            show(viewer, volume)
        panel = SegmentPanel(viewer, engines=FakeEngines())
        viewer.window.add_dock_widget(panel, name="Segment", area="right")
        panels.append(panel)
        return viewer, panel

    yield make
    for panel in panels:
        panel.release()


def press(panel, text):
    (found,) = [b for b in panel.findChildren(QPushButton) if b.text().startswith(text)]
    assert found.isEnabled(), text
    found.click()


def enabled(panel, text) -> bool:
    (found,) = [b for b in panel.findChildren(QPushButton) if b.text().startswith(text)]
    return found.isEnabled()


def texts(panel) -> str:
    return "\n".join(label.text() for label in panel.findChildren(QLabel))


def points_of(viewer) -> Points:
    return next(layer for layer in viewer.layers if isinstance(layer, Points))


def mask_of(viewer) -> Labels:
    return next(layer for layer in viewer.layers if layer.name == "Mask")


def test_three_clicks_from_an_open_scan_to_a_mask_and_a_file(docked, qtbot, tmp_path):
    viewer, panel = docked(ct())
    press(panel, "+ Point")
    points_of(viewer).add(viewer.layers[0].world_to_data(viewer.dims.point))
    qtbot.waitUntil(lambda: enabled(panel, "Keep"), timeout=_PATIENCE_MS)
    press(panel, "Keep")
    mask = mask_of(viewer)
    assert np.count_nonzero(mask.data) == 25
    path = tmp_path / "mask.nii.gz"
    panel.presenter.mask.save_as(path)
    qtbot.waitUntil(lambda: "Saved as 'mask.nii.gz'" in texts(panel), timeout=_PATIENCE_MS)
    assert np.array_equal(
        read_labels(path, viewer.layers[0].metadata["napari-medssl volume"]), mask.data
    )
    told = mask.metadata[DOCUMENT]
    assert len(told.outlines) == 1
    press(panel, "Undo keep outline")
    assert not mask.data.any()
    assert told.outlines == ()
    assert len(points_of(viewer).data) == 1, "undo brings the point back too"
    press(panel, "Redo keep outline")
    assert np.count_nonzero(mask.data) == 25
    assert len(told.outlines) == 1


def test_the_panel_opens_without_an_image_and_says_what_to_do(docked):
    _, panel = docked()
    assert "Open a file or a DICOM folder to begin." in texts(panel)
    press(panel, "+ Point")
    assert "Open an image first." in texts(panel)


def test_an_image_that_comes_later_is_taken_in_hand(docked, qtbot):
    viewer, panel = docked()
    show(viewer, ct())
    qtbot.waitUntil(
        lambda: "scan.nii.gz" in texts(panel) and "40" in texts(panel), timeout=_PATIENCE_MS
    )


@pytest.mark.parametrize(
    "volume",
    [
        ct((3, 1, 40, 50), format="picture", orientation_known=False, spacing_known=False),
        ct((6, 40, 50), stack="time", orientation_known=False, modality="US"),
        ct((1, 40, 50)),
    ],
    ids=["colour picture", "cine", "one slice"],
)
def test_pictures_and_cines_are_outlined_too(docked, qtbot, volume):
    viewer, panel = docked(volume)
    press(panel, "+ Point")
    points_of(viewer).add([panel._scene.plane.index, 20, 25])
    qtbot.waitUntil(lambda: enabled(panel, "Keep"), timeout=_PATIENCE_MS)
    press(panel, "Keep")
    assert np.count_nonzero(mask_of(viewer).data) == 25
    assert not enabled(panel, "Coronal")


def test_the_window_is_linked_both_ways(docked, qtbot):
    viewer, panel = docked(ct())
    image = viewer.layers[0]
    preset = next(b for b in panel.findChildren(QComboBox) if b.findText("Lung") >= 0)
    assert preset.currentText() == "Abdomen"
    preset.setCurrentIndex(preset.findText("Lung"))
    preset.activated.emit(preset.currentIndex())
    qtbot.waitUntil(lambda: image.contrast_limits == [-1350, 150], timeout=_PATIENCE_MS)
    image.contrast_limits = (0, 100)
    assert panel._scene.window == Window(0, 100)
    assert (panel._view._level.value(), panel._view._width.value()) == (50, 100)
    assert preset.currentText() == "Custom"
    panel._view._level.setValue(70)
    assert image.contrast_limits == [20, 120]


def test_keys_work_and_are_given_back_when_the_dock_closes(docked, qtbot):
    viewer, panel = docked(ct())
    bound = {str(key): action for key, action in viewer.keymap.items()}
    assert set(bound) >= set(KEYS.values())
    bound[KEYS["box"]](viewer)
    assert viewer.layers.selection.active.mode == "add_rectangle"
    viewer.window.remove_dock_widget(panel)
    assert len(viewer.keymap) == 0
    assert [layer.name for layer in viewer.layers] == ["scan.nii.gz"]
    viewer.dims.set_current_step(0, 1)


def test_two_windows_work_side_by_side(docked, qtbot):
    (first, panel), (second, other) = docked(ct()), docked(ct())
    press(other, "+ Point")
    points_of(second).add([3, 20, 25])
    qtbot.waitUntil(lambda: enabled(other, "Keep"), timeout=_PATIENCE_MS)
    assert not enabled(panel, "Keep")
    assert [layer.name for layer in first.layers] == ["scan.nii.gz"]


def test_two_panels_on_one_window_both_answer(docked, make_napari_viewer, qtbot):
    viewer, panel = docked(ct())
    second = SegmentPanel(viewer, engines=FakeEngines())
    viewer.window.add_dock_widget(second, name="Segment again")
    press(second, "+ Point")
    second_points = viewer.layers.selection.active
    second_points.add([3, 20, 25])
    for one in (panel, second):
        qtbot.waitUntil(lambda one=one: enabled(one, "Keep"), timeout=_PATIENCE_MS)
    press(panel, "Keep")
    assert not enabled(second, "Keep")
    assert np.count_nonzero(mask_of(viewer).data) == 25
    second.release()


def test_the_plugin_s_own_widget_opens_by_name(
    make_napari_viewer_proxy, npe2pm, qtbot, monkeypatch
):
    """As `napari -w napari-medssl Segment` does, which hands the widget a proxy."""
    import npe2

    from napari_medssl._napari.panels.segment import panel as segment

    monkeypatch.setattr(segment, "InstalledEngines", FakeEngines)
    npe2pm.register(npe2.PluginManifest.from_distribution("napari-medssl"))
    viewer = make_napari_viewer_proxy()
    _, panel = viewer.window.add_plugin_dock_widget("napari-medssl", "Segment")
    show(viewer, ct())
    qtbot.waitUntil(lambda: "scan.nii.gz" in texts(panel), timeout=_PATIENCE_MS)
    panel.release()


def test_a_file_is_opened_by_the_panel_in_the_background(docked, qtbot, tmp_path):
    write_volume(ct(), tmp_path / "abdomen.nii.gz")
    viewer, panel = docked()
    panel.presenter.image.open(tmp_path / "abdomen.nii.gz")
    assert len(viewer.layers) == 0
    qtbot.waitUntil(lambda: len(viewer.layers) == 1, timeout=_PATIENCE_MS)
    assert viewer.layers[0].name == "abdomen.nii.gz"


def test_nothing_is_cut_off_on_a_small_screen(docked, qtbot):
    viewer, panel = docked(ct(), show=True)
    viewer.window.resize(1280, 1000)
    qtbot.wait(200)
    scroll = panel.findChild(QScrollArea)
    assert scroll.widget().width() <= scroll.viewport().width()
    for button in panel.findChildren(QPushButton):
        if button.isVisible():
            needed = button.fontMetrics().horizontalAdvance(button.text())
            assert button.width() >= needed, button.text()


def test_it_begins_at_its_top_and_goes_down_to_the_tools_that_are_unfolded(docked, qtbot):
    viewer, panel = docked(show=True)
    viewer.window.resize(1280, 800)
    qtbot.wait(1000)
    bar = panel.findChild(QScrollArea).verticalScrollBar()
    assert bar.maximum() > 0
    assert bar.value() == 0, "the button that opens an image is out of sight"
    press(panel, "More tools")
    qtbot.waitUntil(lambda: bar.value() > 0, timeout=_PATIENCE_MS)


def test_letters_are_in_the_picture_of_the_canvas(docked, qtbot):
    viewer, _ = docked(ct(), show=True)
    qtbot.wait(100)
    shot = viewer.screenshot(flash=False).astype(int)
    yellow = (shot[..., 0] > 200) & (shot[..., 1] > 150) & (shot[..., 2] < 140)
    middle = slice(shot.shape[0] // 2 - 40, shot.shape[0] // 2 + 40)
    assert yellow[middle, :60].any(), "R at the left edge"
    assert yellow[middle, -60:].any(), "L at the right edge"


def test_three_d_is_drawn_with_the_patient_s_left_on_the_right(make_napari_viewer, qtbot):
    """The picture itself, from the front: what lies to the patient's left must be at the right."""
    from napari_medssl._napari.patient_view import attach_patient_view

    array = np.zeros((20, 20, 20), np.int16)
    array[8:12, 8:12, 15:19] = 1000  # x grows to the patient's left
    array[16:19, 8:12, 2:5] = 1000  # a smaller one up and to the right
    viewer = make_napari_viewer(show=True)
    attach_patient_view(viewer)
    show(
        viewer,
        Volume.from_source_array(
            array, Geometry((20, 20, 20)), name="p", format="made", modality="MR"
        ),
    )
    show_plane(viewer, "3-D")
    for name in ("left", "right", "top", "bottom"):
        viewer.canvas.overlays[f"medssl_{name}"].visible = False
    viewer.canvas.overlays.scale_bar.visible = False
    qtbot.wait(100)
    bright = viewer.screenshot(flash=False)[..., 0] > 120
    rows, columns = np.nonzero(bright)
    width = bright.shape[1]
    big = columns > width / 2
    assert big.sum() > (~big).sum() > 0, "the larger blob is at the right"
    assert rows[~big].mean() < rows[big].mean(), "the smaller one, further up, is drawn higher"


def test_the_status_line_counts_the_seconds(docked, qtbot):
    import threading

    _, panel = docked(ct())
    go = threading.Event()
    panel.presenter.activity.run("Working", lambda: go.wait(30), lambda _: None, topic="test")
    qtbot.waitUntil(
        lambda: bool(re.search(r"Working… \d+\.[1-9] s", texts(panel))), timeout=_PATIENCE_MS
    )
    go.set()
    qtbot.waitUntil(lambda: "Working" not in texts(panel), timeout=_PATIENCE_MS)


def canvas_of():
    """The widget that napari draws on; the newest, if a closed window's is still there."""
    canvases = [w for w in QApplication.allWidgets() if isinstance(w, QOpenGLWidget)]
    (canvas,) = [w for w in canvases if w.isVisible()]
    return canvas


def drag(viewer, qtbot, *places, button=Qt.MouseButton.LeftButton):
    """Press on the canvas, move through places (row, column; parts of its size), let go."""
    canvas = canvas_of()
    spots = [QPoint(int(c * canvas.width()), int(r * canvas.height())) for r, c in places]
    QTest.mouseMove(canvas, spots[0])
    QTest.mousePress(canvas, button, Qt.KeyboardModifier.NoModifier, spots[0])
    for spot in spots[1:]:
        qtbot.wait(15)  # the canvas drops moves that follow too fast
        move = QMouseEvent(
            QEvent.Type.MouseMove,
            QPointF(spot),
            canvas.mapToGlobal(QPointF(spot)),
            Qt.MouseButton.NoButton,
            button,
            Qt.KeyboardModifier.NoModifier,
        )
        QApplication.sendEvent(canvas, move)
    QTest.mouseRelease(canvas, button, Qt.KeyboardModifier.NoModifier, spots[-1])
    qtbot.wait(20)


def test_a_stroke_of_the_mouse_is_a_step_and_the_keys_take_it_back(docked, qtbot):
    viewer, panel = docked(ct(), show=True)
    press(panel, "Brush")
    mask = mask_of(viewer)
    drag(viewer, qtbot, (0.4, 0.4), (0.5, 0.5), (0.5, 0.6))
    assert mask.data.any()
    assert enabled(panel, "Undo brush")
    first = mask.data.copy()
    drag(viewer, qtbot, (0.3, 0.6), (0.3, 0.65))
    canvas = canvas_of()
    QTest.keyClick(canvas, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert np.array_equal(mask.data, first)
    both = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    QTest.keyClick(canvas, Qt.Key.Key_Z, both)
    assert np.count_nonzero(mask.data) > np.count_nonzero(first)
    press(panel, "Undo brush")
    press(panel, "Undo brush")
    assert not mask.data.any()


def test_a_box_drawn_with_the_mouse_is_one_step_and_makes_the_mask(docked, qtbot):
    viewer, panel = docked(ct(), show=True)
    press(panel, "Box")
    drag(viewer, qtbot, (0.35, 0.35), (0.5, 0.5), (0.6, 0.6))
    qtbot.waitUntil(lambda: enabled(panel, "Keep"), timeout=_PATIENCE_MS)
    document = panel._scene.document
    assert document.history.done[0].words == "Box"
    assert mask_of(viewer) is not None
    (prompts,) = document.prompts
    (low, high) = prompts["boxes"][0]
    assert all(b > a for a, b in zip(low[1:], high[1:], strict=True)), "the box as it was let go"
    press(panel, "Discard")
    assert document.prompts == []


def test_the_label_table_is_the_document_s(docked, qtbot):
    _, panel = docked(ct())
    press(panel, "New")
    table = panel.findChild(QTableWidget)
    assert table.rowCount() == 2
    table.item(1, 1).setText("spleen")
    table.cellClicked.emit(0, 3)
    table.cellClicked.emit(1, 4)
    rows = panel._scene.document.labels
    assert [row.info.name for row in rows] == ["Label 1", "spleen"]
    assert [(row.visible, row.locked) for row in rows] == [(False, False), (True, True)]
    assert panel.presenter.labels.current == 2
    table.cellClicked.emit(0, 1)
    assert panel.presenter.labels.current == 1
    for _ in range(9):
        press(panel, "New")
    assert table.rowCount() == 11
    assert table.height() < 7 * table.rowHeight(0), "more than six lines scroll"


def test_a_tool_is_set_and_applied(docked, qtbot):
    viewer, panel = docked(ct())
    press(panel, "Brush")
    mask = mask_of(viewer)
    mask.paint((3, 20, 25), 1)
    before = mask.data.copy()
    press(panel, "More tools")
    tools = next(b for b in panel.findChildren(QComboBox) if b.findText("    Grow") >= 0)
    tools.setCurrentIndex(tools.findText("    Grow"))
    press(panel, "Apply")
    qtbot.waitUntil(lambda: "Grow:" in texts(panel), timeout=_PATIENCE_MS)
    assert mask.data[3].sum() > before[3].sum()
    assert mask.mode == "paint"
    press(panel, "Undo grow")
    assert np.array_equal(mask.data, before)
    for at in range(tools.count()):
        tools.setCurrentIndex(at)


def test_the_brush_the_range_and_the_finished_slice(docked, qtbot):
    viewer, panel = docked(ct())
    press(panel, "Brush")
    mask = mask_of(viewer)
    panel._correct._size.setValue(7)
    assert mask.brush_size == 7
    mask.brush_size = 9
    assert panel._correct._size.value() == 9
    press(panel, "3-D ball")
    assert mask.n_edit_dimensions == 3
    press(panel, "2-D disc")
    assert mask.n_edit_dimensions == 2
    panel._correct._low.setValue(100)
    panel._correct._high.setValue(300)
    mask.paint((3, 20, 20), 1)
    assert (viewer.layers[0].data[mask.data == 1] == 200).all()
    qtbot.waitUntil(lambda: "left as before" in texts(panel), timeout=_PATIENCE_MS)
    press(panel, "Slice done")
    assert "Axial slice 3: done. 1 of 8 done." in texts(panel)


def test_a_wide_label_is_drawn(docked, qtbot):
    viewer, panel = docked(ct(), show=True)
    press(panel, "Brush")
    panel.presenter.choose_label(300)
    mask = mask_of(viewer)
    mask.opacity = 1
    mask.paint((3, 20, 25), 300)
    panel.presenter.labels.recolour(300, (255, 0, 255))
    qtbot.wait(100)
    shot = viewer.screenshot(flash=False).astype(int)
    assert ((shot[..., 0] > 200) & (shot[..., 1] < 60) & (shot[..., 2] > 200)).any()


def test_everything_on_a_slice_is_kept_with_a_click_of_the_mouse_and_dropped_with_escape(
    docked, qtbot
):
    viewer, panel = docked(ct(), show=True)
    press(panel, "Outline everything")
    qtbot.waitUntil(lambda: "objects found" in texts(panel), timeout=_PATIENCE_MS)
    objects = next(layer for layer in viewer.layers if layer.name == "Objects (click to keep)")
    assert viewer.layers.selection.active is objects
    viewer.scene.camera.center = objects.data_to_world((panel._scene.plane.index, 4, 4))
    viewer.scene.camera.zoom *= 3
    qtbot.wait(50)
    drag(viewer, qtbot, (0.5, 0.5), (0.55, 0.6))  # moves the image, keeps nothing
    assert not any(layer.name == "Mask" for layer in viewer.layers)
    viewer.scene.camera.center = objects.data_to_world((panel._scene.plane.index, 4, 4))
    qtbot.wait(50)
    drag(viewer, qtbot, (0.5, 0.5))
    qtbot.waitUntil(lambda: "Kept as 'Label 1': 16 voxels" in texts(panel), timeout=_PATIENCE_MS)
    assert np.count_nonzero(mask_of(viewer).data) == 16
    assert "1 to click" in texts(panel)
    QTest.keyClick(canvas_of(), Qt.Key.Key_Escape)
    assert objects not in viewer.layers
    assert np.count_nonzero(mask_of(viewer).data) == 16
