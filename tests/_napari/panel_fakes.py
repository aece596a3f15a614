"""Stand-ins for the panel, the canvas, the thread and the network: no Qt, no napari, no torch."""

from __future__ import annotations

from dataclasses import fields
from typing import Any
from unittest.mock import MagicMock

import numpy as np
from fake_work import FakeWork

from napari_medssl._napari.presenters.mask.document import Document
from napari_medssl._napari.presenters.mask.recorded_mask import RecordedMask
from napari_medssl._napari.presenters.prompts.engine import EngineRow, LoadedEngine
from napari_medssl._napari.presenters.prompts.everything import SliceObjects
from napari_medssl._napari.presenters.segment.panel import SegmentPresenter, SegmentViews
from napari_medssl.correct.rules import Rules
from napari_medssl.errors import PromptError
from napari_medssl.segment import Plane, SliceResult
from napari_medssl.segment.growing import GrownSlice
from napari_medssl.volume import Geometry, Volume, Window


def make_volume(shape=(6, 20, 30), **rest) -> Volume:
    """A CT whose voxels are all different, of 3 x 2 x 1 mm."""
    array = np.arange(np.prod(shape), dtype=np.int16).reshape(shape)
    rest = {"name": "scan.nii.gz", "format": "nifti", "modality": "CT", "units": "HU", **rest}
    return Volume.from_source_array(array, Geometry(shape[-3:], (3.0, 2.0, 1.0)), **rest)


class FakeVoxels:
    """A mask in memory."""

    def __init__(self, volume: Volume, array: np.ndarray) -> None:
        self.volume, self.array = volume, array
        self.drawn = 0
        self.paintable = True

    def refresh(self) -> None:
        self.drawn += 1

    def make_room(self, value) -> None:
        if value > np.iinfo(self.array.dtype).max:
            self.array = self.array.astype(np.min_scalar_type(value))

    def allow_painting(self, allowed) -> None:
        self.paintable = allowed

    def paint(self, mask: RecordedMask, box, value: int, words: str = "Brush") -> None:
        """Paint a box as napari's brush does, and tell of it."""
        inside = np.ones(self.array[box].shape, bool) & (self.array[box] != value)
        if inside.any():
            old = self.array[box][inside]
            self.array[box][inside] = value
            mask.take_stroke(words, [(box, inside, old, value)])


class FakeWindows:
    """The window of a scene's one image, and who has the mouse."""

    def __init__(self, scene: FakeScene) -> None:
        self._scene = scene
        self.opened_with: Window | None = scene.window
        self.mouse: Any = None
        self.readout = ""

    @property
    def volume(self) -> Volume | None:
        return self._scene.volume

    @property
    def window(self) -> Window | None:
        return self._scene.window

    def set_window(self, window) -> None:
        self._scene.window = window

    def take_mouse(self, drag) -> None:
        self.mouse = drag

    def give_mouse_back(self) -> None:
        self.mouse = None

    def show_readout(self, words) -> None:
        self.readout = words


class FakeReel:
    """A film in memory."""

    def __init__(self) -> None:
        self.frame = 0
        self.values: list[Volume] = []
        self.space: Any = None

    def turn_to(self, frame) -> None:
        self.frame = frame

    def show_values(self, volume) -> None:
        self.values.append(volume)

    def answer_space(self, pressed) -> None:
        self.space = pressed


class FakeScene:
    """One image with a mask in memory, and a record of what is drawn over it."""

    def __init__(self, volume: Volume | None = None) -> None:
        self.window: Window | None = Window(-160, 240)
        self.windows, self.reel = FakeWindows(self), FakeReel()
        self.laid_over: list[Volume] = []
        self.plane: Plane | None = Plane(0, 2)
        self.foreign_path = ""
        self.previews: dict[Plane, np.ndarray] = {}
        self.prompts: dict[Plane, Any] = {}
        self.tool = "look"
        self.shown_labels: tuple[Any, ...] = ()
        self.shown_voxels: list[Any] = []
        self.gone_to: list[Any] = []
        self.rules = Rules()
        self.brush_mm = 10.0
        self.others: dict[str, np.ndarray] = {}
        self.done = False
        self.wants_voxel: Any = None
        self.objects: Any = None
        self.add_image(volume)

    @property
    def labels(self):
        """The mask's voxels; none before the first step."""
        return None if self.mask is None else self.mask.array

    def add_image(self, volume) -> None:
        self.volume = volume
        self.mask: RecordedMask | None = None
        self.document = Document() if volume is not None else None

    replace_image = add_image

    def lay_scan_over(self, volume) -> None:
        self.laid_over.append(volume)

    def start_mask(self):
        if self.mask is None and self.volume is not None:
            self.add_mask(np.zeros(self.volume.geometry.shape, np.uint8), self.document)
        return self.mask

    def add_mask(self, mask, document) -> None:
        self.document = document
        self.voxels = FakeVoxels(self.volume, mask)
        self.mask = RecordedMask(self.voxels, document)

    def read_mask(self):
        return None if self.mask is None else self.mask.copy()

    def other_masks(self):
        return self.others

    def pick_voxel(self, then) -> None:
        self.wants_voxel = then

    def show_voxels(self, low, high) -> None:
        self.shown_voxels.append((low, high))

    def go_to(self, voxel) -> None:
        self.gone_to.append(voxel)

    def show_done(self, *, done) -> None:
        self.done = done

    def use_tool(self, tool) -> None:
        self.tool = tool
        if self.mask is not None:
            self.mask.forget_range()

    def show_prompts(self, prompts) -> None:
        self.prompts = dict(prompts)

    def show_preview(self, plane, mask) -> None:
        self.previews.pop(plane, None)
        if mask is not None:
            self.previews[plane] = mask

    def show_objects(self, plane, objects, clicked, dropped) -> None:
        self.objects, self.click, self.escape = (plane, objects), clicked, dropped

    def hide_objects(self) -> None:
        self.objects = None

    def show_labels(self, labels, current) -> None:
        self.shown_labels = (list(labels), current)

    def keep_to(self, rules) -> None:
        self.rules = rules
        if self.mask is not None:
            self.mask.rules = rules

    def set_brush(self, mm) -> None:
        self.brush_mm = mm

    def paint_in(self, dimensions) -> None:
        self.dimensions = dimensions


class FakeSegmenter:
    """Outlines a square around a point, or the box itself; remembers what it was asked."""

    def __init__(self) -> None:
        self.prepared: list[Plane] = []
        self.asked: list[Any] = []
        self.readings = 1

    def prepare(self, volume, plane, window) -> None:
        self.prepared.append(plane)

    def segment(self, volume, prompts, window, *, axis=None) -> SliceResult:
        self.asked.append(prompts)
        if prompts.boxes:
            low, high = prompts.boxes[-1].low_zyx, prompts.boxes[-1].high_zyx
        else:
            far = 2 + prompts.points[-1].reading
            low = [v - far for v in prompts.points[0].zyx]
            high = [v + far for v in prompts.points[0].zyx]
            low[axis] = high[axis] = prompts.points[0].zyx[axis]
        rows, cols = (a for a in range(3) if a != axis)
        mask = np.zeros([n for a, n in enumerate(volume.geometry.shape) if a != axis], bool)
        mask[round(low[rows]) : round(high[rows]) + 1, round(low[cols]) : round(high[cols]) + 1] = 1
        plane = Plane(axis, round(low[axis]))
        return SliceResult(
            plane, mask, 0.9, 0.4, 0.1, False, "fake", window, "c0ffee", readings=self.readings
        )


class FakeEngines:
    """One engine that is ready and one whose weights are missing."""

    def __init__(self) -> None:
        self.segmenter = FakeSegmenter()
        self.loads: list[tuple[str, str]] = []
        self.ready = {"small"}
        self.finds = True

    def rows(self):
        return [
            EngineRow(name, name.title(), "", "" if name in self.ready else "no weights yet")
            for name in ("small", "large")
        ]

    def load(self, name, device):
        self.loads.append((name, device))
        return LoadedEngine(self.segmenter, f"the {device}", self.outline_everything, self.grow)

    def outline_everything(self, volume, plane, window, stop) -> SliceObjects:
        """Two squares beside each other."""
        masks = {n: np.zeros(plane.view(volume.array).shape, bool) for n in (1, 2)}
        masks[1][2:6, 2:6] = masks[2][2:6, 8:12] = True
        records = {n: {"method": "everything", "engine": "fake", "confidence": 0.8} for n in masks}
        return SliceObjects(plane, masks if self.finds else {}, records)

    def grow(self, volume, given, window, rules, all_planes):
        """The outline as it is, on the slices beside each; it fails where `finds` is False."""
        self.all_planes, self.rules = all_planes, rules
        for plane, mask in given.items():
            yield GrownSlice(plane, mask, 1.0, given=True)
        if not self.finds:
            raise PromptError("nothing to go on with")
        for plane, mask in given.items():
            for index in (plane.index - 1, plane.index + 1):
                yield GrownSlice(Plane(plane.axis, index), mask, 0.8)

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
            SegmentViews(*[self.view] * len(fields(SegmentViews))),
            self.scene,
            self.work,
            self.engines,
        )

    def _hear(self, words, *, since, problem) -> None:
        heard = self.problems if problem else self.said
        if since is None and words and heard[-1:] != [words]:
            heard.append(words)

    def start(self) -> Bench:
        self.panel.start()
        self.work.answer_all()
        return self
