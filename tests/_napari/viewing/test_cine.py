"""Cine in the time of the file, without a window."""

from __future__ import annotations

from dataclasses import replace

import pytest
from panel_fakes import Bench, make_volume

from napari_medssl._napari.presenters.viewing import cine
from napari_medssl._napari.presenters.viewing.cine import frame_after, frames_of
from napari_medssl.errors import UnreadableFileError

FRAMES = 6


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def echo(frame_ms=None):
    return make_volume((20, 30, FRAMES), stack="time", modality="US", frame_ms=frame_ms)


def four_d(tmp_path, number=0):
    volume = make_volume(path=tmp_path / "perfusion.nii.gz", volumes=4)
    return replace(volume, source=replace(volume.source, volume=number))


@pytest.fixture
def clock(monkeypatch):
    made = Clock()
    monkeypatch.setattr(cine.CinePresenter.__init__, "__defaults__", (made,))
    return made


def tick(bench, clock, seconds) -> int:
    """Let time go by and the film go on; the frame then."""
    clock.now += seconds
    bench.work.pauses.pop("cine")()
    return bench.scene.reel.frame


@pytest.mark.parametrize(
    ("bounce", "frames"), [(False, [1, 2, 3, 0, 1, 2]), (True, [1, 2, 3, 2, 1, 0])]
)
def test_a_film_goes_around_or_back_and_forth(bounce, frames):
    assert [frame_after(1, n, 4, bounce=bounce) for n in range(6)] == frames
    assert frame_after(0, 9, 1, bounce=bounce) == 0
    assert [frame_after(0, n, 2, bounce=True) for n in range(4)] == [0, 1, 0, 1]


def test_frames_are_those_of_a_cine_or_the_volumes_of_a_4_d_file(tmp_path):
    assert frames_of(None) == 1
    assert frames_of(make_volume()) == 1
    assert frames_of(echo()) == FRAMES
    assert frames_of(four_d(tmp_path)) == 4


@pytest.mark.parametrize(("frame_ms", "rate"), [(40.0, 25.0), (None, 15.0), (1.0, 60.0)])
def test_a_cine_is_offered_at_its_own_rate(frame_ms, rate):
    bench = Bench(echo(frame_ms)).start()
    assert bench.view.offer_cine.call_args.args == (FRAMES, rate)
    assert bench.scene.reel.space is not None


def test_what_does_not_move_is_not_offered_and_space_stays_napari_s():
    bench = Bench(make_volume()).start()
    assert bench.view.offer_cine.call_args.args[0] == 1
    assert bench.scene.reel.space is None
    bench.panel.cine.play()
    bench.view.show_playing.assert_not_called()


def test_it_keeps_time_and_leaves_out_what_cannot_be_drawn(clock):
    bench = Bench(echo(100.0)).start()
    bench.panel.cine.play()
    assert bench.scene.reel.frame == 0
    assert tick(bench, clock, 0.11) == 1
    assert tick(bench, clock, 0.05) == 1
    assert tick(bench, clock, 0.25) == 4, "a busy window loses frames, not time"
    assert tick(bench, clock, 0.2) == 0, "and begins again"
    bench.panel.cine.play()
    bench.view.show_playing.assert_called_with(playing=False)
    clock.now += 1
    bench.work.rest()
    assert bench.scene.reel.frame == 0


def test_another_rate_goes_on_from_where_it_is(clock):
    bench = Bench(echo(100.0)).start()
    bench.panel.cine.play()
    assert tick(bench, clock, 0.2) == 2
    bench.panel.cine.choose_rate(1)
    assert tick(bench, clock, 0.9) == 2
    assert tick(bench, clock, 0.2) == 3


def test_a_tool_taken_up_stops_it(clock):
    bench = Bench(echo()).start()
    bench.panel.cine.play()
    bench.panel.tool_changed("look")
    bench.view.show_playing.assert_called_with(playing=True)
    bench.panel.tool_changed("brush")
    bench.view.show_playing.assert_called_with(playing=False)


def test_the_volumes_of_a_4_d_scan_are_read_once_and_the_last_one_stays(
    clock, monkeypatch, tmp_path
):
    read = []

    def read_volume(path, *, volume):
        read.append(volume)
        return four_d(tmp_path, volume)

    monkeypatch.setattr(cine.io, "read_volume", read_volume)
    bench = Bench(four_d(tmp_path)).start()
    for _ in range(2):
        bench.panel.cine.play()
        bench.work.answer_all()
        tick(bench, clock, 0.2)
        tick(bench, clock, 0.2)
        bench.panel.cine.play()
        bench.panel.image_changed()  # as the canvas tells of the volume that stays
    assert read == [0, 1, 2, 3]
    assert [v.source.volume for v in bench.scene.reel.values] == [1, 2, 3, 0]
    assert bench.scene.volume.source.volume == 0


def test_a_4_d_scan_too_large_for_the_memory_is_told(clock, monkeypatch, tmp_path):
    def too_large(name, wanted):
        raise UnreadableFileError(f"'{name}' needs {wanted} bytes")

    monkeypatch.setattr(cine, "check_memory", too_large)
    bench = Bench(four_d(tmp_path)).start()
    bench.panel.cine.play()
    bench.work.answer_all()
    assert len(bench.problems) == 1
    bench.view.show_playing.assert_not_called()
