"""Projects of small bright balls in noise that a network learns in seconds."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from napari_medssl.cli.finetune_volumes import VolumeWishes
from napari_medssl.cli.project_learn import plan
from napari_medssl.errors import StoppedError
from napari_medssl.finetune.volumes.wanted import Tools, Wanted
from napari_medssl.io import atomic_write, write_volume
from napari_medssl.io.label_table import unnamed_label
from napari_medssl.jobs import Job, JobStore, Report, new_spec
from napari_medssl.jobs.events import EVENTS, EventLog
from napari_medssl.models.saved_plan import write_plan_row
from napari_medssl.models.trained import TrainedCard, read_card
from napari_medssl.models.trained_weights import network_for, save_trained
from napari_medssl.project import Project, create_project, open_project
from napari_medssl.project.learn_task import KIND, LearnTask
from napari_medssl.volume import Geometry, Volume

SHAPE = (18, 20, 24)


def ball_case(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return an image and its label map: a ball of label 5 somewhere."""
    random = np.random.default_rng(seed)
    places = np.indices(SHAPE)
    middle = [int(random.integers(6, n - 6)) for n in SHAPE]
    ball = sum((p - m) ** 2 for p, m in zip(places, middle, strict=True)) <= 25
    image = random.normal(100, 10, SHAPE) + 150 * ball
    return image.astype(np.float32), 5 * ball.astype(np.uint8)


def balls(folder: Path, patients: int, *, shuffled: bool = False) -> Path:
    """Make a project with a finished case a patient; shuffled, each has another one's mask."""
    images = folder / "images"
    images.mkdir()
    with create_project(folder / "study", name="balls", labels=[unnamed_label(5)]) as project:
        for n in range(patients):
            add_case(project, images, n, 100 + n if shuffled else n)
    return folder / "study"


def add_case(project: Project, images: Path, seed: int, drawn: int | None = None) -> str:
    """Add one finished case."""
    array, _ = ball_case(seed)
    _, labels = ball_case(seed if drawn is None else drawn)
    grid = Geometry(SHAPE, (1.5, 1.0, 1.0))
    name = f"pat{seed}.nii.gz"
    volume = Volume.from_source_array(array, grid, name=name, format="made")
    [case] = project.add(write_volume(volume, images / name)).added
    project.replace_mask(case, labels, "Mask from a file")
    project.set_status(case, "done")
    return case


def task_for(
    study: Path,
    init: str = "scratch",
    steps: int = 40,
    *,
    crossed: bool = False,
    protocol: str = "ours",
) -> LearnTask:
    wishes = VolumeWishes(minutes=None, steps=steps, threads=1)
    with open_project(study) as project:
        return plan(project, init, wishes, "cpu", cross_validate=crossed, protocol=protocol)


def job_of(task: LearnTask, root: Path) -> Job:
    return JobStore(root).create(new_spec(KIND, task.arguments))


def run(job: Job) -> bool:
    """Do the job in this process, and end it as its own process would."""
    from napari_medssl.cli.learn_round import run_learn_job

    log = EventLog(job.folder / EVENTS)
    report = Report(log)
    try:
        whole = run_learn_job(job, report, lambda: job.stop_asked)
        report.state("done" if whole else "cancelled")
        return whole
    finally:
        log.close()


class QuickLearning:
    """Stands in for learning: a network of random weights, whose masks are made by hand."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.times = 0
        self.wanted: list[Wanted] = []
        #: grey value from which on a voxel is found
        self.finds = 175.0
        monkeypatch.setattr("napari_medssl.finetune.volumes.learning.learn", self.learn)
        monkeypatch.setattr("napari_medssl.segment.automatic.load_automatic", self.load)

    def learn(self, wanted: Wanted, folder: Path, tools: Tools) -> TrainedCard | None:
        self.times += 1
        tools.report.metric(self.times, loss=1.0)
        self.wanted.append(wanted)
        if tools.stop():
            return None
        write_plan_row(folder, {"network": "unet_small", "steps": wanted.steps}, atomic_write)
        start = read_card(wanted.start) if wanted.start else None
        card = TrainedCard(
            name="model",
            title=wanted.title,
            network="unet_small",
            dimensions=3,
            in_channels=1,
            classes=tuple(wanted.labels.values()),
            patch=(16, 16, 16),
            steps=(),
            arguments={"widths": (4, 8)},
            method="corrections",
            trained_on=tuple(one.id for one in wanted.training),
            parent=start.sha256 if start else "",
            about=f"{self.times}",
        )
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.times)
            return save_trained(network_for(card), card, folder / "model.safetensors", atomic_write)

    def load(self, path: str, device: str) -> SimpleNamespace:
        card, finds = read_card(Path(path)), self.finds

        def run(volume: Volume, *, stop: Callable[[], bool]) -> SimpleNamespace:
            if stop():
                raise StoppedError("the run was stopped")
            labels = np.where(volume.array > finds, 5, 0).astype(np.uint8)
            return SimpleNamespace(labels=labels)

        return SimpleNamespace(card=card, run=run)
