"""Projects with a model in use that is no network, and whose runs take a moment."""

from __future__ import annotations

import hashlib
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from segment_stand_ins import Options

from napari_medssl.cli.segment_job import run_segment_job
from napari_medssl.errors import StoppedError
from napari_medssl.io import write_volume
from napari_medssl.jobs import Job, Report
from napari_medssl.jobs.events import EVENTS, EventLog
from napari_medssl.models.trained import OutputClass, TrainedCard, card_text
from napari_medssl.project import Project, create_project
from napari_medssl.project.versions import accept, add_candidate
from napari_medssl.volume import Geometry, Volume

SHAPE = (6, 8, 10)
CARD = TrainedCard(
    name="model",
    title="Liver",
    network="unet",
    dimensions=3,
    in_channels=1,
    classes=(OutputClass(1, "liver"), OutputClass(2, "spleen")),
    patch=(8, 8, 8),
    steps=(),
    mirrored=True,
)


class Networks:
    """Stand in for those that are loaded: each finds a liver above a grey value of its own.

    `bias` makes them see less where the first columns are shown; after so many looks as `most`
    they are told to stop.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.above = {b"first": 50.0, b"second": 60.0}
        self.bias = 0.0
        self.looks: list[str] = []
        self.most = 1000
        automatic = SimpleNamespace(RunOptions=Options, load_automatic=self.load)
        monkeypatch.setitem(sys.modules, "napari_medssl.segment.automatic", automatic)
        fit = SimpleNamespace(fitness=lambda card, volume: [])
        monkeypatch.setitem(sys.modules, "napari_medssl.segment.fitness", fit)

    def load(self, path: str, device: str) -> SimpleNamespace:
        content = Path(path).read_bytes()

        def run(volume, options, *, progress, stop) -> SimpleNamespace:
            if stop() or len(self.looks) == self.most:
                raise StoppedError("the run was stopped")
            self.looks.append(content.decode())
            progress(1, 1)
            right = self.bias * (np.arange(volume.geometry.shape[2]) < 3)
            labels = (volume.array - right > self.above[content]).astype(np.uint8)
            unsure = np.full(labels.shape, 0.25, np.float16) if options.uncertainty else None
            return SimpleNamespace(labels=labels, uncertainty=unsure, notices=())

        return SimpleNamespace(run=run)


def study_of(folder: Path, cases: int = 4) -> Project:
    """A project whose first case is done; each case is a ramp from left to right."""
    project = create_project(folder / "study")
    for n in range(cases):
        array = np.broadcast_to(np.linspace(n, 100 + n, SHAPE[2]), SHAPE).astype(np.float32)
        volume = Volume.from_source_array(array, Geometry(SHAPE), name="a", format="made")
        project.add(write_volume(volume, folder / f"scan{n}.nii.gz"))
    mask = np.zeros(SHAPE, np.uint8)
    mask[..., 5:] = 1
    project.replace_mask("case-001", mask, "Drawn")
    project.set_status("case-001", "done")
    return project


def use(project: Project, folder: Path, content: bytes, card: TrainedCard = CARD) -> TrainedCard:
    """Take a model in use that learned from the first case."""
    weights = folder / "model.safetensors"
    weights.write_bytes(content)
    known = replace(card, sha256=hashlib.sha256(content).hexdigest())
    weights.with_suffix(".json").write_text(card_text(known))
    figures = {"verdict": {"kind": "better", "words": "Better."}}
    accept(project, add_candidate(project, weights, known, {"case-001": "a"}, figures), anyway=True)
    return known


def work_on(job: Job, should_stop=lambda: False) -> bool:
    log = EventLog(job.folder / EVENTS)
    try:
        return run_segment_job(job, Report(log), should_stop)
    finally:
        log.close()
