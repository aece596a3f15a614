"""The nnU-Net panel in a real window, beside a project; its jobs are told, not run."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest

from napari_medssl.finetune.nnunet.model import CARD, CHECKPOINT, Member, NnunetCard, OutputLabel
from napari_medssl.finetune.nnunet.request import PLAN_FILE
from napari_medssl.io import LabelInfo, write_labels, write_volume
from napari_medssl.jobs import JobStore
from napari_medssl.project import create_project
from napari_medssl.project.proposals import pending
from napari_medssl.volume import Geometry, Volume

pytestmark = pytest.mark.gui
pytest.importorskip("napari")
pytest.importorskip("nnunetv2")

from job_fakes import FakeEngine, tell  # noqa: E402
from qtpy.QtWidgets import QCheckBox, QLabel, QPushButton  # noqa: E402

from napari_medssl._napari.panels.docks import panels_beside  # noqa: E402
from napari_medssl._napari.panels.jobs.panel import JobsPanel  # noqa: E402
from napari_medssl._napari.panels.nnunet.panel import NnunetPanel  # noqa: E402
from napari_medssl._napari.panels.project.panel import ProjectPanel  # noqa: E402
from napari_medssl._napari.presenters.project.recent_projects import RecentProjects  # noqa: E402

_PATIENCE_MS = 60_000  # a machine may be busy
LIVER = LabelInfo(3, "Liver", (230, 90, 40))
PLAN = {
    "configurations": {
        "2d": {
            "patch_size": [20, 20],
            "batch_size": 4,
            "spacing": [1.2, 1.2],
            "median_image_size_in_voxels": [20.0, 20.0],
        },
        "3d_fullres": {
            "patch_size": [16, 20, 20],
            "batch_size": 2,
            "spacing": [2.0, 1.2, 1.2],
            "median_image_size_in_voxels": [16.0, 20.0, 20.0],
        },
    }
}


def scan(value) -> Volume:
    array = np.full((4, 12, 14), value, np.int16)
    return Volume.from_source_array(
        array, Geometry(array.shape), name="scan.nii.gz", format="made", modality="CT", units="HU"
    )


@pytest.fixture(scope="module")
def five_done(tmp_path_factory):
    """A project with five cases that are done and one that is new, closed."""
    folder = tmp_path_factory.mktemp("made")
    with create_project(folder / "study", labels=[LIVER]) as project:
        for number in range(6):
            project.add(write_volume(scan(number), folder / f"scan{number}.nii.gz"))
        for case in project.cases()[:5]:
            project.set_status(case.id, "done")
    return folder / "study"


class Window:
    """A viewer with the Project and the nnU-Net panel."""

    def __init__(self, viewer, qtbot, folder, home) -> None:
        self.qtbot, self.store, self.engine = qtbot, JobStore(home / "jobs"), FakeEngine()
        self.project = ProjectPanel(viewer, recent=RecentProjects(home / "recent.json"))
        self.panel = NnunetPanel(viewer, store=self.store, engine=self.engine)
        for made in (self.project, self.panel):
            viewer.window.add_dock_widget(made, area="right")
        self.project.presenter.open(folder)
        self.until(lambda: len(self.cases) == 6)
        self.panel.presenter.show()

    @property
    def cases(self):
        there = self.project.presenter.open_project()
        return there.cases if there is not None else ()

    @property
    def texts(self) -> str:
        labels = self.panel.findChildren(QLabel)
        return "\n".join(one.text() for one in labels if one.isVisibleTo(self.panel))

    def button(self, text) -> QPushButton:
        found = self.panel.findChildren(QPushButton)
        return next(b for b in found if b.text() == text and b.isVisibleTo(self.panel))

    def box(self, text) -> QCheckBox:
        return next(b for b in self.panel.findChildren(QCheckBox) if b.text() == text)

    def until(self, what) -> None:
        self.qtbot.waitUntil(what, timeout=_PATIENCE_MS)


@pytest.fixture
def window(make_napari_viewer, qtbot, tmp_path, five_done):
    shutil.copytree(five_done.parent, tmp_path / "made")  # a project finds images beside it
    one = Window(make_napari_viewer(), qtbot, tmp_path / "made" / "study", tmp_path)
    yield one
    for panel in (*panels_beside(one.panel, JobsPanel), one.panel, one.project):
        panel.release()


def plan(window) -> None:
    """Ask for a plan, and let its job end."""
    window.button("Look at the cases").click()
    window.until(lambda: bool(window.engine.submitted))
    job = window.engine.submitted[-1]
    devices = [["cuda:0", "the GPU A"], ["cpu", "the processor"]]
    told = {"cases": 5, "plan": PLAN, "notes": [], "devices": devices, "memory_gb": 8.0}
    (job.artifacts / PLAN_FILE).write_text(json.dumps(told))
    tell(job, state="done")
    window.until(lambda: "Planned for 5 cases" in window.texts)


def finish(window, project) -> None:
    """Let the training end, as if it had found a liver on the case without a mask."""
    job = window.engine.submitted[-1]
    member = Member("2d", "2d", ("fold_0",))
    card = NnunetCard(("CT",), ".nii.gz", (OutputLabel(1, 3, "Liver"),), (member,))
    fold = job.artifacts / "model" / "2d" / "fold_0"
    fold.mkdir(parents=True)
    (fold / CHECKPOINT).write_bytes(b"weights")
    (job.artifacts / "model" / CARD).write_text(card.text())
    (job.artifacts / "masks").mkdir()
    volume = project.read_image("case-006")
    mask = np.zeros(volume.geometry.shape, np.uint8)
    mask[1, 2:5, 2:5] = 3
    write_labels(mask, volume, job.artifacts / "masks" / "case-006.nii.gz", labels=[LIVER])
    tell(job, state="done")


def test_from_a_plan_to_proposals(window):
    assert "5 of 6 cases are done" in window.texts
    assert not window.panel._section._choice.isVisibleTo(window.panel)
    plan(window)
    assert window.box("2d").isEnabled()
    lowres = window.box("3d_lowres")
    assert not lowres.isEnabled()
    assert not lowres.isChecked()
    why = "The window of 3d_fullres already sees 100% of the median image"
    assert why in lowres.toolTip()
    assert why in window.texts
    assert "4 windows of 20 x 20 voxels a step, at 1.2 x 1.2 mm" in window.texts
    assert "10,000 epochs on the GPU 0" in window.texts
    window.box("3d_fullres").setChecked(False)
    window.button("Settings").click()
    form = window.panel._section._form
    form._epochs.setValue(30)
    form._folds[4].setChecked(False)
    form._device.setCurrentIndex(form._device.findData("cpu"))
    form._device.activated.emit(form._device.currentIndex())
    assert "4 trainings of 30 epochs, each of 250 steps: 120 epochs on the processor" in (
        window.texts
    )
    window.button("Train").click()
    window.until(lambda: len(window.engine.submitted) == 2)
    spec = window.engine.submitted[-1].spec
    assert (spec.kind, spec.device) == ("nnunet", "cpu")
    assert spec.arguments["settings"]["configurations"] == ["2d"]
    assert spec.arguments["settings"]["folds"] == [0, 1, 2, 3]
    tell(window.engine.submitted[-1], state="running")
    tell(window.engine.submitted[-1], done=1, total=4, doing="Training", seconds_left=90)
    window.until(lambda: "nnU-Net 2d: Training. About 2 min left." in window.texts)
    project = window.project.presenter.open_project().project
    finish(window, project)
    window.until(lambda: "nnU-Net 2d is done" in window.texts)
    window.button("Take its masks as proposals").click()
    window.until(lambda: "1 case got a proposal" in window.texts)
    (waiting,) = pending(project)
    assert (waiting.case, [one.name for one in waiting.classes]) == ("case-006", ["Liver"])


def test_the_jobs_panel_is_shown_once(window):
    window.button("Show jobs").click()
    window.button("Show jobs").click()
    assert len(panels_beside(window.panel, JobsPanel)) == 1
