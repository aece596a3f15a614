"""The Learn panel in a real window, beside a project; its jobs are told, not run."""

from __future__ import annotations

import shutil

import numpy as np
import pytest

pytestmark = pytest.mark.gui
pytest.importorskip("napari")

from job_fakes import FakeEngine, measure, tell  # noqa: E402
from learn_fakes import SHAPE, learned, learned_masks, study  # noqa: E402
from qtpy.QtCore import Qt  # noqa: E402
from qtpy.QtWidgets import QLabel, QListWidget, QMessageBox, QPushButton  # noqa: E402

from napari_medssl._napari.layers import DOCUMENT  # noqa: E402
from napari_medssl._napari.panels.automatic.panel import AutomaticPanel  # noqa: E402
from napari_medssl._napari.panels.docks import panels_beside, to_front  # noqa: E402
from napari_medssl._napari.panels.jobs.panel import JobsPanel  # noqa: E402
from napari_medssl._napari.panels.learn.next_section import NextSection  # noqa: E402
from napari_medssl._napari.panels.learn.panel import LearnPanel  # noqa: E402
from napari_medssl._napari.panels.project.panel import ProjectPanel  # noqa: E402
from napari_medssl._napari.panels.segment.panel import SegmentPanel  # noqa: E402
from napari_medssl._napari.presenters.learn.comparison import compare_outlines  # noqa: E402
from napari_medssl._napari.presenters.learn.review_next import ReviewRow  # noqa: E402
from napari_medssl._napari.presenters.project.recent_projects import RecentProjects  # noqa: E402
from napari_medssl.correct.proposal import Proposal, ProposedClass  # noqa: E402
from napari_medssl.jobs import JobStore  # noqa: E402
from napari_medssl.project.proposals import save_proposal  # noqa: E402
from napari_medssl.project.versions import current, versions  # noqa: E402

_PATIENCE_MS = 60_000  # a machine may be busy


@pytest.fixture(scope="module")
def four_done(tmp_path_factory):
    """A project of which four of six cases are done, closed, with its images beside it."""
    return study(tmp_path_factory.mktemp("made")).parent


class OpenWindow:
    """A viewer with the Project and the Learn panel."""

    def __init__(self, viewer, qtbot, folder, home) -> None:
        self.viewer, self.qtbot = viewer, qtbot
        self.store, self.engine = JobStore(home / "jobs"), FakeEngine()
        self.project = ProjectPanel(viewer, recent=RecentProjects(home / "recent.json"))
        self.panel = LearnPanel(
            viewer, store=self.store, engine=self.engine, device=lambda wanted: "cpu"
        )
        for made in (self.project, self.panel):
            viewer.window.add_dock_widget(made, area="right")
        self.panel.show()
        self.project.presenter.open(folder)
        self.until(lambda: "4 new cases" in self.learn_button.text())

    @property
    def texts(self) -> str:
        labels = self.panel.findChildren(QLabel)
        return "\n".join(one.text() for one in labels if one.isVisibleTo(self.panel))

    @property
    def learn_button(self) -> QPushButton:
        return self.button("Learn from my corrections")

    @property
    def state(self) -> list[str]:
        there = self.project.presenter.open_project()
        return [one.state for one in versions(there.project)]

    def button(self, begins) -> QPushButton:
        found = self.panel.findChildren(QPushButton)
        return next(b for b in found if b.text().startswith(begins) and b.isVisibleTo(self.panel))

    def offers(self, begins) -> bool:
        found = self.panel.findChildren(QPushButton)
        return any(b.text().startswith(begins) and b.isVisibleTo(self.panel) for b in found)

    def until(self, what) -> None:
        def look() -> bool:
            self.panel._look()
            self.panel.presenter.show()
            return bool(what())

        self.qtbot.waitUntil(look, timeout=_PATIENCE_MS)

    def learn(self, content, kind="better") -> None:
        """Learn a round, and let its job end."""
        before = len(self.engine.submitted)
        self.until(lambda: self.learn_button.isEnabled())
        self.learn_button.click()
        self.until(lambda: len(self.engine.submitted) > before)
        job = self.engine.submitted[-1]
        tell(job, state="running")
        tell(job, done=1, total=4, doing="Learning", seconds_left=90)
        measure(job, 1, loss=0.5)
        self.until(lambda: "Learning. About 2 min left." in self.texts)
        assert not self.learn_button.isEnabled()
        learned(job, kind, content)
        self.until(lambda: "candidate" in self.state and self.offers("Do not use it"))


@pytest.fixture
def window(make_napari_viewer, qtbot, tmp_path, four_done):
    shutil.copytree(four_done, tmp_path / "made")
    one = OpenWindow(make_napari_viewer(), qtbot, tmp_path / "made" / "study", tmp_path)
    yield one
    for panel in (*panels_beside(one.panel, JobsPanel), one.panel, one.project):
        panel.release()


def agree(window) -> None:
    """Press the button of the question that is asked."""
    window.until(lambda: window.panel.findChildren(QMessageBox))
    box = window.panel.findChildren(QMessageBox)[-1]
    next(b for b in box.buttons() if b.text() == "Use it anyway").click()


def test_from_corrections_to_a_model_in_use_and_back(window):
    assert "Judged by 1 case that it never learns from." in window.texts
    window.learn(b"first")
    assert "Better: mean Dice +0.250." in window.texts
    assert not window.offers("Run it on")
    window.button("Use it from now on").click()
    window.until(lambda: window.state == ["current"])
    window.until(lambda: window.offers("Run it on the 2 cases not done"))
    window.learn(b"second", "not better")
    assert window.offers("Use it anyway")
    window.button("Use it anyway").click()
    assert window.state == ["current", "candidate"], "it is asked first"
    agree(window)
    window.until(lambda: window.state == ["former", "current"])
    models = window.panel._versions.findChild(QListWidget)
    assert models.count() == 2
    models.setCurrentRow(1)
    window.until(lambda: window.offers("Go back to this one"))
    window.button("Go back to this one").click()
    window.until(lambda: window.state == ["current", "former"])
    project = window.project.presenter.open_project().project
    assert current(project).path.read_bytes() == b"first"


def test_a_judged_case_shows_both_outlines_and_is_left_with_one_click(window):
    window.learn(b"first")
    cases = window.panel._gate.findChild(QListWidget)
    assert cases.count() == 1
    assert cases.item(0).text().startswith("+0.250")
    cases.itemClicked.emit(cases.item(0))

    def outlines():
        return [la for la in window.viewer.layers if "outlines" in la.name]

    window.until(outlines)
    [layer] = outlines()
    assert not layer.editable
    assert DOCUMENT not in layer.metadata, "it is no mask of ours, and cannot be saved as one"
    assert window.project.presenter.case.id == cases.item(0).data(Qt.ItemDataRole.UserRole)
    axis = window.viewer.dims.order[0]
    worst = compare_outlines(*learned_masks()).worst
    assert window.viewer.dims.current_step[axis] == worst[axis], "where they differ most"
    window.viewer.dims.order = (0, 1, 2)
    assert 0 < (layer.data[4] > 0).sum() < 25, "a line in the slices that are on the screen"
    assert "the new model" in window.texts
    window.button("Hide outlines").click()
    assert not outlines()
    cases.itemClicked.emit(cases.item(0))
    window.until(outlines)
    window.viewer.layers.remove(outlines()[0])
    assert not window.offers("Hide outlines")


def test_looking_from_case_to_case_the_panel_stays_in_front(window):
    segment = SegmentPanel(window.viewer)
    window.viewer.window.add_dock_widget(segment, area="right")
    window.viewer.window.show()
    window.viewer.window.resize(1270, 980)
    to_front(window.panel)
    window.learn(b"first")
    asks = window.button("Use it from now on")
    window.until(lambda: not asks.visibleRegion().isEmpty())
    cases = window.panel._gate.findChild(QListWidget)
    cases.itemClicked.emit(cases.item(0))
    window.until(lambda: window.offers("Hide outlines"))
    window.until(lambda: any("outlines" in layer.name for layer in window.viewer.layers))
    assert not window.panel.visibleRegion().isEmpty()
    assert segment.visibleRegion().isEmpty()
    segment.release()


def test_the_next_case_opens_in_the_project(window):
    window.learn(b"first")
    window.button("Use it from now on").click()
    window.until(lambda: window.offers("Open the next case"))
    window.button("Open the next case").click()
    window.until(lambda: window.project.presenter.case.id == "case-005")


def test_a_case_to_be_reviewed_shows_what_the_model_proposes(window):
    project = window.project.presenter.open_project().project
    labels = np.zeros(SHAPE, np.uint8)
    labels[2:4, 3:9, 3:9] = 1
    found = Proposal(labels, (ProposedClass(1, "Liver"),), "net", "A network", "ab" * 32, {})
    save_proposal(project, "case-005", found)
    window.panel._review_case("case-005")
    window.until(lambda: panels_beside(window.panel, AutomaticPanel))
    window.until(lambda: any("Proposal" in layer.name for layer in window.viewer.layers))
    assert window.project.presenter.case.id == "case-005"
    for panel in panels_beside(window.panel, AutomaticPanel):
        panel.release()


def test_a_queue_is_told_of_once_when_a_run_has_ended(qtbot):
    section, told = NextSection(), []
    qtbot.addWidget(section)
    section.found.connect(lambda: told.append(1))
    rows = [ReviewRow("case-002", "Second", "the model is unsure")]
    section.show_queue(rows)
    section.show_not_applying()
    assert not told, "a project that is opened with a queue"
    section.show_applying("Case 1 of 2.", 1, 2, may_stop=True)
    section.show_queue(rows)
    assert not told, "it still runs"
    section.show_not_applying()
    section.show_not_applying()
    assert told == [1]


def test_it_is_reached_from_the_project_and_reaches_the_jobs(window):
    window.learn_button.click()
    window.until(lambda: window.engine.submitted)
    window.until(lambda: window.offers("Show jobs"))
    window.button("Show jobs").click()
    assert len(panels_beside(window.panel, JobsPanel)) == 1
    window.project.open_learn()
    assert window.panel in panels_beside(window.project, LearnPanel)
    for panel in panels_beside(window.project, LearnPanel):
        panel.release()
