"""The Jobs panel in a real window, with jobs that really run."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

pytestmark = pytest.mark.gui
pytest.importorskip("napari")

from job_fakes import FakeEngine, make_job, measure, tell, warn  # noqa: E402
from napari.utils.notifications import notification_manager  # noqa: E402
from PIL import Image  # noqa: E402
from qtpy.QtWidgets import QComboBox, QLabel, QMessageBox, QPlainTextEdit, QPushButton  # noqa: E402

from napari_medssl._napari.panels.jobs.curves import Plot  # noqa: E402
from napari_medssl._napari.panels.jobs.job_list import JobList  # noqa: E402
from napari_medssl._napari.panels.jobs.panel import JobsPanel  # noqa: E402
from napari_medssl.jobs import JobStore, LocalEngine, new_spec  # noqa: E402

_PATIENCE_MS = 60_000  # a machine may be busy
TINY = Path(__file__).resolve().parents[2] / "jobs" / "tiny_job.py"


class Window:
    """A viewer with the Jobs panel."""

    def __init__(self, viewer, qtbot, store, engine) -> None:
        self.qtbot, self.store, self.engine = qtbot, store, engine
        self.panel = JobsPanel(viewer, store=store, engine=engine)
        viewer.window.add_dock_widget(self.panel, area="right")

    @property
    def list(self) -> JobList:
        return self.panel.findChild(JobList)

    @property
    def texts(self) -> str:
        return "\n".join(la.text() for la in self.panel.findChildren(QLabel) if not la.isHidden())

    @property
    def rows(self) -> list[str]:
        return [self.list.item(n).text() for n in range(self.list.count())]

    def button(self, text) -> QPushButton:
        found = [b for b in self.panel.findChildren(QPushButton) if b.text() == text]
        return next(b for b in found if not b.isHidden())

    def answer(self, text) -> None:
        """Press a button of the question that was asked."""
        box = self.panel.findChild(QMessageBox)
        next(b for b in box.buttons() if b.text() == text).click()

    def until(self, what) -> None:
        self.qtbot.waitUntil(what, timeout=_PATIENCE_MS)


@pytest.fixture
def window(make_napari_viewer, qtbot, tmp_path):
    made = []

    def make(engine=None, *, show=False) -> Window:
        viewer = make_napari_viewer(show=show)
        made.append(Window(viewer, qtbot, JobStore(tmp_path / "jobs"), engine or FakeEngine()))
        return made[-1]

    yield make
    for one in made:
        one.panel.release()


def test_curves_pictures_warnings_and_log(window, tmp_path):
    store = JobStore(tmp_path / "jobs")
    job = make_job(store, title="nnU-Net")
    for step in (1, 2, 3):
        for fold in (0, 1):
            measure(
                job, step, training=f"fold {fold}", train_loss=1 / step, dice=0.1 * step, rate=0.5
            )
    measure(job, 3, memory_gb=3.5)
    measure(job, 0, note="Chosen because it fits.")
    warn(job, "case-004 was left out.")
    tell(job, done=1, total=4, doing="Training", seconds_left=120)
    (job.folder / "log.txt").write_text("what it printed\n")
    Image.new("RGB", (64, 32), (255, 0, 0)).save(job.artifacts / "preview-1.png")
    one = window(show=True)
    one.until(lambda: "preview-1.png" in one.texts)
    assert one.rows[0].startswith("nnU-Net\nrunning · 25 % · 2 min left · processor")
    assert "Training. About 2 min left." in one.texts
    assert "case-004 was left out." in one.texts
    assert "Chosen because it fits." in one.texts
    assert "memory&nbsp;gb&nbsp;<b>3.5</b>" in one.texts
    training, other = one.panel._detail._curves.findChildren(QComboBox)
    assert [training.itemText(n) for n in range(training.count())] == ["fold 0", "fold 1"]
    assert training.currentText() == "fold 1"
    loss, dice, probe, alike, rest = one.panel._detail._curves.findChildren(Plot)
    steps, values = loss._lines[0].getData()
    assert np.allclose(values, [1, 1 / 2, 1 / 3])
    assert np.array_equal(steps, [1, 2, 3])
    assert "dice" in dice.findChild(QLabel).text()
    assert probe.isHidden()
    assert alike.isHidden()
    assert rest.isHidden()
    other.setCurrentText("rate")
    other.activated.emit(other.currentIndex())
    assert not rest.isHidden()
    assert one.panel._detail._preview.picture.pixmap().toImage().pixelColor(5, 5).red() == 255
    log = one.panel.findChild(QPlainTextEdit)
    assert log.isHidden()
    one.button("Log").click()
    assert "what it printed" in log.toPlainText()
    measure(job, 4, training="fold 1", train_loss=0.25, dice=0.4)
    one.until(lambda: len(loss._lines[0].getData()[0]) == 4)
    assert other.currentText() == "rate"


def test_a_real_job_is_followed_stopped_resumed_and_removed(window):
    one = window(LocalEngine((sys.executable, str(TINY))))
    assert "There is no job yet." in one.texts
    spec = new_spec("count", {"steps": 400, "pause": 0.05}, title="Counting", seed=7)
    job = one.store.create(spec)
    one.engine.submit(job)
    one.until(lambda: "Counting. About" in one.texts)
    one.button("Stop and keep the best").click()
    one.answer("Stop and keep the best")
    one.until(lambda: "Stopped at" in one.texts)
    one.until(lambda: any("was stopped" in n.message for n in notification_manager.records))
    one.button("Resume").click()
    one.until(lambda: "Counting. About" in one.texts)
    one.engine.stop(job, patience_s=10)
    one.until(lambda: "Stopped at" in one.texts)
    one.button("Remove from list…").click()
    assert "with everything the job has made" in one.panel.findChild(QMessageBox).informativeText()
    one.answer("Remove")
    one.until(lambda: "There is no job yet." in one.texts)
    assert not job.folder.exists()


def test_jobs_are_found_again_and_chosen(window, tmp_path):
    store = JobStore(tmp_path / "jobs")
    good = make_job(store, title="Good", at=tmp_path / "results")
    tell(good, state="done")
    bad = make_job(store, title="Bad")
    tell(bad, state="failed", message="The memory did not suffice.")
    one = window()
    one.until(lambda: len(one.rows) == 2)
    for title, shown in (("Bad", "The memory did not suffice."), ("Good", "Done at")):
        row = next(n for n, text in enumerate(one.rows) if text.startswith(title))
        one.list.setCurrentRow(row)
        assert shown in one.texts
    one.button("Remove from list…").click()
    box = one.panel.findChild(QMessageBox)
    assert box.informativeText() == "Its folder 'results' stays where it is."
    box.reject()
    shown = [b.text() for b in one.panel.findChildren(QPushButton) if not b.isHidden()]
    assert "Resume" not in shown
