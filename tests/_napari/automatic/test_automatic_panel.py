"""The Automatic panel in a real window."""

from __future__ import annotations

import numpy as np
import pytest

from napari_medssl.io import write_volume
from napari_medssl.jobs import JobStore, jobs_folder
from napari_medssl.project import create_project, open_project
from napari_medssl.project.proposals import pending, read_proposal
from napari_medssl.project.proposing import ProposeReport
from napari_medssl.project.segment_task import write_report
from napari_medssl.volume import Geometry, Volume

pytestmark = pytest.mark.gui
pytest.importorskip("napari")

from automatic_fakes import FakeEngine, FakeModels  # noqa: E402
from napari.layers import Image, Labels  # noqa: E402
from panel_fakes import FakeEngines  # noqa: E402
from qtpy.QtWidgets import (  # noqa: E402
    QCheckBox,
    QComboBox,
    QLabel,
    QPushButton,
    QTableWidget,
)
from segment_process import ENGINE, WINDOW_S  # noqa: E402

from napari_medssl._napari.layers import DOCUMENT, image_layer  # noqa: E402
from napari_medssl._napari.panels.automatic.panel import AutomaticPanel  # noqa: E402
from napari_medssl._napari.panels.project.panel import ProjectPanel  # noqa: E402
from napari_medssl._napari.panels.segment.panel import SegmentPanel  # noqa: E402
from napari_medssl._napari.presenters.project.recent_projects import RecentProjects  # noqa: E402

_PATIENCE_MS = 60_000  # a machine may be busy
PROPOSAL, HEAT = "Proposal (not accepted yet)", "Uncertainty, percent"


def scan(value=200, **rest) -> Volume:
    array = np.full((8, 40, 50), -100, np.int16)
    array[:, 5:15, 5:15] = value
    rest = {"name": "scan.nii.gz", "format": "made", "modality": "CT", "units": "HU", **rest}
    return Volume.from_source_array(array, Geometry(array.shape, (3.0, 1.0, 1.0)), **rest)


class Window:
    """A viewer with the Automatic panel, and others where wanted."""

    def __init__(
        self, viewer, qtbot, settings, *, segment=False, project=False, engine=None
    ) -> None:
        self.viewer, self.qtbot = viewer, qtbot
        self.models, self.engine = FakeModels(), engine
        self.others = []
        if segment:
            self.others.append(SegmentPanel(viewer, engines=FakeEngines()))
        if project:
            self.others.append(ProjectPanel(viewer, recent=RecentProjects(settings)))
        for made in self.others:
            viewer.window.add_dock_widget(made, area="right")
        self.open()

    def open(self) -> None:
        self.panel = AutomaticPanel(self.viewer, models=self.models, engine=self.engine)
        self.viewer.window.add_dock_widget(self.panel, area="right")
        self.until(lambda: "Finds:" in self.texts)

    def reopen(self) -> None:
        self.viewer.window.remove_dock_widget(self.panel)
        self.open()

    def show(self, volume) -> Image:
        data, options, _ = image_layer(volume)
        return self.viewer.add_image(data, **options)

    def layer(self, name):
        return next((la for la in self.viewer.layers if la.name == name), None)

    @property
    def table(self) -> QTableWidget:
        return self.panel.findChild(QTableWidget)

    @property
    def texts(self) -> str:
        return "\n".join(la.text() for la in self.panel.findChildren(QLabel) if not la.isHidden())

    def button(self, text) -> QPushButton:
        buttons = self.panel.findChildren(QPushButton)
        return next(b for b in buttons if b.text().startswith(text) and not b.isHidden())

    def offers(self, text) -> bool:
        buttons = self.panel.findChildren(QPushButton)
        return any(b.text() == text and b.isEnabled() and not b.isHidden() for b in buttons)

    def press(self, text) -> None:
        assert self.button(text).isEnabled(), text
        self.button(text).click()

    def until(self, what) -> None:
        self.qtbot.waitUntil(what, timeout=_PATIENCE_MS)

    def run(self) -> None:
        self.press("Run on this image")
        self.until(lambda: self.layer(PROPOSAL) is not None)
        self.until(lambda: "…" not in [self.table.item(0, n).text() for n in (2, 3, 4)])

    def close(self) -> None:
        for made in (self.panel, *self.others):
            made.release()


@pytest.fixture
def window(make_napari_viewer, qtbot, tmp_path):
    made = []

    def make(*, show=False, **panels) -> Window:
        viewer = make_napari_viewer(show=show)
        made.append(Window(viewer, qtbot, tmp_path / f"{len(made)}.json", **panels))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture
def study(tmp_path):
    """A project with two cases, closed."""
    with create_project(tmp_path / "study") as project:
        for number in (1, 2):
            path = write_volume(scan(100 * number), tmp_path / f"scan{number}.nii.gz")
            project.add(path)
    return tmp_path / "study"


def cells(table, line) -> list[str]:
    return [table.item(line, column).text() for column in (0, 2, 3, 4)]


def test_from_a_scan_to_accepted_labels_with_the_segment_panel_beside_it(window):
    one = window(segment=True)
    one.show(scan())
    one.run()
    assert cells(one.table, 0) == ["liver", "0.60", "0.00", "0.00"]
    one.table.item(1, 0).setCheckState(one.table.item(0, 0).checkState().Unchecked)
    one.press("Accept ticked")
    one.until(lambda: "Accepted 'liver': 200 voxels changed." in one.texts)
    mask = one.layer("Mask")
    assert np.count_nonzero(mask.data == 1) == 200
    names = [row.info.name for row in mask.metadata[DOCUMENT].labels]
    assert names == ["liver"]
    segment = one.others[0]
    assert segment.presenter.labels.current_name == "liver"
    assert one.table.rowCount() == 1
    one.press("Accept all")
    one.until(lambda: np.count_nonzero(mask.data == 2) == 200)
    one.until(lambda: one.layer(PROPOSAL) is None)
    segment.presenter.history.undo()
    segment.presenter.history.undo()
    one.until(lambda: not mask.data.any())
    assert "Nothing waits to be accepted." in one.texts


def test_strokes_of_the_brush_stay_and_are_counted(window):
    one = window(segment=True)
    one.show(scan())
    one.others[0].presenter.prompting.use_tool("brush")
    mask = one.layer("Mask")
    mask.data_setitem((np.array([0, 0]), np.array([6, 7]), np.array([6, 6])), 1)
    mask.data_setitem((np.array([0]), np.array([7]), np.array([6])), 0)
    one.run()
    assert one.button("Difference").isChecked()
    one.until(lambda: "1 voxel stays as it is" in one.texts)
    one.press("Accept all")
    one.until(lambda: "Accepted 2 labels" in one.texts)
    assert (mask.data[0, 6, 6], mask.data[0, 7, 6]) == (1, 0)


def test_three_ways_to_look_and_the_heat_map(window, qtbot):
    one = window(show=True)
    one.show(scan())
    one.press("Advanced")
    (unsure,) = [
        box
        for box in one.panel._run.findChildren(QCheckBox)
        if box.text() == "Show where the model is unsure"
    ]
    unsure.setChecked(True)
    one.run()
    assert one.layer(PROPOSAL).data.max() == 2
    one.press("Old labels")
    assert one.layer(PROPOSAL) is None
    one.press("Difference")
    one.until(lambda: one.layer(PROPOSAL) is not None)
    shown = one.panel._review._unsure
    shown.setChecked(True)
    assert (one.layer(HEAT).data == 25).all()
    shot = one.viewer.screenshot(flash=False)
    assert shot.std() > 5
    assert one.panel.presenter.review._shown is not None, "a heat map is not taken for a scan"
    shown.setChecked(False)
    assert one.layer(HEAT) is None
    one.press("Discard")
    assert one.layer(PROPOSAL) is None
    assert not any(isinstance(layer, Labels) for layer in one.viewer.layers)


def test_another_label_is_chosen_in_the_table(window):
    one = window(segment=True)
    one.show(scan())
    labels = one.others[0].presenter.labels
    labels.rename(1, "left lobe")
    one.run()
    combo = one.table.cellWidget(0, 1)
    assert isinstance(combo, QComboBox)
    assert combo.currentText() == "New label"
    combo.setCurrentIndex(combo.findText("left lobe"))
    combo.activated.emit(combo.currentIndex())
    one.until(lambda: one.table.cellWidget(0, 1).currentText() == "left lobe")
    one.press("Accept all")
    one.until(lambda: "Accepted 2 labels" in one.texts)
    names = {row.info.name: row.info.value for row in one.layer("Mask").metadata[DOCUMENT].labels}
    assert names == {"left lobe": 1, "spleen": 2}


def test_a_wrong_modality_warns_before_it_runs(window):
    one = window()
    one.show(scan(modality="MR"))
    one.until(lambda: "It is MR, not CT." in one.texts)
    one.press("Run anyway")
    one.until(lambda: one.layer(PROPOSAL) is not None)


def test_without_a_model_it_says_what_to_do(window):
    one = window()
    one.models.there.clear()
    one.panel.presenter.model.start()
    one.until(lambda: "There is no model on this computer yet" in one.texts)
    assert not one.button("Run on this image").isEnabled()


def test_the_panel_stays_quick_while_a_model_runs_and_stop_ends_it(window):
    import threading

    one = window()
    one.show(scan())
    gate = threading.Event()
    one.models.segmenter.before_each = lambda: gate.wait(20)
    one.press("Run on this image")
    one.until(lambda: bool(one.models.segmenter.asked))
    one.panel.presenter.model.choose("ct-organs")  # answered while it runs
    one.until(lambda: "Finds:" in one.texts)
    one.press("Stop")
    gate.set()
    one.until(lambda: "Stopped. Nothing was changed." in one.texts)
    assert one.layer(PROPOSAL) is None


def test_a_run_on_a_project_outlives_the_panel_and_is_found_again(window, study, monkeypatch):
    """A real process; its proposals are offered as they come, and accepted."""
    monkeypatch.setenv(WINDOW_S, "0.8")
    one = window(project=True, engine=ENGINE)
    panel = one.others[0]
    panel.presenter.open(study)
    one.until(lambda: len(panel.presenter.cases.all) == 2)
    panel.presenter.case.open("case-002")
    one.until(lambda: panel.presenter.case.id == "case-002")
    one.until(lambda: one.offers("Run on 2 cases"))
    one.press("Run on 2 cases")
    assert not one.offers("Run on 2 cases")
    one.until(lambda: "It goes on in the background" in one.texts)
    one.reopen()
    row = one.panel._run._job
    one.until(lambda: not row.isHidden())
    (job,) = JobStore(jobs_folder()).jobs()
    assert not job.status().is_over
    assert not job.stop_asked
    assert not one.offers("Run on 2 cases")
    assert one.button("Run on this image").isEnabled(), "one image at a time may still be run"
    one.until(lambda: "All cases: Case 2 of 2, part" in one.texts)
    one.until(lambda: "2 cases got a proposal." in one.texts)
    one.until(lambda: row.isHidden() and one.offers("Run on 2 cases"))
    assert "'Organs in CT' has a proposal for this case." in one.texts
    one.press("Look at it")
    one.until(lambda: one.layer(PROPOSAL) is not None)
    one.press("Accept all")
    one.until(lambda: "Accepted 2 labels" in one.texts)
    panel.presenter.case.open("case-001")
    one.until(lambda: panel.presenter.case.id == "case-001")
    assert one.layer(PROPOSAL) is None
    one.until(lambda: "'Organs in CT' has a proposal for this case." in one.texts)
    one.close()
    with open_project(study) as project:
        assert project.load("case-002").labels.any()
        assert project.load("case-002").outlines[0]["automatic"]
        assert [row.info.name for row in project.labels()] == ["liver", "spleen"]
        assert read_proposal(project, "case-002") is None
        assert [found.case for found in pending(project)] == ["case-001"]


def test_stop_ends_the_job_after_the_part_in_hand(window, study):
    engine = FakeEngine()
    one = window(project=True, engine=engine)
    panel = one.others[0]
    panel.presenter.open(study)
    one.until(lambda: len(panel.presenter.cases.all) == 2)
    one.until(lambda: one.offers("Run on 2 cases"))
    one.press("Run on 2 cases")
    one.until(lambda: bool(engine.jobs))
    doing = "Case 2 of 2, part 1 of 4"
    engine.tell("progress", done=1.25, total=2, doing=doing, seconds_left=30)
    one.until(lambda: f"All cases: {doing}. About 30 s left." in one.texts)
    stop = one.panel._run._job.findChild(QPushButton)
    stop.click()
    one.until(lambda: "All cases: Stops after the part in hand" in one.texts)
    assert not stop.isEnabled()
    one.until(lambda: engine.jobs[0].stop_asked)
    write_report(ProposeReport(("case-001",), stopped=True), engine.jobs[0].artifacts)
    engine.tell("state", state="cancelled")
    one.until(lambda: "1 case got a proposal. Stopped: run again to go on." in one.texts)


def test_the_dock_gives_everything_back(window):
    one = window(segment=True)
    one.show(scan())
    one.run()
    one.viewer.window.remove_dock_widget(one.panel)
    assert one.layer(PROPOSAL) is None
    one.viewer.layers.clear()


def test_the_widget_of_the_manifest_docks(make_napari_viewer, npe2pm, qtbot):
    import npe2

    npe2pm.register(npe2.PluginManifest.from_distribution("napari-medssl"))
    viewer = make_napari_viewer()
    panel = viewer.window.add_plugin_dock_widget("napari-medssl", "Automatic")[1]
    texts = lambda: "\n".join(la.text() for la in panel.findChildren(QLabel))  # noqa: E731
    qtbot.waitUntil(lambda: "There is no model on this computer yet" in texts(), timeout=60_000)
    panel.release()
