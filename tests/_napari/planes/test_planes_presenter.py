"""The three planes' decisions, without a window."""

from __future__ import annotations

import numpy as np
import pytest
from panel_fakes import make_volume

from napari_medssl._napari.presenters.planes.panel import PlanesPresenter, place_words
from napari_medssl._napari.presenters.planes.sheet import Sheet
from napari_medssl.segment import BoxPrompt, Plane, PointPrompt, Prompts
from napari_medssl.volume import Geometry, Volume, Window
from napari_medssl.volume.sides import EdgeLetters

GREYS = np.stack([np.arange(256, dtype=np.uint8)] * 3 + [np.full(256, 255, np.uint8)], axis=-1)


class FakeView:
    def __init__(self) -> None:
        self.planes: dict = {}
        self.words, self.asked, self.pixels = "", 0, (200, 300)

    def show_planes(self, drawings) -> None:
        self.planes = drawings

    def show_words(self, words) -> None:
        self.words = words

    def pixels_of(self, plane):
        return self.pixels

    def draw_soon(self) -> None:
        self.asked += 1


class FakeCanvas:
    def __init__(self, volume) -> None:
        self.volume, self.point, self.read = volume, (2.0, 10.0, 20.0), 0
        self.tool, self.prompts, self.drawn = "look", {}, []

    def draw(self, plane, path, inside) -> None:
        self.drawn.append((plane, path, inside))

    def go_to(self, point) -> None:
        self.point = point

    def sheets(self):
        self.read += 1
        return [Sheet(self.volume.array, GREYS, Window(0, 4000))]


def shown(volume=None):
    view, canvas = FakeView(), FakeCanvas(make_volume() if volume is None else volume)
    presenter = PlanesPresenter(view, canvas)
    presenter.draw()
    return presenter, view, canvas


def test_each_plane_has_its_size_letters_and_slice():
    _, view, _ = shown()  # 6 x 20 x 30 voxels of 3 x 2 x 1 mm
    sizes = {plane: drawn.size_mm for plane, drawn in view.planes.items()}
    assert sizes == {"axial": (40, 30), "coronal": (18, 30), "sagittal": (18, 40)}
    assert view.planes["axial"].letters == EdgeLetters("R", "L", "A", "P")
    assert view.planes["coronal"].letters == EdgeLetters("R", "L", "S", "I")
    assert view.planes["sagittal"].letters == EdgeLetters("A", "P", "S", "I")
    assert [d.title for d in view.planes.values()] == [
        "Axial 2 | 5",
        "Coronal 10 | 19",
        "Sagittal 20 | 29",
    ]


def test_a_click_moves_the_canvas_to_the_voxel_clicked():
    presenter, view, canvas = shown()
    presenter.go_to("axial", 0.26, 0.51)
    assert canvas.point == (2, 5, 15)
    presenter.go_to("coronal", 0.0, 1.0)  # the head is above
    assert canvas.point == (5, 5, 29)
    presenter.go_to("sagittal", 0.99, 0.0)
    assert canvas.point == (0, 0, 29)
    presenter.draw()
    assert view.planes["coronal"].cross == (1 - 0.5 / 6, 29.5 / 30)
    assert view.planes["axial"].cross == (0.5 / 20, 29.5 / 30)


@pytest.mark.parametrize(
    ("plane", "at", "place"),
    [
        ("axial", (0.275, 0.55), (2, 5, 16)),
        ("coronal", (0.25, 0.55), (4, 10, 16)),  # the head is above
        ("sagittal", (0.25, 0.275), (4, 5, 20)),
    ],
)
def test_what_is_drawn_on_a_plane_is_drawn_on_its_slice_and_comes_back_there(plane, at, place):
    presenter, view, canvas = shown()
    canvas.tool = "scribble"
    assert presenter.tool == "scribble"
    presenter.mark(plane, [at, at], False)
    ((where, path, inside),) = canvas.drawn
    axis = ("axial", "coronal", "sagittal").index(plane)
    assert where == Plane(axis, (2, 10, 20)[axis])
    assert np.allclose(path, [place] * 2)
    assert not inside
    canvas.prompts = {where: Prompts((PointPrompt(place, positive=False),))}
    presenter.marks_changed()
    presenter.draw()
    (mark,) = view.planes[plane].marks
    assert np.allclose(mark.spots, [at])
    assert not mark.positive
    others = set(view.planes) - {plane}
    assert not any(view.planes[other].marks for other in others)


def test_a_box_is_framed_with_its_outermost_voxels():
    presenter, view, canvas = shown()
    canvas.prompts = {Plane(1, 10): Prompts(boxes=(BoxPrompt((0, 10, 15), (2, 10, 29)),))}
    presenter.draw()
    (mark,) = view.planes["coronal"].marks
    assert np.allclose(mark.spots, [(1.0, 0.5), (0.5, 1.0)])


def test_the_wheel_turns_slices_and_stops_at_the_ends():
    presenter, _, canvas = shown()
    for plane, steps, point in (
        ("axial", 2, (4, 10, 20)),
        ("axial", 9, (5, 10, 20)),
        ("sagittal", -30, (5, 10, 0)),
    ):
        presenter.turn(plane, steps)
        assert canvas.point == point


def test_only_what_changed_is_drawn_anew():
    presenter, view, canvas = shown()
    before = {plane: drawn.picture for plane, drawn in view.planes.items()}
    canvas.point = (3.0, 10.0, 20.0)
    presenter.point_changed()
    presenter.draw()
    same = {plane for plane, drawn in view.planes.items() if drawn.picture is before[plane]}
    assert same == {"coronal", "sagittal"}
    assert view.planes["coronal"].cross[0] == 1 - 3.5 / 6, "its line moves"
    assert canvas.read == 1
    presenter.look_changed()
    presenter.draw()
    assert all(drawn.picture is not before[plane] for plane, drawn in view.planes.items())
    assert (canvas.read, view.asked) == (2, 2)


def test_a_stroke_is_drawn_on_the_images_as_they_were():
    presenter, view, canvas = shown()
    labels = np.zeros(canvas.volume.geometry.shape, np.uint8)
    red = np.array([(0, 0, 0, 0), (255, 0, 0, 255)], np.uint8)
    grey = canvas.sheets()[0]
    canvas.sheets = lambda: [grey, Sheet(labels, red)]
    presenter.look_changed()
    presenter.draw()
    before = view.planes["axial"].picture.copy()
    labels[2, 3, 4] = 1
    presenter.labels_changed()
    presenter.draw()
    after = view.planes["axial"].picture
    assert after[3, 4].tolist() == [255, 0, 0]
    after[3, 4] = before[3, 4]
    assert np.array_equal(before, after)
    labels[2, 3, 4] = 0
    presenter.labels_changed()
    presenter.draw()
    assert np.array_equal(view.planes["axial"].picture, before)


def test_no_more_voxels_are_read_than_there_are_pixels():
    _, view, _ = shown(make_volume((2000, 4, 4)))
    assert view.planes["coronal"].picture.shape == (200, 4, 3)
    assert view.planes["coronal"].size_mm == (6000, 4)


def test_a_canvas_outside_of_the_image_shows_its_edge():
    presenter, view, canvas = shown()
    canvas.point = (-7.0, 90.0, 3.4)
    presenter.draw()
    assert view.planes["axial"].title == "Axial 0 | 5"
    assert view.planes["coronal"].title == "Coronal 19 | 19"


@pytest.mark.parametrize(
    ("volume", "words"),
    [
        (make_volume((1, 20, 30)), "single slice"),
        (make_volume(stack="time"), "cine"),
    ],
    ids=["one slice", "cine"],
)
def test_what_has_no_other_planes_is_told(volume, words):
    _, view, _ = shown(volume)
    assert view.planes == {}
    assert words in view.words


def test_without_an_image_it_says_what_to_do():
    view, canvas = FakeView(), FakeCanvas(None)
    PlanesPresenter(view, canvas).draw()
    assert view.words == "Open a scan to see it in three planes."


def test_no_letters_and_no_millimetres_where_they_are_not_known():
    _, view, _ = shown(make_volume(orientation_known=False, spacing_known=False))
    assert view.planes["axial"].letters == EdgeLetters()
    assert "mm" not in view.words


def test_the_place_is_told_in_the_patient_s_own_directions():
    volume = make_volume()
    assert place_words(volume, (2, 10, 20)) == (
        f"L 20.0   P 20.0   S 6.0 mm   Voxel 20, 10, 2   Value {volume.array[2, 10, 20]} HU"
    )
    moved = Volume.from_source_array(
        volume.array, Geometry((6, 20, 30), (3, 2, 1), (-50.0, -50.0, -50.0)), name="", format=""
    )
    assert place_words(moved, (0, 0, 0)).startswith("R 50.0   A 50.0   I 50.0 mm")


def test_an_oblique_scan_has_two_letters_at_an_edge():
    lean = np.radians(20)
    direction = (
        (0.0, 0.0, 1.0),
        (np.sin(lean), np.cos(lean), 0.0),
        (np.cos(lean), -np.sin(lean), 0.0),
    )
    volume = Volume.from_source_array(
        make_volume().array,
        Geometry((6, 20, 30), (3, 2, 1), (0, 0, 0), direction),
        name="",
        format="",
    )
    _, view, _ = shown(volume)
    assert view.planes["axial"].letters == EdgeLetters("R", "L", "AS", "PI")
