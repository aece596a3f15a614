"""Stand-ins for the canvas, the models and the open project of automatic segmentation."""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any
from unittest.mock import MagicMock

import numpy as np
from fake_work import FakeWork
from panel_fakes import FakeVoxels, make_volume

from napari_medssl._napari.presenters.automatic.canvas import OpenProject
from napari_medssl._napari.presenters.automatic.panel import AutomaticPresenter, AutomaticViews
from napari_medssl._napari.presenters.mask.document import Document
from napari_medssl._napari.presenters.mask.recorded_mask import RecordedMask
from napari_medssl.errors import StoppedError
from napari_medssl.jobs import Job, JobStore, jobs_folder
from napari_medssl.jobs.events import EVENTS, EventLog
from napari_medssl.jobs.process import write_process
from napari_medssl.models.trained import OutputClass, TrainedCard
from napari_medssl.volume import Notice

LIVER, SPLEEN = OutputClass(1, "liver", (200, 60, 40)), OutputClass(2, "spleen", (90, 90, 200))


def card(name="ct-organs", **rest) -> TrainedCard:
    rest = {
        "classes": (LIVER, SPLEEN),
        "modalities": ("CT",),
        "spacing_mm": (3.0, 1.0, 1.0),
        "sha256": "c0ffee",
        **rest,
    }
    return TrainedCard(
        name=name,
        title="Organs in CT",
        network="unet",
        dimensions=3,
        in_channels=1,
        patch=(32, 32, 32),
        steps=(),
        **rest,
    )


@dataclass(frozen=True)
class FakeOptions:
    overlap: float = 0.5
    flips: bool = False
    keep_largest: tuple[int, ...] | str = ()
    min_mm3: float = 0
    uncertainty: bool = False


class FakeSegmenter:
    """Finds a liver in the lower and a spleen in the upper slices; tells of four windows."""

    def __init__(self) -> None:
        self.asked: list[Any] = []
        self.before_each: Any = lambda: None
        self.notices: tuple[Notice, ...] = ()
        self.empty = False

    def run(self, volume, options, *, progress, stop):
        self.asked.append(options)
        for done in range(4):
            self.before_each()
            if stop():
                raise StoppedError("the run was stopped")
            progress(done + 1, 4)
        labels = np.zeros(volume.geometry.shape, np.uint8)
        if not self.empty:
            labels[:2, 5:15, 5:15] = 1
            labels[3:5, 5:15, 5:15] = 2
        unsure = np.full(labels.shape, 0.25, np.float16) if options.uncertainty else None
        return SimpleNamespace(labels=labels, uncertainty=unsure, notices=self.notices)


class FakeModels:
    """One model of CT; MR images do not suit it."""

    def __init__(self, *cards: TrainedCard) -> None:
        self.there = {one.name: one for one in cards or (card(),)}
        self.segmenter = FakeSegmenter()
        self.loads: list[tuple[str, str]] = []
        self.widest = 999

    def cards(self):
        return dict(self.there)

    def network_title(self, card):
        return "U-Net"

    def add(self, path):
        self.there["new"] = card("new")
        return "new"

    def load(self, name, device):
        self.loads.append((name, device))
        return self.segmenter

    def device(self, wanted):
        return "cpu" if wanted == "auto" else wanted

    def options(self, settings):
        return FakeOptions(**settings)

    def fitness(self, card, volume):
        if volume.geometry.shape[2] > self.widest:
            return [Notice("spacing", "It is too wide.")]
        if volume.modality == "OT":
            return [Notice("modality-unknown", "Nobody knows what it is.")]
        fits = volume.modality in card.modalities
        return [] if fits else [Notice("modality", f"It is {volume.modality}, not CT.")]


class FakeCanvas:
    """One image with a mask in memory, and what was laid over it."""

    def __init__(self, volume=None, case=None) -> None:
        self.volume, self.case = volume, case
        self.document = Document() if volume is not None else None
        self.mask: RecordedMask | None = None
        self.proposal: Any = None
        self.difference: Any = None
        self.uncertainty: Any = None
        self.seen: list[Any] = []
        self.coloured: Any = None

    @property
    def labels(self):
        return None if self.mask is None else self.mask.array

    def start_mask(self):
        if self.mask is None and self.volume is not None:
            self.voxels = FakeVoxels(self.volume, np.zeros(self.volume.geometry.shape, np.uint8))
            self.mask = RecordedMask(self.voxels, self.document)
        return self.mask

    def show_voxels(self, low, high) -> None:
        self.seen.append((low, high))

    def show_labels(self, labels) -> None:
        self.coloured = labels

    def show_proposal(self, labels, colours) -> None:
        self.proposal, self.difference = (labels, colours), None

    def show_difference(self, codes) -> None:
        self.proposal, self.difference = None, codes

    def hide_proposal(self) -> None:
        self.proposal = self.difference = None

    def show_uncertainty(self, percent) -> None:
        self.uncertainty = percent


class FakeEngine:
    """Starts nothing: the test works on the jobs, as their processes would."""

    def __init__(self) -> None:
        self.jobs: list[Job] = []
        self.refuses: Exception | None = None

    def submit(self, job) -> None:
        if self.refuses is not None:
            raise self.refuses
        self.jobs.append(job)
        self.tell("state", state="running")

    def refresh(self, job) -> None:
        """A job tells of itself."""

    def tell(self, kind, **facts) -> None:
        """Let the youngest job tell something; it is this process that works on it."""
        write_process(self.jobs[-1].folder)
        log = EventLog(self.jobs[-1].folder / EVENTS)
        log.append(kind, **facts)
        log.close()


class AutomaticBench:
    """The presenter between fakes, with what the panel was told in ``said``."""

    def __init__(
        self, volume=None, case=None, project=None, *cards, cases=(), store=None, engine=None
    ) -> None:
        self.engine, self.store = engine or FakeEngine(), store or JobStore(jobs_folder())
        self.canvas, self.models = FakeCanvas(volume, case), FakeModels(*cards)
        self.work, self.runner, self.view = FakeWork(), FakeWork(), MagicMock()
        self.said: list[str] = []
        self.problems: list[str] = []
        self.project, self.cases = project, cases
        self.view.show_status.side_effect = self._hear
        self.panel = AutomaticPresenter(
            AutomaticViews(*[self.view] * 6),
            self.canvas,
            self.work,
            self.runner,
            self.models,
            self._door,
            self.store,
            self.engine,
        )

    def start(self) -> AutomaticBench:
        self.panel.start()
        self.work.answer_all()
        return self

    def run(self) -> None:
        """Run on the image in hand, and look at what is found."""
        self.panel.run.run_here()
        self.runner.answer_all()
        self.work.answer_all()

    @property
    def rows(self):
        """What the panel lists."""
        return {row.name: row for row in self.view.show_review.call_args.args[0]}

    def look(self) -> None:
        """Let a second pass."""
        self.panel.all_cases.look()
        self.work.answer_all()

    def rest(self) -> None:
        self.work.rest()
        self.work.answer_all()

    def _door(self):
        if self.project is None:
            return None
        return OpenProject(self.project, self.cases or self.project.cases(), lambda do: do())

    def _hear(self, words, *, since, problem) -> None:
        heard = self.problems if problem else self.said
        if since is None and words and heard[-1:] != [words]:
            heard.append(words)


def bench_of(**rest) -> AutomaticBench:
    """A bench with a CT in hand, started."""
    return AutomaticBench(make_volume(**rest)).start()
