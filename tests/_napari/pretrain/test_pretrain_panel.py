"""The Pre-train panel in a real window; its jobs are told, not run."""

from __future__ import annotations

import numpy as np
import pytest

pytestmark = pytest.mark.gui
pytest.importorskip("napari")

from job_fakes import FakeEngine, measure, tell  # noqa: E402
from learn_fakes import study  # noqa: E402
from made_encoders import leave_encoder  # noqa: E402
from PIL import Image  # noqa: E402
from qtpy.QtWidgets import QCheckBox, QComboBox, QLabel, QPushButton  # noqa: E402

from napari_medssl._napari.panels.docks import panels_beside  # noqa: E402
from napari_medssl._napari.panels.jobs.curves import Plot  # noqa: E402
from napari_medssl._napari.panels.learn.panel import LearnPanel  # noqa: E402
from napari_medssl._napari.panels.pretrain.panel import PretrainPanel  # noqa: E402
from napari_medssl.jobs import JobStore  # noqa: E402
from napari_medssl.models.trained import trained_cards  # noqa: E402

_PATIENCE_MS = 15_000  # a machine may be busy


class Window:
    """A viewer with the Pre-train panel."""

    def __init__(self, viewer, qtbot, home) -> None:
        self.qtbot, self.engine = qtbot, FakeEngine()
        self.panel = PretrainPanel(
            viewer,
            store=JobStore(home / "jobs"),
            engine=self.engine,
            device=lambda wanted: "cpu",
        )
        viewer.window.add_dock_widget(self.panel, area="right")
        self.panel.show()

    @property
    def texts(self) -> str:
        labels = self.panel.findChildren(QLabel)
        return "\n".join(one.text() for one in labels if one.isVisibleTo(self.panel))

    def button(self, begins) -> QPushButton:
        found = self.panel.findChildren(QPushButton)
        return next(b for b in found if b.text().startswith(begins) and b.isVisibleTo(self.panel))

    def until(self, what) -> None:
        self.qtbot.waitUntil(lambda: bool(what()), timeout=_PATIENCE_MS)


@pytest.fixture
def window(make_napari_viewer, qtbot, tmp_path):
    one = Window(make_napari_viewer(show=True), qtbot, tmp_path)
    yield one
    for panel in (*panels_beside(one.panel, LearnPanel), one.panel):
        panel.release()


def test_from_a_folder_to_an_encoder_that_learning_begins_with(window, tmp_path):
    begin = window.button("Learn from these images")
    assert not begin.isEnabled()
    assert "choose a folder" in window.texts
    study(tmp_path)
    window.panel._images.choose(tmp_path / "images")
    window.until(begin.isEnabled)
    assert "6 images of unknown kind" in window.texts
    assert "Recommended: It fills in what is hidden" in window.texts
    window.button("Advanced").click()
    settings = window.panel._method._settings
    assert settings.isVisibleTo(window.panel)
    settings.plan.take(tmp_path / "plan.json")
    assert window.button("plan.json").isVisibleTo(window.panel)
    assert not settings._network.isEnabled(), "nnU-Net says which network"
    assert window.panel._method.given()["nnunet"] == tmp_path / "plan.json"
    window.button("None").click()
    assert window.panel._method.given()["nnunet"] is None
    settings._seed.setValue(5)
    settings._scale.setCurrentIndex(1)
    settings._scale.activated.emit(1)
    assert not window.panel._method._minutes.isEnabled(), "the paper says how long"
    method = window.panel._method._method
    method.setCurrentIndex(method.findData("simsiam"))
    method.activated.emit(method.currentIndex())
    assert "Two crops that overlap" in window.texts
    pairs = next(
        box for box in settings.findChildren(QComboBox) if box.toolTip().startswith("How pairs")
    )
    assert "By the recipe: " in pairs.toolTip()
    pairs.setCurrentIndex(pairs.findData("any"))
    pairs.activated.emit(pairs.currentIndex())
    begin.click()
    window.until(lambda: window.engine.submitted)
    [job] = window.engine.submitted
    assert job.spec.seed == 5
    assert (job.spec.arguments["minutes"], job.spec.arguments["scale"]) == (None, "paper")
    assert job.spec.arguments["changes"]["pairs"] == "any"
    tell(job, state="running")
    tell(job, done=1, total=4, doing="Learning", seconds_left=90)
    for step in (60, 70):
        measure(job, step, loss=1 / step, collapse=0.1)
    Image.fromarray(np.zeros((20, 60), np.uint8)).save(job.artifacts / "preview-000070.png")
    window.until(lambda: "The images still come out different: good" in window.texts)
    window.until(lambda: "preview-000070.png" in window.texts)
    plots = window.panel.findChildren(Plot)
    assert sum(one.isVisibleTo(window.panel) for one in plots) == 2, "of the loss, and of collapse"
    assert not begin.isEnabled()
    leave_encoder(job.artifacts)
    tell(job, state="done")
    box = next(b for b in window.panel.findChildren(QCheckBox) if b.text().startswith("Use it"))
    window.until(box.isChecked)
    assert len(trained_cards()) == 1
    button = window.button("To the Learn panel")
    window.until(lambda: not button.visibleRegion().isEmpty())  # though Advanced is unfolded
    box.click()
    window.until(lambda: not trained_cards())
    window.until(lambda: "The Learn button does not know of it" in window.texts)
    button.click()
    window.until(lambda: panels_beside(window.panel, LearnPanel))
