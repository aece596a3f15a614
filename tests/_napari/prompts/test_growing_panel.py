"""Growing through the volume in a real window."""

from __future__ import annotations

import numpy as np
import pytest

from napari_medssl.volume import Geometry, Volume

pytestmark = pytest.mark.gui
pytest.importorskip("napari")

from panel_fakes import FakeEngines  # noqa: E402
from qtpy.QtWidgets import QCheckBox, QLabel, QLineEdit, QPushButton  # noqa: E402

from napari_medssl._napari.layers import image_layer  # noqa: E402
from napari_medssl._napari.panels.segment.panel import SegmentPanel  # noqa: E402
from napari_medssl.segment import BoxPrompt, Plane, Prompts  # noqa: E402

_PATIENCE_MS = 60_000  # a machine may be busy
BOX = {Plane(0, 4): Prompts(boxes=(BoxPrompt((4, 8, 8), (4, 15, 19)),))}


def pressed(panel, text, kind=QPushButton):
    (found,) = [one for one in panel.findChildren(kind) if one.text().startswith(text)]
    return found


def texts(panel) -> str:
    return "\n".join(label.text() for label in panel.findChildren(QLabel))


def test_one_press_grows_one_key_keeps_and_undo_takes_it_back(make_napari_viewer, qtbot):
    viewer = make_napari_viewer()
    where = Geometry((8, 40, 50), (3.0, 1.0, 1.0))
    scan = Volume.from_source_array(
        np.arange(16_000, dtype=np.int16).reshape(8, 40, 50), where, name="scan", format="made"
    )
    data, options, _ = image_layer(scan)
    viewer.add_image(data, **options)
    panel = SegmentPanel(viewer, engines=FakeEngines())
    viewer.window.add_dock_widget(panel, name="Segment", area="right")
    try:
        through = pressed(panel, "Through the volume")
        planes = pressed(panel, "Look in all three planes", QCheckBox)
        assert not through.isEnabled()
        assert planes.isHidden()
        pressed(panel._outline, "…").click()
        assert not planes.isHidden()
        server = panel._outline.findChild(QLineEdit)
        server.setText("http://127.0.0.1:9")
        assert "Send the image to http://127.0.0.1:9" in through.toolTip()
        assert panel.presenter.growing._server.address == "http://127.0.0.1:9"
        assert not planes.isEnabled()
        pressed(panel._outline, "…").click()
        assert not server.isHidden(), "an address stays in sight"
        server.clear()  # the field keeps the focus; what it says counts at once
        assert panel.presenter.growing._server is None
        assert planes.isEnabled()
        panel.presenter.prompts_changed(BOX)
        qtbot.waitUntil(through.isEnabled, timeout=_PATIENCE_MS)
        through.click()
        qtbot.waitUntil(lambda: "Found on slices 3 to 5" in texts(panel), timeout=_PATIENCE_MS)
        preview = viewer.layers["Preview (not kept yet)"].data
        assert {int(z) for z in np.nonzero(preview)[0]} == {3, 4, 5}
        pressed(panel, "Keep").click()
        qtbot.waitUntil(lambda: "Kept as" in texts(panel), timeout=_PATIENCE_MS)
        mask = viewer.layers["Mask"].data
        assert np.count_nonzero(mask) == 3 * 8 * 12
        assert not preview.any()
        pressed(panel, "Undo keep volume").click()
        qtbot.waitUntil(lambda: not mask.any(), timeout=_PATIENCE_MS)
    finally:
        panel.release()
