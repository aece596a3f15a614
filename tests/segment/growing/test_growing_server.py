"""The real client of nnInteractive against a small server that speaks as nnInteractive's does."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from bright_ball import SPACING, ball

from napari_medssl.errors import NoAnswerError, PromptError, UsageError
from napari_medssl.segment import Plane
from napari_medssl.segment.growing.grown import GrownMask
from napari_medssl.segment.growing.server import VolumeServer
from napari_medssl.volume import Geometry, Volume

pytest.importorskip("nnInteractive.inference.remote")
from nninteractive_server import small_server


def followed(server, volume, given) -> list:
    return list(VolumeServer(server.address).follow(volume, given))


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_an_outline_is_followed_through_the_volume_in_its_own_plane(axis: int) -> None:
    volume = ball()
    truth = volume.array > 50
    plane = Plane(axis, volume.geometry.shape[axis] // 2)
    outline = plane.view(truth).copy()
    outline[outline.nonzero()[0][0], :] = False  # as the user left it
    with small_server() as server:
        slices = followed(server, volume, {plane: outline})
        assert server.released == 1
    np.testing.assert_array_equal(server.image, volume.array)
    assert server.properties["spacing"] == list(SPACING)
    marked = np.zeros_like(truth)
    plane.view(marked)[...] = outline
    np.testing.assert_array_equal(server.marked, marked)
    assert slices[0].given
    mask = GrownMask(volume.geometry.shape, axis)
    for one in slices:
        mask.take(one)
    plane.view(truth)[...] = outline
    np.testing.assert_array_equal(mask.array, truth)
    away = [abs(one.plane.index - plane.index) for one in slices]
    assert away == sorted(away), "the nearest first"
    assert mask.least_sure is None, "a server does not tell"


def test_it_ends_where_an_outline_says_that_it_is_not() -> None:
    volume = ball()
    truth = volume.array > 50
    given = {Plane(0, n): truth[n] for n in (11, 13)}
    given[Plane(0, 9)] = np.zeros(truth.shape[1:], bool)
    given[Plane(0, 12)] = np.zeros(truth.shape[1:], bool)
    with small_server() as server:
        slices = followed(server, volume, given)
    found = sorted(one.plane.index for one in slices)
    assert found[:3] == [10, 11, 13]
    assert server.asked.count("/add_lasso_interaction") == 2
    assert found[-1] == truth.any((1, 2)).nonzero()[0][-1]


def test_what_cannot_be_asked_is_refused() -> None:
    volume, outline = ball(), np.ones((60, 64), bool)
    picture = np.zeros((3, 24, 20, 5), np.uint8)
    colour = Volume.from_source_array(
        picture, Geometry((24, 20, 5)), name="p.png", format="picture"
    )
    with small_server() as server:
        with pytest.raises(PromptError, match="no slice"):
            followed(server, volume, {Plane(0, 3): ~outline})
        both = {Plane(0, 3): outline, Plane(1, 3): np.ones((24, 64), bool)}
        with pytest.raises(PromptError, match="several axes"):
            followed(server, volume, both)
        with pytest.raises(PromptError, match="nnInteractive does not look"):
            followed(server, colour, {Plane(0, 3): np.ones(colour.geometry.shape[1:], bool)})
        assert not server.asked, "nothing is asked, and no seat taken"


@pytest.mark.parametrize(
    ("instead", "words"),
    [
        ({"refuses": {"/claim": 503}}, "serves as many as it can. Try again later"),
        ({"key": "secret"}, "wants a key. Set NN_INTERACTIVE_API_KEY"),
        ({"refuses": {"/capabilities": 500}}, "answers with error 500"),
        ({"refuses": {"/claim": 404}}, "is no server of nnInteractive 2"),
        ({"says": b"<html>hello</html>"}, "is no server of nnInteractive 2"),
        ({"says": b"{}"}, "is no server of nnInteractive 2"),
        ({"capabilities": {"supported_interactions": {"lasso": False}}}, "takes no outlines"),
    ],
)
def test_a_server_that_cannot_is_told_in_a_sentence(instead, words) -> None:
    with small_server(**instead) as server, pytest.raises(NoAnswerError, match=words):
        VolumeServer(server.address).greet()


def test_a_key_is_taken_from_the_surroundings(monkeypatch) -> None:
    monkeypatch.setenv("NN_INTERACTIVE_API_KEY", "secret")
    with small_server(key="secret") as server:
        assert VolumeServer(server.address).greet() == "CC BY-NC-SA 4.0"
        assert server.released == 1


def test_one_that_stops_to_answer_is_told_and_let_go() -> None:
    with small_server(refuses={"/add_lasso_interaction": 410}) as server:
        with pytest.raises(NoAnswerError, match="has ended the session"):
            followed(server, ball(), {Plane(0, 11): np.ones((60, 64), bool)})
        assert server.released == 1


def test_stopped_it_sends_no_outline_and_lets_the_server_go() -> None:
    volume = ball()
    given = {Plane(0, 11): volume.array[11] > 50}
    with small_server() as server:
        assert not list(VolumeServer(server.address).follow(volume, given, lambda: True))
        assert server.image.shape == volume.array.shape
        assert not server.marked.any()
        assert server.released == 1


@pytest.mark.parametrize("address", ["http://127.0.0.1:9", f"http://{'a' * 70}:1", "http://"])
def test_where_no_server_is(address: str) -> None:
    with pytest.raises(NoAnswerError, match=r"does not answer|no server"):
        VolumeServer(address).greet()


def test_no_address_and_no_client(monkeypatch) -> None:
    for address in ("gpu-box:1527", ""):
        with pytest.raises(UsageError, match="http://host:1527"):
            VolumeServer(address).greet()
    monkeypatch.setitem(sys.modules, "nnInteractive.inference.remote", None)
    with pytest.raises(UsageError, match=r"napari-medssl\[nninteractive\]"):
        VolumeServer("http://127.0.0.1:9").greet()


@pytest.mark.parametrize("told", [None, "", "!!MISSING!!"])
def test_a_licence_that_is_not_told_is_said_so(told) -> None:
    with small_server(capabilities={"license": told}) as server:
        one = VolumeServer(server.address)
        assert one.greet() == "a licence that it does not tell"
        assert one.record == {"by": "nninteractive", "licence": "a licence that it does not tell"}
