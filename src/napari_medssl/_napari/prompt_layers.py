"""The layers that prompts are drawn on: napari points and boxes <-> `Prompts` by slice."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_medssl._napari.kept_upon import lay_on
from napari_medssl._napari.layers import PROMPTS, grid_of, lie_together
from napari_medssl._napari.mark_places import box_on_slice, corners_of, point_on_slice
from napari_medssl._napari.presenters.prompts.marks import Stroke
from napari_medssl._napari.slices import require_markable
from napari_medssl._napari.stroke_layer import STROKES, StrokeLayer
from napari_medssl.errors import PromptError
from napari_medssl.segment import PointPrompt, Prompts

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from napari.layers import Image, Points, Shapes

    from napari_medssl._napari.presenters.scene import Place, Tool
    from napari_medssl.segment import BoxPrompt, Plane

_SIGN_COLOURS = {"+": "lime", "-": "red"}
_SYMBOLS = {"+": "cross", "-": "x"}
_POINT = {"sign": "+", "axis": 0, "reading": 0, "answered": True}
_BOX_COLOUR = "#ffd75e"
_DONE = ("added", "removed", "changed")  # napari tells of every edit before and after


class PromptLayers:
    """Makes the prompt layers when they are first needed and reads them back by slice.

    Every prompt carries in its features the axis it was drawn across, because a point alone does
    not tell which of three slices through it was meant. Strokes leave nothing behind: what they
    mean comes back as points and boxes to be shown.

    Parameters
    ----------
    viewer : napari.Viewer
        Whose.
    changed : callable
        Called when a point or a box was added, moved or deleted.
    drawn : callable
        Called with what a tool drew that leaves no points or boxes by itself.
    refused : callable
        Called with the reason why what was just marked lies nowhere on the image.
    """

    def __init__(
        self,
        viewer: Any,
        changed: Callable[[], None],
        drawn: Callable[[Stroke], None],
        refused: Callable[[PromptError], None],
    ) -> None:
        self._viewer = viewer
        self._changed = changed
        self._drawn = drawn
        self._refused = refused
        self._strokes = StrokeLayer(viewer, drawn, self._may_mark)
        self._sign = "+"
        self._image: Image | None = None
        self._points: Points | None = None
        self._boxes: Shapes | None = None
        self._quiet = False

    def lay_over(self, image: Image | None) -> None:
        """Move to another image: layers of the one before are taken away."""
        for layer in (self._points, self._boxes):
            if layer is not None and layer in self._viewer.layers:
                self._viewer.layers.remove(layer)
        self._image, self._points, self._boxes = image, None, None
        self._strokes.lay_over(image)

    def take(self, tool: Tool, axis: int) -> None:
        """Let the mouse mark with a tool, on slices across an axis."""
        self._make()
        if tool in STROKES and self._image is not None:
            self._strokes.take(tool, self._where(self._image))
        elif tool == "box":
            self._take_boxes(axis)
        else:
            self._take_points("+" if tool == "point" else "-", axis)

    def draw(self, plane: Plane, path: Sequence[Place], inside: bool) -> None:
        """Mark on any slice with the tool in hand, as if the mouse had gone there."""
        self._drawn(Stroke(self.tool(), plane, path, inside))

    def _take_points(self, sign: str, axis: int) -> None:
        if self._points is None:
            return
        self._sign = sign
        self._next_point(sign, axis)
        self._viewer.layers.selection.active = self._points
        self._points.mode = "add"

    def _take_boxes(self, axis: int) -> None:
        if self._boxes is None:
            return
        self._boxes.feature_defaults = {"axis": axis}
        self._viewer.layers.selection.active = self._boxes
        self._boxes.selected_data = set()
        self._boxes.mode = "add_rectangle"

    def turn(self, axis: int) -> None:
        """Tell new prompts across which axis they are drawn."""
        if self._points is not None:
            self._next_point(self._sign, axis)
        if self._boxes is not None:
            self._boxes.feature_defaults = {"axis": axis}

    def tool(self) -> Tool:
        """Which prompt tool the mouse holds; "look" when none."""
        active, points, boxes = self._viewer.layers.selection.active, self._points, self._boxes
        if points is not None and active is points and points.mode == "add":
            return "point" if self._sign == "+" else "not-point"
        if boxes is not None and active is boxes and boxes.mode == "add_rectangle":
            return "box"
        return self._strokes.tool()

    def read(self) -> dict[Plane, Prompts]:
        """Return all prompts by the slice they were drawn on.

        Raises
        ------
        PromptError
            If one lies beside the image, or they contradict each other.
        """
        points: dict[Plane, list[PointPrompt]] = {}
        boxes: dict[Plane, list[BoxPrompt]] = {}
        if self._image is None:
            return {}
        last = np.asarray(self._image.data.shape[:3]) - 1
        if self._points is not None:
            rows = self._points.features
            marks = zip(*(rows[name] for name in _POINT), strict=True)
            for at, (sign, axis, reading, answered) in zip(self._points.data, marks, strict=True):
                plane, zyx = point_on_slice(at, int(axis), last)
                point = PointPrompt(zyx, sign == "+", int(reading), bool(answered))
                points.setdefault(plane, []).append(point)
        if self._boxes is not None:
            for corners, axis in zip(self._boxes.data, self._boxes.features["axis"], strict=True):
                plane, box = box_on_slice(np.asarray(corners), int(axis), last)
                boxes.setdefault(plane, []).append(box)
        return {
            plane: Prompts(tuple(points.get(plane, ())), tuple(boxes.get(plane, ())))
            for plane in {**points, **boxes}
        }

    def show(self, prompts: Mapping[Plane, Prompts]) -> None:
        """Draw exactly these prompts, without telling of it."""
        if prompts:
            active = self._viewer.layers.selection.active
            self._make()
            self._viewer.layers.selection.active = active
        self._quiet = True
        try:
            self._lay_back()
            self._show_points(prompts)
            self._show_boxes(prompts)
        finally:
            self._quiet = False

    def _show_points(self, prompts: Mapping[Plane, Prompts]) -> None:
        if self._points is None:
            return
        axis = self._points.feature_defaults["axis"].iloc[0]
        self._points.selected_data = set(range(len(self._points.data)))
        self._points.remove_selected()
        marks = [
            (("+" if p.positive else "-", plane.axis, p.reading, p.answered), p.zyx)
            for plane, all_ in prompts.items()
            for p in all_.points
        ]
        for alike, run in groupby(marks, lambda mark: mark[0]):
            self._next_point(*alike)
            self._points.add([place for _, place in run])  # at once: napari is slow at each
        self._next_point(self._sign, axis)

    def _next_point(self, sign: str, axis: int, reading: int = 0, answered: bool = True) -> None:
        """Say what the next point is; nothing may be selected, or napari changes that too."""
        if self._points is not None:
            self._points.selected_data = set()
            values = (sign, axis, reading, answered)
            self._points.feature_defaults = dict(zip(_POINT, values, strict=True))
            self._points.current_symbol = _SYMBOLS[sign]

    def _show_boxes(self, prompts: Mapping[Plane, Prompts]) -> None:
        layer = self._boxes
        if layer is None:
            return
        axis_now = layer.feature_defaults["axis"].iloc[0]
        layer.selected_data = set(range(len(layer.data)))
        layer.remove_selected()
        for plane, all_ in prompts.items():
            for box in all_.boxes:
                layer.feature_defaults = {"axis": plane.axis}
                layer.add_rectangles(corners_of(box, plane.axis))
        layer.feature_defaults = {"axis": axis_now}

    def _make(self) -> None:
        """Make the layers that are missing, or that the user has deleted."""
        if self._image is None:
            return
        where = self._where(self._image)
        if self._points is None or self._points not in self._viewer.layers:
            self._points = self._viewer.add_points(
                np.empty((0, 3)),
                name="Prompts: points",
                features={name: np.empty(0, type(value)) for name, value in _POINT.items()},
                feature_defaults=_POINT,
                face_color="sign",
                face_color_cycle=_SIGN_COLOURS,
                border_color="sign",  # crosses are drawn in the border's colour alone
                border_color_cycle=_SIGN_COLOURS,
                size=max(self._image.data.shape[:3]) / 25,
                canvas_size_limits=(14, 18),
                **where,
            )
            self._points.mouse_drag_callbacks.insert(0, self._on_press)
            self._points.events.data.connect(self._tell)
            self._points.events.features.connect(self._unselect)
        if self._boxes is None or self._boxes not in self._viewer.layers:
            self._boxes = self._viewer.add_shapes(
                ndim=3,
                name="Prompts: boxes",
                features={"axis": np.empty(0, int)},
                feature_defaults={"axis": 0},
                face_color="transparent",
                edge_color=_BOX_COLOUR,
                edge_width=max(self._image.data.shape[:3]) / 250,
                **where,
            )
            self._boxes.mouse_drag_callbacks.insert(0, self._on_press_box)
            self._boxes.events.data.connect(self._tell)

    def _where(self, image: Image) -> dict[str, Any]:
        """Options of a layer over the image that leads back here."""
        where = grid_of(image)
        return {**where, "metadata": {**where["metadata"], PROMPTS: self}}

    def _on_press(self, layer: Points, event: Any) -> None:
        """With Shift, a click says what to leave out; without, what the tool says."""
        if layer.mode == "add" and not self._may_mark():
            layer.mode = "pan_zoom"
        elif layer.mode == "add":
            axis = int(layer.feature_defaults["axis"].iloc[0])
            self._next_point("-" if "Shift" in event.modifiers else self._sign, axis)

    def _on_press_box(self, layer: Shapes, _: Any) -> None:
        if layer.mode == "add_rectangle" and not self._may_mark():
            layer.mode = "pan_zoom"

    def _unselect(self) -> None:
        """Take napari's blue highlight off a point just added: it hides the point's colour."""
        if self._points is not None and self._points.mode == "add":
            self._points.selected_data = set()

    def _tell(self, event: Any) -> None:
        if self._quiet or str(event.action) not in _DONE:
            return
        if str(event.action) == "removed" or self._may_mark():
            self._changed()

    def _may_mark(self) -> bool:
        """Whether a mark lies where the mouse was; says why not."""
        try:
            require_markable(self._viewer, self._image)
            self._require_in_place()
        except PromptError as error:
            self._refused(error)
            return False
        return True

    def _require_in_place(self) -> None:
        """Refuse marks on a layer that the user has moved; it is put back as they are shown."""
        for layer in (self._points, self._boxes):
            if layer is None or self._image is None:
                continue
            if not lie_together(layer, self._image):
                raise PromptError(
                    f"the layer '{layer.name}' was moved away from its image",
                    do="It is put back: mark it again",
                )

    def _lay_back(self) -> None:
        for layer in (self._points, self._boxes):
            if layer is not None and self._image is not None:
                lay_on(layer, self._image)
