"""Stand-ins for the project, the canvas and the panel of it: no disk, no Qt, no napari."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import MagicMock

import numpy as np
from fake_work import FakeWork

from napari_medssl._napari.presenters.activity import Activity
from napari_medssl._napari.presenters.project.case import CasePresenter
from napari_medssl._napari.presenters.project.cases import CasesPresenter
from napari_medssl._napari.presenters.project.write_queue import WriteQueue
from napari_medssl.correct import Edit, History, Step
from napari_medssl.errors import MissingImageError, SaveError, UsageError
from napari_medssl.io.label_table import unnamed_label
from napari_medssl.project import AddReport, LabelState
from napari_medssl.volume import Geometry, Volume

SHAPE = (6, 20, 30)
SCAN = {"name": "scan.nii.gz", "format": "nifti", "modality": "CT"}


@dataclass(frozen=True)
class FakeCase:
    """The fields of a case that the window shows."""

    id: str
    name: str
    status: str = "new"
    note: str = ""
    modality: str = "CT"
    done_slices: int = 0
    opened: Any = None
    added: Any = field(default_factory=lambda: datetime.now(UTC))
    voxels: dict[int, int] = field(default_factory=dict)


class FakeProject:
    """Keeps in memory what the window hands to it; fails where a test wants it to."""

    def __init__(self, *names: str, read_only: bool = False) -> None:
        self.name, self.read_only, self.why_read_only = "study", read_only, ""
        self.unfinished = self.last_case = None
        self.folder = Path("no folder at all")
        self.rows = {
            f"case-{n:03d}": FakeCase(f"case-{n:03d}", name) for n, name in enumerate(names, 1)
        }
        self.written: list[tuple[Any, ...]] = []
        self.full = False
        self.missing: set[str] = set()
        self.table = (LabelState(unnamed_label(1)),)
        self.states: dict[str, SimpleNamespace] = {}
        self.reads = 0

    def cases(self):
        self.reads += 1
        return tuple(self.rows.values())

    def case(self, id):
        if id not in self.rows:
            raise UsageError(f"there is no '{id}'")
        return self.rows[id]

    def labels(self):
        return self.table

    def read_image(self, id):
        if id in self.missing:
            raise MissingImageError("'scan.nii.gz' is not where it was", do="Find it")
        return Volume.from_source_array(np.zeros(SHAPE, np.int16), Geometry(SHAPE), **SCAN)

    def load(self, id):
        empty = np.zeros(SHAPE, np.uint8)
        return self.states.get(id) or SimpleNamespace(
            labels=empty, history=History(), done=frozenset(), outlines=(), prompts=[], view={}
        )

    def relocate(self, id, path):
        self.missing.discard(id)

    def set_status(self, id, status, note=None):
        self._write("status", id, status, note)
        row = self.rows[id]
        self.rows[id] = replace(row, status=status, note=row.note if note is None else note)

    def record(self, id, change, step):
        self._write("record", id, change, step.words)

    def mark_done(self, id, axis, index, done):
        self._write("mark", id, axis, index, done)

    def save_view(self, id, view):
        self._write("view", id, view)

    def set_labels(self, rows):
        self._write("labels", tuple(rows))

    def add(self, path, *, progress=None):
        id = f"case-{len(self.rows) + 1:03d}"
        self.rows[id] = FakeCase(id, path.name)
        refused = (("notes.txt", "'notes.txt' is no image."),)
        return AddReport(added=(id,), refused=refused, masks=("one_mask.nii.gz",))

    def _write(self, *what) -> None:
        if self.full:
            raise SaveError("'project.sqlite' did not fit on the disk", do="Make room")
        self.written.append(what)


class FakeCanvas:
    """Remembers which case it shows, and how it is looked at."""

    def __init__(self) -> None:
        self.case: Any = None
        self.doing = ""
        self.shown: Any = lambda case: None
        self.seen: dict[str, Any] = {"point": [0.0, 0.0, 0.0]}

    def show(self, case) -> None:
        self.case = case
        self.shown(case)

    def clear(self) -> None:
        self.case = None

    def busy(self) -> str:
        return self.doing

    def view(self):
        return dict(self.seen) if self.case is not None else {}


class ProjectBench:
    """The presenters of an open project between fakes."""

    def __init__(self, project: FakeProject) -> None:
        self.project, self.canvas, self.work = project, FakeCanvas(), FakeWork()
        self.view = MagicMock()
        self.said: list[str] = []
        self.problems: list[str] = []
        self.view.show_status.side_effect = self._hear
        self.queue = WriteQueue(lambda: None)
        self.activity = Activity(self.work, self.view)
        self.case = CasePresenter(self.view, self.canvas, self.activity)
        self.cases = CasesPresenter(self.view, self.case, self.work, self.activity)
        self.case.enter(project, self.queue)
        self.cases.enter(project, self.queue)
        self.work.answer_all()

    def open(self, id: str) -> None:
        self.case.open(id)
        self.work.answer_all()

    @property
    def written(self):
        """What was written, once all is."""
        self.queue.wait(10)
        return self.project.written

    @property
    def listed(self) -> list[str]:
        """Names of the cases that the list shows."""
        return [c.name for c in self.view.show_cases.call_args.args[0]]

    def _hear(self, words, *, since, problem) -> None:
        heard = self.problems if problem else self.said
        if since is None and words and heard[-1:] != [words]:
            heard.append(words)


def stroke(words: str = "Brush", at: int = 0) -> Step:
    """A step that paints one voxel."""
    before = np.zeros((1, 1, 1), np.uint8)
    return Step(words, Edit.between(before, before + 1, (0, 0, at)))
