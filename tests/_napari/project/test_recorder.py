"""Every change of a document reaches the project, in order."""

from __future__ import annotations

import numpy as np
import pytest
from project_fakes import FakeProject, stroke

from napari_medssl._napari.presenters.mask.document import Document
from napari_medssl._napari.presenters.project.recorder import Recorder
from napari_medssl._napari.presenters.project.write_queue import WriteQueue
from napari_medssl.correct import Step
from napari_medssl.io import write_volume
from napari_medssl.project import create_project
from napari_medssl.segment import Plane
from napari_medssl.volume import Geometry, Volume

ID = "case-001"


class Recorded:
    """A document that is recorded."""

    def __init__(self) -> None:
        self.project, self.document = FakeProject("one"), Document()
        self.queue = WriteQueue(lambda: None)
        self.recorder = Recorder(self.project, ID, self.document, self.queue)

    @property
    def written(self):
        self.queue.wait(10)
        return self.project.written


@pytest.fixture
def recorded():
    return Recorded()


def test_steps_undo_and_redo_are_written_in_order(recorded):
    document = recorded.document
    document.do(stroke("Brush"))
    document.do(Step("Point", prompts=([], [{"slice": 3}])))
    document.undo()
    document.undo()
    document.redo()
    assert recorded.written == [
        ("record", ID, "do", "Brush"),
        ("record", ID, "do", "Point"),
        ("record", ID, "undo", "Point"),
        ("record", ID, "undo", "Brush"),
        ("record", ID, "redo", "Brush"),
    ]


def test_a_project_tells_of_the_outlines_that_stand(tmp_path):
    scan = Volume.from_source_array(
        np.zeros((4, 5, 6), np.int16), Geometry((4, 5, 6)), name="scan", format="made"
    )
    with create_project(tmp_path / "study") as project:
        project.add(write_volume(scan, tmp_path / "scan.nii"))
        document, queue = Document(), WriteQueue(lambda: None)
        Recorder(project, ID, document, queue)
        document.do(Step("Keep outline", stroke("").edit, outlines=({"engine": "a"},)))
        document.do(Step("Keep outline", outlines=({"engine": "b"}, {"engine": "c"})))
        for act, told in ((document.undo, "a"), (document.redo, "abc"), (document.undo, "a")):
            act()
            queue.wait(10)
            assert "".join(o["engine"] for o in project.load(ID).outlines) == told
            assert project.load(ID).outlines == document.outlines


def test_undoing_nothing_writes_nothing(recorded):
    recorded.document.undo()
    recorded.document.redo()
    assert recorded.written == []


def test_only_the_slices_that_changed_are_marked(recorded):
    document = recorded.document
    document.mark(Plane(0, 4), done=True)
    document.mark(Plane(1, 2), done=True)
    document.mark(Plane(0, 4), done=False)
    document.mark(Plane(0, 4), done=False)
    assert recorded.written == [
        ("mark", ID, 0, 4, True),
        ("mark", ID, 1, 2, True),
        ("mark", ID, 0, 4, False),
    ]


def test_the_label_table_is_written_whole(recorded):
    recorded.document.change_label(1, name="liver", locked=True)
    ((_, rows),) = recorded.written
    (row,) = rows
    assert (row.info.name, row.visible, row.locked) == ("liver", True, True)


def test_strokes_on_a_full_disk_wait_in_order_for_room(recorded):
    recorded.project.full = True
    for name in "abc":
        recorded.document.do(stroke(name))
    assert recorded.queue.wait(10).waiting == 3
    assert recorded.project.written == []
    recorded.project.full = False
    recorded.queue.retry()
    assert [what[-1] for what in recorded.written] == ["a", "b", "c"]
