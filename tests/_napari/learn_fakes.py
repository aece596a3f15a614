"""A small project that learns nothing by itself: jobs are told, and their results put there."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock

import numpy as np
from fake_work import FakeWork
from job_fakes import FakeEngine, tell

from napari_medssl._napari.presenters.activity import Activity
from napari_medssl._napari.presenters.automatic.canvas import OpenProject
from napari_medssl._napari.presenters.jobs.watch import JobWatch
from napari_medssl._napari.presenters.learn.learning import Bench
from napari_medssl._napari.presenters.learn.panel import LearningPresenter, LearningViews, Window
from napari_medssl.finetune.volumes.plan import WEIGHTS
from napari_medssl.io import LabelInfo, atomic_write, write_volume
from napari_medssl.jobs import Job, JobStore
from napari_medssl.models.trained import OutputClass, TrainedCard, write_card
from napari_medssl.project import Project, create_project
from napari_medssl.project.learn_task import GATE, MASKS, LearnTask
from napari_medssl.volume import Geometry, Volume

SHAPE = (6, 12, 14)
LIVER = LabelInfo(3, "Liver", (230, 90, 40))


def study(folder: Path, cases: int = 6, done: int = 4) -> Path:
    """Make a project with some cases that are done, and close it."""
    images = folder / "images"
    images.mkdir()
    with create_project(folder / "study", labels=[LIVER]) as project:
        for n in range(cases):
            array = np.random.default_rng(n).integers(0, 900, SHAPE).astype(np.int16)
            volume = Volume.from_source_array(array, Geometry(SHAPE), name="p", format="made")
            [case] = project.add(write_volume(volume, images / f"pat{n}.nii.gz")).added
            if n < done:
                finish(project, case, n)
    return folder / "study"


def finish(project: Project, case: str, seed: int = 0) -> None:
    """Draw a box and call the case done."""
    mask = np.zeros(SHAPE, np.uint8)
    mask[1:4, 2 : 6 + seed % 3, 3:8] = 3
    project.replace_mask(case, mask, "Box")
    project.set_status(case, "done")


def learned(job: Job, kind: str = "better", content: bytes = b"weights") -> str:
    """Put among a job's artifacts what it would have learned, and end it; return the hash."""
    task = LearnTask.of(job.spec.arguments)
    weights = job.artifacts / WEIGHTS
    weights.write_bytes(content)
    sha256 = hashlib.sha256(content).hexdigest()
    card = TrainedCard(
        name="model",
        title=task.title,
        network="unet_small",
        dimensions=3,
        in_channels=1,
        classes=(OutputClass(3, "Liver"),),
        patch=(16, 16, 16),
        steps=(),
        method="corrections",
        trained_on=task.training,
        sha256=sha256,
    )
    write_card(card, weights, atomic_write)
    (job.artifacts / GATE).write_text(json.dumps(gate(task, kind, sha256)))
    folder = job.artifacts / MASKS
    folder.mkdir()
    for case in task.test:
        old, new = learned_masks()
        np.savez_compressed(folder / f"{case}.npz", old=old, new=new)
    tell(job, state="done")
    return sha256


def learned_masks() -> tuple[np.ndarray, np.ndarray]:
    """Return what the old and the new model find on each case."""
    old, new = np.zeros(SHAPE, np.uint8), np.zeros(SHAPE, np.uint8)
    old[1:4, 2:6, 3:8] = 3
    new[1:5, 2:7, 3:8] = 3
    return old, new


def gate(task: LearnTask, kind: str, sha256: str) -> dict[str, Any]:
    """Return what the gate would have measured."""
    line = {"label": 3, "name": "Liver", "cases": len(task.test)}
    line |= {"old_dice": 0.5, "new_dice": 0.75, "old_hd95_mm": 4.0, "new_hd95_mm": 2.0}
    line |= {"old_off_ml": 1.0, "new_off_ml": None}
    return {
        "verdict": {"kind": kind, "words": f"{kind.capitalize()}: mean Dice +0.250."},
        "difference": {"mean": 0.25, "low": 0.1, "high": 0.4, "patients": len(task.test)},
        "labels": [line],
        "by_case": dict.fromkeys(task.test, 0.25),
        "against": "the model in use" if task.old else "what places alone tell",
        "left_out": {},
        "sha256": sha256,
        "old_sha256": Path(task.old).stem and _hash_of(task.old) if task.old else "",
    }


def _hash_of(weights: str) -> str:
    return hashlib.sha256(Path(weights).read_bytes()).hexdigest()


class LearnBench:
    """The presenters of the Learn panel between a real project and fakes of all else."""

    def __init__(self, project: Project | None, home: Path) -> None:
        self.project, self.store, self.engine = project, JobStore(home / "jobs"), FakeEngine()
        self.work, self.acting, self.view = FakeWork(), FakeWork(), MagicMock()
        self.canvas, self.opened, self.told = MagicMock(), [], []
        self.watch = JobWatch(self.store, self.work)
        self.panel = LearningPresenter(
            LearningViews(*[self.view] * 6),
            self.work,
            Activity(self.acting, self.view),
            self.watch,
            Bench(self.store, self.engine, lambda wanted: "cpu", self.work),
            Window(
                self._door,
                self.opened.append,
                self.opened.append,
                self.canvas,
                lambda *what: self.told.append(what),
            ),
        )

    def _door(self) -> OpenProject | None:
        if self.project is None:
            return None
        return OpenProject(self.project, self.project.cases(), lambda call: call())

    def look(self) -> LearnBench:
        """Let everything happen that a second brings."""
        for _ in range(3):
            self.watch.look()
            self.panel.show()
            self.work.answer_all()
            self.acting.answer_all()
        return self

    def learn(self, content: bytes = b"weights", kind: str = "better") -> str:
        """Learn a round, and take it in."""
        self.panel.learn.begin()
        self.acting.answer_all()
        sha256 = learned(self.engine.submitted[-1], kind, content)
        self.look()
        return sha256

    def last(self, name: str) -> Any:
        """Return how a method of the views was called last."""
        return getattr(self.view, name).call_args

    @property
    def gate(self) -> Any:
        """Return what is shown of the model looked at."""
        return self.last("show_gate").args[0]

    @property
    def states(self) -> list[str]:
        """Return the states of the models listed, the newest first."""
        return [row.state for row in self.last("show_versions").args[0]]

    @property
    def said(self) -> str:
        return self.last("show_status").args[0]
