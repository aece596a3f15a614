from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_medssl._napari.presenters.planes.zoom import Room, Zoom

SPOT = st.tuples(st.floats(0, 1), st.floats(0, 1))
ROOM = st.builds(
    Room,
    st.tuples(st.floats(70, 900), st.floats(70, 900)),
    st.tuples(st.floats(20, 500), st.floats(20, 500)),
)


def pixel(zoom: Zoom, room: Room, spot: tuple[float, float]) -> np.ndarray:
    return np.add(zoom.corner(room), np.multiply(spot, room.sides(zoom.factor)))


def test_all_of_the_picture_fits_in_its_shape_and_in_the_middle():
    room = Room((200, 400), (50, 50))
    assert room.sides(1) == (200, 200)
    assert Zoom().corner(room) == (0, 100)


def test_a_spot_stays_under_the_mouse():
    room = Room((200, 200), (50, 50))
    zoom = Zoom()
    for _ in range(5):
        before = pixel(zoom, room, (0.4, 0.7))
        zoom = zoom.turned(1, (0.4, 0.7))
        np.testing.assert_allclose(pixel(zoom, room, (0.4, 0.7)), before)
    assert zoom.factor == pytest.approx(1.25**5)
    assert zoom.turned(100, (0.4, 0.7)).factor == 32
    assert zoom.turned(-100, (0.4, 0.7)) == Zoom()


def test_dragging_moves_it_by_as_many_pixels_until_its_edge_is_in_the_middle():
    room = Room((200, 200), (50, 50))
    zoom = Zoom(4.0)
    moved = zoom.dragged(30, -20, room)
    np.testing.assert_allclose(np.subtract(moved.corner(room), zoom.corner(room)), (30, -20))
    assert zoom.dragged(9999, 9999, room).corner(room) == (100, 100)
    assert Zoom().dragged(30, 30, room) == Zoom()


def test_only_a_spot_out_of_sight_is_gone_to():
    room, zoom = Room((200, 200), (50, 50)), Zoom(4.0)
    assert zoom.showing((0.45, 0.55), room) is zoom
    np.testing.assert_allclose(pixel(zoom.showing((0.2, 0.8), room), room, (0.2, 0.8)), (100, 100))


@given(room=ROOM, spots=st.lists(st.tuples(st.floats(-9, 9), SPOT), max_size=8))
def test_whatever_is_done_the_middle_of_the_room_shows_the_picture(room, spots):
    zoom = Zoom()
    for notches, spot in spots:
        zoom = zoom.turned(notches, spot).dragged(*np.subtract(spot, 0.5) * 900, room)
        middle = np.divide(room.pixels, 2)
        assert (pixel(zoom, room, (0, 0)) <= middle + 1e-6).all()
        assert (pixel(zoom, room, (1, 1)) >= middle - 1e-6).all()
    assert zoom.turned(-99, (0.5, 0.5)) == Zoom()
