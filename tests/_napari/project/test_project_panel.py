"""The Project panel in a real window."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from napari_medssl.io import write_volume
from napari_medssl.project import create_project, open_project
from napari_medssl.volume import Geometry, Volume

pytestmark = pytest.mark.gui
pytest.importorskip("napari")

from canvas_mouse import canvas_in, drag  # noqa: E402
from napari.layers import Image, Labels  # noqa: E402
from panel_fakes import FakeEngines  # noqa: E402
from qtpy.QtCore import Qt  # noqa: E402
from qtpy.QtTest import QTest  # noqa: E402
from qtpy.QtWidgets import QLabel, QPushButton, QTableView  # noqa: E402

from napari_medssl._napari.keys import CASE_KEYS  # noqa: E402
from napari_medssl._napari.layers import CASE, DOCUMENT  # noqa: E402
from napari_medssl._napari.panels.export_dialog import ExportDialog  # noqa: E402
from napari_medssl._napari.panels.project.panel import ProjectPanel  # noqa: E402
from napari_medssl._napari.panels.segment.panel import SegmentPanel  # noqa: E402
from napari_medssl._napari.presenters.project.recent_projects import RecentProjects  # noqa: E402

_PATIENCE_MS = 60_000  # a machine may be busy
ROOT = Path(__file__).resolve().parents[3]


class Window:
    """A viewer with the Project panel, and the Segment panel where wanted."""

    def __init__(self, viewer, qtbot, settings, *, segment=False) -> None:
        self.viewer, self.qtbot = viewer, qtbot
        self.segment = SegmentPanel(viewer, engines=FakeEngines()) if segment else None
        if self.segment is not None:
            viewer.window.add_dock_widget(self.segment, name="Segment", area="right")
        self.panel = ProjectPanel(viewer, recent=RecentProjects(settings))
        viewer.window.add_dock_widget(self.panel, name="Project", area="right")

    @property
    def image(self) -> Image:
        return next(layer for layer in self.viewer.layers if isinstance(layer, Image))

    @property
    def mask(self) -> Labels:
        return next(layer for layer in self.viewer.layers if isinstance(layer, Labels))

    @property
    def case(self):
        return self.panel.presenter.case.id

    @property
    def texts(self) -> str:
        labels = self.panel.findChildren(QLabel)
        return "\n".join(label.text() for label in labels if not label.isHidden())

    def until(self, what) -> None:
        self.qtbot.waitUntil(what, timeout=_PATIENCE_MS)

    def open(self, folder) -> None:
        self.panel.presenter.open(folder)
        self.until(lambda: self.panel.presenter.project is not None)

    def open_case(self, id) -> None:
        self.panel.presenter.case.open(id)
        self.until(lambda: self.case == id)

    def press(self, text) -> None:
        buttons = self.panel.findChildren(QPushButton)
        (found,) = [b for b in buttons if b.text().startswith(text)]
        assert found.isEnabled(), text
        found.click()

    def paint(self, *places) -> None:
        """Paint with the brush and the mouse itself."""
        self.viewer.layers.selection.active = self.mask
        self.mask.mode = "paint"
        drag(canvas_in(self.viewer.window._qt_window), *places)

    def close(self) -> None:
        self.panel.release()
        if self.segment is not None:
            self.segment.release()


@pytest.fixture
def window(make_napari_viewer, qtbot, tmp_path):
    made = []

    def make(*, show=False, segment=False) -> Window:
        viewer = make_napari_viewer(show=show)
        made.append(Window(viewer, qtbot, tmp_path / f"{len(made)}.json", segment=segment))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture
def scans(tmp_path):
    folder = tmp_path / "scans"
    folder.mkdir()
    for number, name in enumerate(("one", "two")):
        array = np.full((8, 40, 50), 100 * number, np.int16)
        array[:, 10:-10, 10:-10] += 200
        geometry = Geometry(array.shape, (3.0, 1.0, 1.0))
        scan = Volume.from_source_array(
            array, geometry, name=name, format="made", modality="CT", units="HU"
        )
        write_volume(scan, folder / f"{name}.nii.gz")
    return folder


@pytest.fixture
def study(tmp_path, scans):
    """A project with two cases, closed."""
    with create_project(tmp_path / "study") as project:
        project.add(scans)
    return tmp_path / "study"


def test_from_a_new_project_to_a_painted_case_and_back_as_it_was_left(
    window, tmp_path, scans, qtbot
):
    first = window(show=True, segment=True)
    first.panel.presenter.create(tmp_path / "study")
    first.until(lambda: first.panel.presenter.project is not None)
    first.panel.presenter.cases.add(sorted(scans.iterdir()))
    first.until(lambda: "0 of 2 done" in first.texts)
    first.open_case("case-002")
    assert first.image.metadata[CASE] == "case-002"
    first.paint((0.4, 0.4), (0.5, 0.5), (0.5, 0.6))
    first.paint((0.6, 0.4), (0.6, 0.5))
    first.viewer.dims.set_current_step(0, 2)
    first.paint((0.45, 0.5), (0.5, 0.55))
    first.segment.presenter.history.undo()
    first.viewer.dims.set_current_step(0, 5)
    first.image.contrast_limits = (-50, 350)
    first.viewer.scene.camera.zoom *= 1.5
    first.mask.opacity = 0.7
    first.mask.brush_size = 7
    left = first.mask.data.copy()
    words = [step.words for step in first.mask.metadata[DOCUMENT].history.done]
    seen = first.panel._scene.view()
    assert left.any()
    assert words == ["Brush", "Brush"]
    first.until(lambda: "All changes saved" in first.texts and "in work" in statuses(first))
    first.close()

    second = window(show=True, segment=True)
    second.open(tmp_path / "study")
    second.until(lambda: second.case == "case-002")
    assert np.array_equal(second.mask.data, left)
    document = second.mask.metadata[DOCUMENT]
    assert [step.words for step in document.history.done] == words
    assert [step.words for step in document.history.undone] == ["Brush"]
    assert flat(second.panel._scene.view()) == pytest.approx(flat(seen))
    second.segment.presenter.history.redo()
    assert np.count_nonzero(second.mask.data) > np.count_nonzero(left)


def flat(view, prefix="") -> dict[str, float]:
    """Every number of a view by its name; words count as numbers of their own."""
    if isinstance(view, dict):
        parts = view.items()
    elif isinstance(view, list):
        parts = enumerate(view)
    else:
        return {prefix: hash(view) if isinstance(view, str) else float(view)}
    told = {}
    for key, part in parts:
        told |= flat(part, f"{prefix}.{key}")
    return told


def statuses(window) -> list[str]:
    model = window.panel.findChild(QTableView).model()
    return [model.data(model.index(row, 1)) for row in range(model.rowCount())]


def test_changing_the_case_takes_the_layers_of_the_one_before_away(window, study):
    one = window()
    one.open(study)
    one.open_case("case-001")
    other = one.viewer.add_points([[0, 0, 0]], name="the user's own")
    one.mask.data_setitem((np.array([1]), np.array([2]), np.array([3])), 1)
    one.open_case("case-002")
    assert [layer.name for layer in one.viewer.layers if layer is not other] == ["two", "Mask"]
    assert other in one.viewer.layers
    one.open_case("case-001")
    assert one.mask.data[1, 2, 3] == 1


def test_keys_and_enter_walk_through_the_cases(window, study):
    one = window(show=True)
    one.open(study)
    one.until(lambda: "0 of 2 done" in one.texts)
    bound = {str(key): action for key, action in one.viewer.keymap.items()}
    for step, wanted in (("next-case", "case-001"), ("next-case", "case-002")):
        bound[CASE_KEYS[step]](one.viewer)
        one.until(lambda wanted=wanted: one.case == wanted)
    table = one.panel.findChild(QTableView)
    table.selectRow(0)
    table.setCurrentIndex(table.model().index(0, 0))
    table.setFocus()
    QTest.keyClick(table, Qt.Key.Key_Return)
    one.until(lambda: one.case == "case-001")
    table.doubleClicked.emit(table.model().index(1, 0))
    one.until(lambda: one.case == "case-002")


def test_status_and_note_are_shown_and_filtered_by(window, study, monkeypatch):
    from qtpy.QtWidgets import QInputDialog

    monkeypatch.setattr(QInputDialog, "getText", lambda *_, **__: ("motion", True))
    one = window()
    one.open(study)
    one.open_case("case-001")
    one.press("Flag")
    one.until(lambda: statuses(one) == ["flagged", "new"])
    one.panel._cases.filter_chosen.emit("flagged")
    model = one.panel.findChild(QTableView).model()
    assert model.rowCount() == 1
    assert model.data(model.index(0, 4)) == "motion"
    assert not model.data(model.index(0, 1), Qt.ItemDataRole.DecorationRole).isNull()


def test_a_second_window_shows_but_does_not_paint(window, study):
    first, second = window(), window(show=True)
    first.open(study)
    second.open(study)
    assert "open in another window" in second.texts
    second.open_case("case-001")
    second.paint((0.4, 0.4), (0.5, 0.5))
    assert not second.mask.data.any()
    assert not second.mask.editable
    first.close()
    second.press("Try again")
    second.until(lambda: "another window" not in second.texts and second.case == "case-001")
    second.paint((0.4, 0.4), (0.5, 0.5))
    assert second.mask.data.any()


def test_a_mask_layer_deleted_by_hand_closes_the_case_and_loses_nothing(window, study):
    one = window()
    one.open(study)
    one.open_case("case-001")
    one.mask.data_setitem((np.array([1]), np.array([2]), np.array([3])), 1)
    one.viewer.layers.remove(one.mask)
    one.until(lambda: len(one.viewer.layers) == 0)
    one.open_case("case-001")
    assert one.mask.data[1, 2, 3] == 1


@pytest.mark.parametrize("way", ["dock", "window", "project"])
def test_however_it_is_closed_no_stroke_is_lost(window, study, way):
    one = window()
    one.open(study)
    one.open_case("case-001")
    queue = one.panel.presenter._queue
    for x in range(20):
        one.mask.data_setitem((np.array([1]), np.array([2]), np.array([x])), 1)
    if way == "dock":
        one.viewer.window.remove_dock_widget(one.panel)
    elif way == "project":
        one.press("Close project")
        assert len(one.viewer.layers) == 0
    else:
        one.viewer.window._qt_window.close()
    queue.wait(10)
    with open_project(study, read_only=True) as project:
        assert np.count_nonzero(project.load("case-001").labels) == 20


def test_a_missing_image_is_found_again(window, study, scans):
    one = window()
    one.open(study)
    (scans / "one.nii.gz").rename(scans.parent / "elsewhere.nii.gz")
    one.panel.presenter.case.open("case-001")
    one.until(lambda: "is not where it was" in one.texts)
    one.panel._cases.find_chosen.emit("case-001", str(scans.parent / "elsewhere.nii.gz"))
    one.until(lambda: one.case == "case-001")


def test_the_export_dialog_writes_the_case_in_hand(window, study, tmp_path, monkeypatch):
    one = window()
    one.open(study)
    one.open_case("case-001")
    one.mask.data_setitem((np.array([1]), np.array([2]), np.array([3])), 1)
    one.until(lambda: "in work" in statuses(one))
    one.panel.open_export()
    (dialog,) = one.panel.findChildren(ExportDialog)
    monkeypatch.setattr(dialog, "ask_file", lambda suggested: str(tmp_path / suggested))
    dialog.presenter.export()
    one.until((tmp_path / "one_mask.json").exists)
    one.until(lambda: dialog._end.text() == "1 file written.")
    dialog.close()


def test_a_window_that_is_killed_loses_no_stroke_that_it_called_saved(tmp_path):
    """As many as a test has time for; the benchmark kills more of them."""
    code = [sys.executable, ROOT / "benchmarks" / "kill_window.py", "--kills", "2"]
    done = subprocess.run(code, capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stderr[-2000:]
    assert "lost: 0" in done.stdout


def test_a_mask_opened_on_a_case_becomes_the_case_s_own(window, study, scans, tmp_path):
    from napari_medssl.io import read_volume, write_labels

    one = window(segment=True)
    one.open(study)
    one.open_case("case-001")
    saved = np.zeros((8, 40, 50), np.uint8)
    saved[2:4, 10:20, 10:20] = 1
    told, scan = {"engine": "a"}, read_volume(scans / "one.nii.gz")
    write_labels(saved, scan, tmp_path / "saved.nii.gz", provenance={"outlines": [told]})
    one.segment.presenter.mask.open(tmp_path / "saved.nii.gz")
    one.until(lambda: np.array_equal(one.mask.data, saved))
    one.until(lambda: [layer.name for layer in one.viewer.layers] == ["one", "Mask"])
    one.segment.presenter.mask.begin()
    one.until(lambda: not one.mask.data.any() and len(one.viewer.layers) == 2)
    one.segment.presenter.history.undo()
    assert np.array_equal(one.mask.data, saved)
    one.close()
    with open_project(study) as project:
        state = project.load("case-001")
        assert np.array_equal(state.labels, saved)
        assert state.outlines == (told,)
        project.record("case-001", "undo", state.history.done[-1])
        assert project.load("case-001").outlines == ()


def test_a_window_whose_changes_cannot_be_saved_stays_if_the_user_says_so(
    window, study, monkeypatch
):
    from napari_medssl.errors import SaveError
    from napari_medssl.project import Project

    one = window(show=True)
    one.open(study)
    one.open_case("case-001")
    full = pytest.MonkeyPatch()
    full.setattr(Project, "record", lambda *_: (_ for _ in ()).throw(SaveError("no room")))
    one.mask.data_setitem((np.array([1]), np.array([2]), np.array([3])), 1)
    one.until(lambda: "Not saved yet: no room." in one.texts)
    answers = []
    monkeypatch.setattr(one.panel._header, "ask", lambda *asked: answers.append(asked))
    one.viewer.window._qt_window.close()
    assert one.viewer.window._qt_window.isVisible()
    assert "not saved yet. no room." in answers[0][0]
    full.undo()
    one.press("Retry")
    one.until(lambda: "All changes saved" in one.texts)


def test_the_commands_of_the_palette_dock_the_panel(
    make_napari_viewer, npe2pm, qtbot, study, tmp_path, monkeypatch
):
    import npe2
    from qtpy.QtWidgets import QFileDialog

    from napari_medssl._napari import commands

    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    npe2pm.register(npe2.PluginManifest.from_distribution("napari-medssl"))
    viewer = make_napari_viewer()
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_, **__: str(study))
    commands.open_project()
    (panel,) = viewer.window.dock_widgets.values()
    qtbot.waitUntil(lambda: panel.presenter.project is not None, timeout=_PATIENCE_MS)
    commands.export()
    assert "There is no mask to export yet" in panel._status._line.text()
    monkeypatch.setattr(
        QFileDialog, "getSaveFileName", lambda *_, **__: (str(tmp_path / "new"), "")
    )
    commands.new_project()
    qtbot.waitUntil((tmp_path / "new" / "project.sqlite").exists, timeout=_PATIENCE_MS)
    panel.release()
