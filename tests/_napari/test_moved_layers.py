"""Prompts on layers that the user moved, scaled, turned or sheared: the right voxel or a sentence.

The mouse is given places in napari's world; where they lie in the image is worked out here with a
4 x 4 matrix, made by hand from what the layer was told.
"""

from __future__ import annotations

from dataclasses import fields
from types import SimpleNamespace
from unittest.mock import MagicMock

import numpy as np
import pytest

pytestmark = pytest.mark.gui
pytest.importorskip("napari")

from fake_work import FakeWork  # noqa: E402
from napari.components import ViewerModel  # noqa: E402
from napari.layers import Image, Labels, Points, Shapes, Vectors  # noqa: E402
from napari.utils.interactions import (  # noqa: E402
    mouse_move_callbacks,
    mouse_press_callbacks,
    mouse_release_callbacks,
)
from panel_fakes import FakeEngines, make_volume  # noqa: E402

from napari_medssl._napari.layers import image_layer, lie_together  # noqa: E402
from napari_medssl._napari.presenters.document import Document  # noqa: E402
from napari_medssl._napari.presenters.segment import SegmentPresenter, SegmentViews  # noqa: E402
from napari_medssl._napari.scan_over import scan_over_layer  # noqa: E402
from napari_medssl._napari.scene import ViewerScene  # noqa: E402
from napari_medssl._napari.writer import write_mask  # noqa: E402
from napari_medssl.errors import GeometryError  # noqa: E402
from napari_medssl.io import read_labels  # noqa: E402
from napari_medssl.volume import Geometry, Volume  # noqa: E402

SHAPE = (9, 20, 24)
VOLUMES, MOVES = 5, 20


class Desk:
    """A viewer without a window, the Segment panel's presenters, and a mouse."""

    def __init__(self, volume: Volume) -> None:
        self.viewer, self.work, self.engines = ViewerModel(), FakeWork(), FakeEngines()
        self.scene = ViewerScene(self.viewer)
        self.scene.add_image(volume)
        self.image = self.viewer.layers[0]
        self.view, self.problems = MagicMock(), []
        self.view.show_status.side_effect = self._hear
        views = SegmentViews(*[self.view] * len(fields(SegmentViews)))
        self.panel = SegmentPresenter(views, self.scene, self.work, self.engines)
        self.scene.listen(self.panel)
        self.panel.start()
        self.work.answer_all()

    def _hear(self, words, *, since, problem) -> None:
        if problem:
            self.problems.append(words)

    def layer(self, kind, name=""):
        return next(la for la in self.viewer.layers if isinstance(la, kind) and name in la.name)

    def turn_to(self, axis, world) -> None:
        self.viewer.dims.order = (axis, *(a for a in range(3) if a != axis))
        self.viewer.dims.set_point(axis, world)

    def mark(self, tool, *places) -> None:
        """Press at a place in napari's world, drag through others, let go at the last."""
        self.panel.prompting.use_tool(tool)
        layer = self.viewer.layers.selection.active
        shown = list(self.viewer.dims.displayed)
        steps = [("mouse_press", places[0], mouse_press_callbacks)]
        steps += [("mouse_move", place, mouse_move_callbacks) for place in places[1:]]
        steps += [("mouse_release", places[-1], mouse_release_callbacks)]
        for n, (kind, place, send) in enumerate(steps):
            event = SimpleNamespace(
                type=kind,
                button=1,
                modifiers=(),
                pos=np.array([40.0, 40.0]) * (n if tool in ("box", "scribble", "lasso") else 1),
                position=tuple(place),
                is_dragging=kind == "mouse_move",
                view_direction=None,
                up_direction=None,
                dims_displayed=shown,
                dims_point=list(self.viewer.dims.point),
                handled=False,
            )
            send(layer, event)

    def asked(self):
        """What has arrived at the segmenter since the last time."""
        self.work.rest()
        self.work.answer_all()
        prompts, self.engines.segmenter.asked = self.engines.segmenter.asked, []
        return prompts


def scan(draw) -> tuple[Volume, np.ndarray]:
    """A volume from a file with turned axes, 8:1 voxels, and what the file stores."""
    order = draw.permutation(3)
    signs = draw.choice([-1, 1], 3)
    columns = tilt(draw, 0.3) @ (np.eye(3)[order] * signs)
    shape = np.array(SHAPE)[::-1][np.argmax(np.abs(columns), axis=0)]
    spacing = np.ones(3)
    spacing[draw.integers(3)] = 8
    stored = np.arange(np.prod(shape), dtype=np.int16).reshape(shape)
    geometry = Geometry(tuple(shape), tuple(spacing), tuple(draw.normal(0, 50, 3)), columns.tolist())
    made = Volume.from_source_array(stored, geometry, name="turned", format="made", modality="CT")
    return made, stored


def tilt(draw, most) -> np.ndarray:
    """A rotation by some angle about some axis."""
    x, y, z = (way := draw.normal(size=3)) / np.linalg.norm(way)
    angle = draw.uniform(-most, most)
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    return np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross


def move(draw, image, axis, *, out_of_slice) -> np.ndarray:
    """Move a layer; return the matrix from index to world, by hand."""
    rows, columns = (a for a in range(3) if a != axis)
    angle = draw.uniform(-np.pi, np.pi)
    turn, lean, more = np.eye(3), np.zeros(3), np.eye(4)
    turn[np.ix_([rows, columns], [rows, columns])] = [
        [np.cos(angle), -np.sin(angle)],
        [np.sin(angle), np.cos(angle)],
    ]
    pairs = [(0, 1), (0, 2), (1, 2)]
    lean[pairs.index((rows, columns))] = draw.uniform(-0.6, 0.6)
    block = draw.normal(size=(2, 2))
    more[np.ix_([rows, columns], [rows, columns])] = (
        np.eye(2)[::-1] if abs(np.linalg.det(block)) < 0.3 else block
    )
    more[axis, axis] = draw.choice([-1.3, 0.7])
    more[:3, 3] = draw.normal(0, 30, 3)
    if out_of_slice:
        turn = tilt(draw, 1.0) @ turn
    scale = np.array(image.scale) * draw.uniform(0.5, 2, 3) * draw.choice([-1, 1], 3)
    start = draw.normal(0, 100, 3)
    for name, value in (("scale", scale), ("translate", start), ("rotate", turn)):
        setattr(image, name, value)
    image.shear, image.affine = lean, more
    sheared = np.eye(3)
    sheared[tuple(zip(*pairs, strict=True))] = lean
    inner = np.eye(4)
    inner[:3, :3], inner[:3, 3] = turn @ sheared @ np.diag(scale), start
    return more @ inner


def within_half_a_voxel(found, truth) -> bool:
    return bool((np.abs(np.asarray(found, float) - truth) <= 0.5 + 1e-6).all())


def places(draw, axis, index, count) -> np.ndarray:
    """Indices on a slice, at least a voxel from its edges and some voxels apart."""
    parts = (np.arange(count) + draw.uniform(0.3, 0.7, count)) / count
    found = np.array([1 + part * (np.array(SHAPE) - 3) for part in parts])
    found[:, axis] = index
    return found


@pytest.mark.filterwarnings("ignore:Non-orthogonal slicing")  # napari's own word on the refused
@pytest.mark.parametrize("number", range(VOLUMES))
def test_prompts_through_random_transforms_land_within_half_a_voxel(number):
    draw = np.random.default_rng(number)
    volume, stored = scan(draw)
    assert volume.array.shape == SHAPE
    desk = Desk(volume)
    scale = desk.image.scale
    for n in range(MOVES):
        axis, tilted = n % 3, n % 5 == 4
        desk.image.scale = scale
        matrix = move(draw, desk.image, axis, out_of_slice=tilted)
        index = int(draw.integers(1, SHAPE[axis] - 1))

        def world(at, matrix=matrix):
            return (matrix @ [*at, 1])[:3]

        spots = places(draw, axis, index, 7)
        (point,), box, line, around = spots[3:4], spots[1:3], spots[4:6], spots[[0, 6]]
        corners = np.tile(around[0], (4, 1))
        rows, columns = (a for a in range(3) if a != axis)
        corners[1:3, columns], corners[2:, rows] = around[1, columns], around[1, rows]
        desk.turn_to(axis, world(point)[axis])
        for tool, way in (("point", [point]), ("box", box), ("scribble", line), ("lasso", corners)):
            desk.mark(tool, *map(world, way))
        if tilted:
            assert desk.asked() == []
            assert "turned or sheared out of the slice" in desk.problems[-1]
            assert desk.scene._prompts.read() == {}, "what was refused is off the canvas"
            continue
        (prompts,) = desk.asked()
        print(number, n, axis, desk.problems, prompts, index, desk.scene._prompts._strokes._layer, desk.viewer.layers.selection.active)
        (clicked, *scribbled, deepest), (boxed, lassoed) = prompts.points, prompts.boxes
        assert np.abs(np.asarray(clicked.zyx) - point).max() < 1e-6
        i, j, k = np.rint(volume.index_to_source(clicked.voxel)).astype(int)
        assert stored[i, j, k] == volume.array[clicked.voxel]
        assert within_half_a_voxel(boxed.low_zyx, box.min(axis=0))
        assert within_half_a_voxel(boxed.high_zyx, box.max(axis=0))
        assert len(scribbled) >= 2
        for found, truth in zip(scribbled, np.linspace(*line, len(scribbled)), strict=True):
            assert within_half_a_voxel(found.zyx, truth)
        outer = np.where(np.arange(3) == axis, 0, 0.5)  # of the pixels whose middle it holds
        assert within_half_a_voxel(lassoed.low_zyx - outer, around.min(axis=0))
        assert within_half_a_voxel(lassoed.high_zyx + outer, around.max(axis=0))
        assert (around.min(axis=0) <= deepest.zyx).all()
        assert (deepest.zyx <= around.max(axis=0)).all()
        desk.panel.prompting.discard()
    assert not desk.problems or number >= 0
