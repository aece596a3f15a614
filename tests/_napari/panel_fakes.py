"""Stand-ins for the panel, the canvas, the thread and the network: no Qt, no napari, no torch."""

from __future__ import annotations

from typing import Any
from unittest.mock import MagicMock

import numpy as np

from napari_medssl._napari.presenters.engine import EngineRow, LoadedEngine
from napari_medssl._napari.presenters.segment import SegmentPresenter, SegmentViews
from napari_medssl.correct import merge_mask
from napari_medssl.segment import Plane, SliceResult
from napari_medssl.volume import Geometry, Volume, Window


def make_volume(shape=(6, 20, 30), **rest) -> Volume:
    """A CT whose voxels are all different, of 3 x 2 x 1 mm."""
    array = np.arange(np.prod(shape), dtype=np.int16).reshape(shape)
    rest = {"name": "scan.nii.gz", "format": "nifti", "modality": "CT", "units": "HU", **rest}
    return Volume.from_source_array(array, Geometry(shape, (3.0, 2.0, 1.0)), **rest)


class FakeWork:
    """Jobs wait until the test lets them run, one by one."""

    def __init__(self) -> None:
        self.jobs: list[tuple[Any, Any, Any]] = []
        self.pauses: dict[str, Any] = {}

    def run(self, job, done, failed) -> None:
        self.jobs.append((job, done, failed))

    def later(self, name, milliseconds, call) -> None:
        self.pauses[name] = call

    def answer(self) -> None:
        """Let the oldest job run."""
        job, done, failed = self.jobs.pop(0)
        try:
            result = job()
        except Exception as error:  # noqa: BLE001 - as the thread does
            failed(error)
        else:
            done(result)

    def answer_all(self) -> None:
        while self.jobs:
            self.answer()

    def rest(self) -> None:
        """Let every pause end."""
        for name in list(self.pauses):
            self.pauses.pop(name)()


class FakeScene:
    """One image with a mask in memory, and a record of what is drawn over it."""

    def __init__(self, volume: Volume | None = None) -> None:
        self.volume = volume
        self.window: Window | None = Window(-160, 240)
        self.opened_with: Window | None = self.window
        self.plane: Plane | None = Plane(0, 2)
        self.foreign_path = ""
        self.labels = np.zeros(volume.geometry.shape, np.uint8) if volume else None
        self.previews: dict[Plane, np.ndarray] = {}
        self.prompts: dict[Plane, Any] = {}
        self.notes: list[dict[str, Any]] = []
        self.tool = "look"
        self.shown_labels: tuple[Any, ...] = ()

    def add_image(self, volume) -> None:
        self.volume = volume

    replace_image = add_image

    def set_window(self, window) -> None:
        self.window = window

    def use_tool(self, tool) -> None:
        self.tool = tool

    def show_prompts(self, prompts) -> None:
        self.prompts = dict(prompts)

    def show_preview(self, plane, mask) -> None:
        self.previews.pop(plane, None)
        if mask is not None:
            self.previews[plane] = mask

    def write_label(self, masks, value, *, overwrite):
        changed = protected = 0
        for plane, mask in masks.items():
            plan = merge_mask(plane.view(self.labels), mask, value, overwrite=overwrite)
            changed, protected = changed + plan.changed, protected + plan.protected
        return changed, protected

    def note_outline(self, outline) -> None:
        self.notes.append(dict(outline))

    def outline_notes(self):
        return list(self.notes)

    def undo_mask(self) -> bool:
        return False

    def mask(self):
        return None if self.labels is None or not self.labels.any() else self.labels.copy()

    def set_mask(self, mask) -> None:
        self.labels = mask

    def show_labels(self, labels, current, *, overwrite) -> None:
        self.shown_labels = (list(labels), current, overwrite)


class FakeSegmenter:
    """Outlines a square around a point, or the box itself; remembers what it was asked."""

    def __init__(self) -> None:
        self.prepared: list[Plane] = []
        self.asked: list[Any] = []

    def prepare(self, volume, plane, window) -> None:
        self.prepared.append(plane)

    def segment(self, volume, prompts, window, *, axis=None) -> SliceResult:
        self.asked.append(prompts)
        if prompts.boxes:
            low, high = prompts.boxes[-1].low_zyx, prompts.boxes[-1].high_zyx
        else:
            low = [v - 2 for v in prompts.points[0].zyx]
            high = [v + 2 for v in prompts.points[0].zyx]
            low[axis] = high[axis] = prompts.points[0].zyx[axis]
        rows, cols = (a for a in range(3) if a != axis)
        mask = np.zeros([n for a, n in enumerate(volume.geometry.shape) if a != axis], bool)
        mask[round(low[rows]) : round(high[rows]) + 1, round(low[cols]) : round(high[cols]) + 1] = 1
        return SliceResult(Plane(axis, round(low[axis])), mask, 0.9, 0.4, 0.1, False, "fake")


class FakeEngines:
    """One engine that is ready and one whose weights are missing."""

    def __init__(self) -> None:
        self.segmenter = FakeSegmenter()
        self.loads: list[tuple[str, str]] = []
        self.ready = {"small"}

    def rows(self):
        return [
            EngineRow(name, name.title(), "", "" if name in self.ready else "no weights yet")
            for name in ("small", "large")
        ]

    def load(self, name, device):
        self.loads.append((name, device))
        return LoadedEngine(self.segmenter, f"the {device}", "c0ffee")

    def add_weights(self, path) -> str:
        self.ready.add("large")
        return "large"


class Bench:
    """A presenter between fakes, with what the panel was told in ``said``."""

    def __init__(self, volume: Volume | None = None) -> None:
        self.scene, self.work, self.engines = FakeScene(volume), FakeWork(), FakeEngines()
        self.view = MagicMock()
        self.said: list[str] = []
        self.problems: list[str] = []
        self.view.show_status.side_effect = self._hear
        self.panel = SegmentPresenter(
            SegmentViews(*[self.view] * 7), self.scene, self.work, self.engines
        )

    def _hear(self, words, *, since, problem) -> None:
        heard = self.problems if problem else self.said
        if since is None and words and heard[-1:] != [words]:
            heard.append(words)

    def start(self) -> Bench:
        self.panel.start()
        self.work.answer_all()
        return self
