"""Three planes with one crosshair: axial, coronal and sagittal, in step with the canvas."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from napari_medssl._napari.orientation import PLANES, camera_orientation, letters_in_plane
from napari_medssl._napari.presenters.planes.cut import Cut
from napari_medssl._napari.presenters.planes.marks import PlaneMark, marks_on, places_of
from napari_medssl._napari.presenters.planes.sheet import draw_sheets
from napari_medssl.segment.prompts import Plane
from napari_medssl.volume.sides import EdgeLetters

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from napari_medssl._napari.presenters.planes.marks import Spot
    from napari_medssl._napari.presenters.planes.sheet import Sheet
    from napari_medssl._napari.presenters.scene import Place, Tool
    from napari_medssl.segment.prompts import Prompts
    from napari_medssl.volume import Volume

Point = tuple[float, float, float]
_SIDES = (("L", "R"), ("P", "A"), ("S", "I"))
_NO_SHAPE = (1, 1, 1)


@dataclass(frozen=True, eq=False)
class PlaneDrawing:
    """One plane, ready to be shown.

    Parameters
    ----------
    picture : (rows, columns, 3) uint8 array
        Its colours.
    size_mm : tuple of float
        Height and width of what the picture shows.
    cross : tuple of float
        Where the crosshair is: parts of the height and of the width.
    letters : EdgeLetters
        Sides of the patient beyond the edges; empty where they are not known.
    title : str
        Which slice, and which is the last, counted as napari's slider does.
    marks : tuple of PlaneMark
        The prompts on this slice.
    """

    picture: NDArray[np.uint8]
    size_mm: tuple[float, float]
    cross: tuple[float, float]
    letters: EdgeLetters
    title: str
    marks: tuple[PlaneMark, ...] = ()


class PlanesView(Protocol):
    """Three pictures and a line of words."""

    def show_planes(self, drawings: dict[str, PlaneDrawing]) -> None:
        """Show planes, by "axial", "coronal" and "sagittal"; none when empty."""

    def show_words(self, words: str) -> None:
        """Show where the crosshair is, or why there is nothing to see."""

    def pixels_of(self, plane: str) -> tuple[int, int]:
        """Height and width in pixels that all of a plane's picture has."""

    def draw_soon(self) -> None:
        """Call `PlanesPresenter.draw` soon; asking often is asking once."""


class PlanesCanvas(Protocol):
    """napari's canvas, as far as the three planes are concerned."""

    @property
    def volume(self) -> Volume | None:
        """The image in hand, if it is one of ours."""

    @property
    def point(self) -> Point:
        """Where the canvas is, as an index (z, y, x) into the image, not rounded."""

    def go_to(self, point: Point) -> None:
        """Turn the canvas to an index."""

    def sheets(self) -> Sequence[Sheet]:
        """Everything that is seen over the image in hand, itself first."""

    @property
    def tool(self) -> Tool:
        """Which prompt tool the mouse holds; "look" when none."""

    @property
    def prompts(self) -> Mapping[Plane, Prompts]:
        """The prompts on the image in hand that are not kept yet."""

    def draw(self, plane: Plane, path: Sequence[Place], inside: bool) -> None:
        """Mark on a slice with the tool in hand."""


class PlanesPresenter:
    """Draws what has changed, and turns the canvas to where the user points.

    A picture is made anew when its slice changes, or anything that lies on it: what a stroke
    changes is drawn on the images as they were. Moving the crosshair within a slice moves lines.
    """

    def __init__(self, view: PlanesView, canvas: PlanesCanvas) -> None:
        self._view = view
        self._canvas = canvas
        self._sheets: Sequence[Sheet] = ()
        self._images: dict[Cut, NDArray[np.uint8]] = {}
        self._pictures: dict[Cut, NDArray[np.uint8]] = {}

    def look_changed(self) -> None:
        """React to other images, windows, colours or layers."""
        self._images = {}
        self.labels_changed()

    def labels_changed(self) -> None:
        """React to a stroke, or other colours of labels."""
        self._sheets, self._pictures = (), {}
        self._view.draw_soon()

    def point_changed(self) -> None:
        """React to another slice on the canvas."""
        self._view.draw_soon()

    def marks_changed(self) -> None:
        """React to a prompt that was added, moved or deleted."""
        self._view.draw_soon()

    @property
    def tool(self) -> Tool:
        """Which prompt tool the mouse holds here too; "look" when none."""
        return self._canvas.tool

    def draw(self) -> None:
        """Show the planes as they are now."""
        volume = self._canvas.volume
        why_not = _why_not(volume)
        if volume is None or why_not:
            self._view.show_planes({})
            self._view.show_words(why_not)
            return
        self._sheets = self._sheets or tuple(self._canvas.sheets())
        point = self._point(volume)
        cuts = {plane: self._cut(volume, plane, point) for plane in PLANES}
        self._draw(tuple(cuts.values()))
        self._view.show_planes(
            {plane: self._drawing(volume, plane, cut, point) for plane, cut in cuts.items()}
        )
        self._view.show_words(place_words(volume, point))

    def go_to(self, plane: str, down: float, right: float) -> None:
        """Move the crosshair within a plane, to parts of the picture's height and width."""
        volume = self._canvas.volume
        if volume is not None:
            _, vertical, horizontal = PLANES[plane]
            at = list(self._point(volume))
            upright = 1 - down if vertical == 0 else down
            for axis, part in ((vertical, upright), (horizontal, right)):
                most = volume.geometry.shape[axis]
                at[axis] = min(max(np.floor(part * most), 0), most - 1)
            self._canvas.go_to((at[0], at[1], at[2]))

    def mark(self, plane: str, spots: Sequence[Spot], inside: bool) -> None:
        """Mark on the slice that a plane shows, with the prompt tool in hand."""
        volume = self._canvas.volume
        if volume is not None:
            order, shape = PLANES[plane], volume.geometry.shape
            index = round(self._point(volume)[order[0]])
            path = places_of(spots, order, index, shape)
            self._canvas.draw(Plane(order[0], index), path, inside)

    def turn(self, plane: str, steps: int) -> None:
        """Turn a plane so many slices on: towards the head, the back or the patient's left."""
        volume = self._canvas.volume
        if volume is not None:
            sliced = PLANES[plane][0]
            at = list(self._point(volume))
            at[sliced] = min(max(round(at[sliced]) + steps, 0), volume.geometry.shape[sliced] - 1)
            self._canvas.go_to((at[0], at[1], at[2]))

    def _draw(self, cuts: Sequence[Cut]) -> None:
        """Draw what is not drawn yet, and forget what is not shown any more."""
        images = [sheet for sheet in self._sheets if not sheet.is_labels]
        labels = [sheet for sheet in self._sheets if sheet.is_labels]
        known, self._images = self._images, {}
        for cut in cuts:
            self._images[cut] = known[cut] if cut in known else draw_sheets(images, cut)
        shown, self._pictures = self._pictures, {}
        for cut in cuts:
            self._pictures[cut] = (
                shown[cut] if cut in shown else draw_sheets(labels, cut, self._images[cut])
            )

    def _point(self, volume: Volume) -> Point:
        """Where the crosshair is, inside the image wherever the canvas is."""
        shape = volume.geometry.shape
        z, y, x = (
            min(max(at, 0.0), n - 1.0) for at, n in zip(self._canvas.point, shape, strict=True)
        )
        return z, y, x

    def _cut(self, volume: Volume, plane: str, point: Point) -> Cut:
        order, shape = PLANES[plane], volume.geometry.shape
        rows, columns = (  # more voxels than pixels are work that nobody sees
            max(1, shape[axis] // max(1, pixels))
            for axis, pixels in zip(order[1:], self._view.pixels_of(plane), strict=True)
        )
        return Cut(shape, order, round(point[order[0]]), (rows, columns))

    def _drawing(self, volume: Volume, plane: str, cut: Cut, point: Point) -> PlaneDrawing:
        sliced, down, across = cut.order
        shape, spacing = volume.geometry.shape, volume.geometry.spacing_mm
        from_top = (round(point[down]) + 0.5) / shape[down]
        letters = letters_in_plane(volume.geometry, cut.order, camera_orientation(cut.order))
        return PlaneDrawing(
            self._pictures[cut],
            (shape[down] * spacing[down], shape[across] * spacing[across]),
            (1 - from_top if down == 0 else from_top, (round(point[across]) + 0.5) / shape[across]),
            letters if volume.orientation_known else EdgeLetters(),
            f"{plane.capitalize()} {cut.index} | {shape[sliced] - 1}",
            marks_on(self._canvas.prompts, cut.order, cut.index, shape),
        )


def place_words(volume: Volume, point: Point) -> str:
    """Tell where an index (z, y, x) lies in the patient, in mm, and the value of its voxel."""
    z, y, x = (round(at) for at in point)
    value = volume.array[..., z, y, x]
    colours = " ".join(str(v) for v in np.atleast_1d(value))
    units = f" {volume.units}" if volume.units else ""
    words = f"Voxel {x}, {y}, {z}   Value {colours}{units}"
    if not (volume.spacing_known and volume.orientation_known):
        return words
    world = volume.geometry.to_world((z, y, x))
    places = (
        f"{side[0 if mm >= 0 else 1]} {abs(mm):.1f}" for side, mm in zip(_SIDES, world, strict=True)
    )
    return f"{'   '.join(places)} mm   {words}"


def _why_not(volume: Volume | None) -> str:
    if volume is None:
        return "Open a scan to see it in three planes."
    if volume.stack == "time":
        return "This is a cine: its third axis is time, so there are no other planes."
    if min(volume.geometry.shape) < 2:
        return "This is a single slice: there are no other planes."
    return ""
