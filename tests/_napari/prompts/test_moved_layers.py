"""Prompts on layers that the user moved, scaled, turned or sheared: the right voxel or a sentence.

The mouse is given places in napari's world; where they lie in the image is worked out here with a
4 x 4 matrix, made by hand from what the layer was told.
"""

from __future__ import annotations

from types import SimpleNamespace
from unittest.mock import MagicMock

import numpy as np
import pytest

pytestmark = pytest.mark.gui
pytest.importorskip("napari")

from napari.components import ViewerModel  # noqa: E402
from napari.layers import Image, Labels, Points, Shapes  # noqa: E402
from napari.utils.interactions import (  # noqa: E402
    mouse_move_callbacks,
    mouse_press_callbacks,
    mouse_release_callbacks,
)
from panel_fakes import make_volume  # noqa: E402
from wrapt import ObjectProxy  # noqa: E402

from napari_medssl._napari.kept_upon import lay_on  # noqa: E402
from napari_medssl._napari.layers import image_layer, lie_together  # noqa: E402
from napari_medssl._napari.mark_places import box_on_slice, point_on_slice  # noqa: E402
from napari_medssl._napari.presenters.prompts.marks import Stroke, drawn_prompts  # noqa: E402
from napari_medssl._napari.scan_over import scan_over_layer  # noqa: E402
from napari_medssl._napari.scene import ViewerScene  # noqa: E402
from napari_medssl._napari.slices import plane_on_screen, require_markable  # noqa: E402
from napari_medssl._napari.stroke_layer import place_under  # noqa: E402
from napari_medssl.errors import GeometryError, PromptError  # noqa: E402
from napari_medssl.segment import BoxPrompt, Plane, PointPrompt  # noqa: E402
from napari_medssl.volume import Geometry, Volume  # noqa: E402

SHAPE = (9, 20, 24)
VOLUMES, MOVES = 5, 20


class Desk:
    """A viewer without a window, a mouse, and what it marks on its way to the segmenter."""

    def __init__(self, volume: Volume) -> None:
        self.viewer = ViewerModel()
        self.scene = ViewerScene(self.viewer)
        self.scene.add_image(volume)
        self.image = self.viewer.layers[0]
        self.refused: list[str] = []
        self.changed: list[dict] = []
        self.strokes: list[Stroke] = []
        listener = MagicMock()
        listener.prompts_changed = self.changed.append
        listener.stroke_drawn = self.strokes.append
        listener.prompts_refused = lambda error: self.refused.append(str(error))
        self.scene.listen(listener)

    def take(self, tool, kind):
        self.scene.use_tool(tool)
        return self.layer(kind)

    def layer(self, kind, name=""):
        return next(la for la in self.viewer.layers if isinstance(la, kind) and name in la.name)

    def turn_to(self, axis, world) -> None:
        self.viewer.dims.order = (axis, *(a for a in range(3) if a != axis))
        self.viewer.dims.set_point(axis, world)

    def mark(self, tool, *places) -> None:
        """Press at a place in napari's world, drag through others, let go at the last."""
        self.scene.use_tool(tool)
        layer = self.viewer.layers.selection.active
        layer.scale_factor = 1e-3  # seen from near: napari draws no boxes of a few screen pixels
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
            send(layer, ObjectProxy(event))  # napari puts the next event into it as the mouse moves


def scan(draw) -> tuple[Volume, np.ndarray]:
    """A volume from a file with turned axes, 8:1 voxels, and what the file stores."""
    order = draw.permutation(3)
    signs = draw.choice([-1, 1], 3)
    columns = tilt(draw, 0.3) @ (np.eye(3)[order] * signs)
    shape = np.array(SHAPE)[::-1][np.argmax(np.abs(columns), axis=0)]
    spacing = np.ones(3)
    spacing[draw.integers(3)] = 8
    stored = np.arange(np.prod(shape), dtype=np.int16).reshape(shape)
    geometry = Geometry(
        tuple(shape), tuple(spacing), tuple(draw.normal(0, 50, 3)), columns.tolist()
    )
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
    with image.events.blocker_all():  # told once, at the end: quicker
        image.scale, image.translate, image.rotate, image.shear = scale, start, turn, lean
    image.affine = more
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


def screen(axis, world) -> SimpleNamespace:
    """A viewer that shows the slice across an axis at a place in napari's world."""
    order = (axis, *(a for a in range(3) if a != axis))
    dims = SimpleNamespace(ndim=3, ndisplay=2, order=order, point=tuple(world), units=None)
    return SimpleNamespace(dims=dims)


def corners(one, other, axis) -> np.ndarray:
    """Those of a rectangle on a slice, in order around it."""
    rows, columns = (a for a in range(3) if a != axis)
    found = np.tile(one, (4, 1))
    found[1:3, columns], found[2:, rows] = other[columns], other[rows]
    return found


@pytest.mark.filterwarnings("ignore:Non-orthogonal slicing")  # napari's own word on the refused
@pytest.mark.parametrize("number", range(VOLUMES))
def test_prompts_through_random_transforms_land_within_half_a_voxel(number):
    """A hundred in all, on oblique volumes with turned axes and 8:1 voxels."""
    draw = np.random.default_rng(number)
    volume, stored = scan(draw)
    assert volume.array.shape == SHAPE
    data, options, _ = image_layer(volume)
    image, marks = Image(data, **options), Points(ndim=3)
    last = np.array(SHAPE) - 1
    for n in range(MOVES):
        axis, tilted = n % 3, n % 5 == 4
        image.scale = options["scale"]
        matrix = move(draw, image, axis, out_of_slice=tilted)
        lay_on(marks, image)
        spots = places(draw, axis, int(draw.integers(1, SHAPE[axis] - 1)), 7)
        point, box, line, around = spots[3], spots[1:3], spots[4:6], spots[[0, 6]]

        def world(at, matrix=matrix):
            return (matrix @ [*at, 1])[:3]

        viewer = screen(axis, world(point))
        if tilted:
            with pytest.raises(PromptError, match="turned or sheared out of the slice"):
                require_markable(viewer, image)
            continue
        require_markable(viewer, image)
        plane, zyx = point_on_slice(marks.world_to_data(world(point)), axis, last)
        assert plane == Plane(axis, round(point[axis])) == plane_on_screen(viewer, image)
        assert np.abs(zyx - point).max() < 1e-6
        clicked = PointPrompt(zyx).voxel
        i, j, k = np.rint(volume.index_to_source(clicked)).astype(int)
        assert stored[i, j, k] == volume.array[clicked]

        drawn = corners(*(marks.world_to_data(world(at)) for at in box), axis)
        boxed = box_on_slice(drawn, axis, last)[1]
        assert within_half_a_voxel(boxed.low_zyx, box.min(axis=0))
        assert within_half_a_voxel(boxed.high_zyx, box.max(axis=0))

        path = [place_under(image, SimpleNamespace(position=world(at))) for at in line]
        scribbled = [p.zyx for p in drawn_prompts(Stroke("scribble", plane, path), SHAPE).points]
        assert len(scribbled) >= 2
        for at in scribbled:  # up to six places evenly along the line
            parts = {n / (count - 1) for count in range(2, 7) for n in range(count)}
            assert any(within_half_a_voxel(at, line[0] + p * (line[1] - line[0])) for p in parts)
        assert within_half_a_voxel([scribbled[0], scribbled[-1]], line)

        way = [world(at) for at in corners(*around, axis)]
        path = [place_under(image, SimpleNamespace(position=at)) for at in way]
        found = drawn_prompts(Stroke("lasso", plane, path), SHAPE)
        ((deepest,), (lassoed,)) = found.points, found.boxes
        outer = np.where(np.arange(3) == axis, 0, 0.5)  # of the pixels whose middle it holds
        assert within_half_a_voxel(lassoed.low_zyx - outer, around.min(axis=0))
        assert within_half_a_voxel(lassoed.high_zyx + outer, around.max(axis=0))
        assert (around.min(axis=0) <= deepest.zyx).all()
        assert (deepest.zyx <= around.max(axis=0)).all()


@pytest.fixture
def desk():
    return Desk(make_volume(SHAPE))


def test_with_the_mouse_on_an_image_moved_after_the_first_mark(desk):
    """Every layer goes along, so old marks stay on their voxels and new ones find theirs."""
    desk.mark("point", desk.image.data_to_world((4, 6, 7)))
    mask = desk.scene.start_mask()
    mask.array[4, 6, 7] = 1
    matrix = move(np.random.default_rng(1), desk.image, 0, out_of_slice=False)
    for layer in desk.viewer.layers:
        assert lie_together(layer, desk.image)
    at = [(matrix @ [4, *place, 1])[:3] for place in ((2, 3), (14.2, 16.8), (9, 9))]
    desk.turn_to(0, at[0][0])
    desk.mark("box", *at[:2])
    ((plane, here),) = desk.changed[-1].items()
    assert plane == Plane(0, 4)
    assert np.allclose(here.points[0].zyx, (4, 6, 7))
    assert here.boxes == (BoxPrompt((4, 2, 3), (4, 14, 17)),)
    desk.mark("scribble", at[0], at[2])
    assert np.allclose(desk.strokes[-1].path[-1], (4, 9, 9))
    assert desk.scene.read_mask()[4, 6, 7] == 1, "it lies on its image, so it may be saved"
    desk.layer(Labels).affine = np.diag([1, 2, 1, 1])
    with pytest.raises(GeometryError, match="moved or stretched"):
        desk.scene.read_mask()


@pytest.mark.filterwarnings("ignore:Non-orthogonal slicing")  # napari's own word on the same
def test_with_the_mouse_on_an_image_turned_out_of_the_slice_nothing_is_marked(desk):
    desk.image.rotate = (0, 10, 0)
    for tool in ("point", "box", "scribble"):
        desk.mark(tool, (9, 6, 7), (9, 8, 9))
        assert "turned or sheared out of the slice" in desk.refused[-1]
    assert len(desk.refused) == 3
    assert desk.changed == desk.strokes == []
    assert desk.scene._prompts.read() == {}


def test_a_mark_where_the_image_is_not_is_a_sentence(desk):
    points, boxes = (desk.take(tool, kind) for tool, kind in (("point", Points), ("box", Shapes)))
    points.add([4, -0.6, 7])
    boxes.add_rectangles([[4, 30, 3], [4, 30, 9], [4, 40, 9], [4, 40, 3]])
    assert desk.refused == ["a mark beside the image. Draw on the image."] * 2
    desk.scene.show_prompts({})
    points.translate = (0, 50, 0)
    points.add([4, 6, 7])
    assert "was moved away from its image" in desk.refused[-1]
    desk.scene.show_prompts({})
    assert lie_together(points, desk.image), "it is put back"
    desk.viewer.dims.ndisplay = 3
    points.add([4, 6, 7])
    assert "a mark in 3-D" in desk.refused[-1]
    assert not desk.changed


def test_layers_in_other_units_beside_the_image_are_a_sentence(desk):
    viewer = screen(0, (3, 0, 0))
    viewer.dims.units = ("um", "um", "um")
    with pytest.raises(PromptError, match="layers in um beside an image in millimeter"):
        require_markable(viewer, desk.image)
    viewer = screen(0, desk.image.data_to_world((SHAPE[0] + 1, 0, 0)))
    with pytest.raises(PromptError, match="no slice"):
        require_markable(viewer, desk.image)


def test_a_second_scan_lies_right_over_an_image_that_was_moved_by_hand(desk):
    desk.image.affine = np.diag([1, 2, -1, 1.0]) + np.eye(4, k=3) * 30
    data, options, _ = scan_over_layer(make_volume(SHAPE), desk.image)
    assert lie_together(Image(data, **options), desk.image)
