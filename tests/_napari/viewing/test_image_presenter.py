"""Opening images and windows, without a window."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from panel_fakes import Bench, make_volume

from napari_medssl import io
from napari_medssl.io import write_volume
from napari_medssl.volume import Notice, Window


def test_an_image_is_read_in_the_background_and_described(tmp_path):
    write_volume(make_volume(), tmp_path / "scan.nii.gz")
    bench = Bench().start()
    bench.panel.image.open(tmp_path / "scan.nii.gz")
    assert bench.scene.volume is None
    bench.work.answer_all()
    bench.panel.image_changed()
    bench.work.answer_all()
    name, lines, _ = bench.view.show_image.call_args.args
    assert name == "scan.nii.gz"
    assert any("6" in line and "mm" in line for line in lines)


def test_a_file_that_is_no_image_is_one_sentence(tmp_path):
    (tmp_path / "notes.txt").write_text("no image")
    bench = Bench().start()
    bench.panel.image.open(tmp_path / "notes.txt")
    bench.work.answer_all()
    assert bench.scene.volume is None
    assert len(bench.problems) == 1
    assert str(tmp_path) not in bench.problems[0]


def test_notices_are_shown_but_for_the_choice_the_panel_offers_itself():
    notices = (Notice("several-volumes", "Two."), Notice("spacing-assumed", "1 mm is assumed."))
    bench = Bench(make_volume(notices=notices, volumes=2)).start()
    assert bench.view.show_image.call_args.args[2] == ["1 mm is assumed."]
    assert bench.view.show_volumes.call_args.args == (0, 2)


def test_an_image_of_another_reader_can_be_opened_again():
    bench = Bench()
    bench.scene.foreign_path = "/somewhere/scan.nii.gz"
    bench.start()
    assert bench.view.offer_reopen.call_args.args == (True,)
    assert bench.view.show_image.call_args.args[0] == "scan.nii.gz"


@pytest.mark.parametrize(("answer", "series"), [(1, 7), (None, "nothing read")])
def test_a_folder_of_several_series_is_asked_about(tmp_path, monkeypatch, answer, series):
    def one(number):
        return SimpleNamespace(number=number, description="T1", modality="MR", slices=20)

    read: list[object] = []
    monkeypatch.setattr(io, "list_series", lambda path: (one(3), one(7)), raising=False)
    monkeypatch.setattr(
        io, "read_volume", lambda path, series: read.append(series) or make_volume(), raising=False
    )
    bench = Bench().start()
    bench.view.choose_one.return_value = answer
    bench.panel.image.open(tmp_path)
    bench.work.answer_all()
    assert read == ([series] if answer is not None else [])


def test_another_volume_of_a_file_takes_the_place_of_the_first(tmp_path, monkeypatch):
    second = make_volume(volume=1, volumes=2)
    monkeypatch.setattr(io, "read_volume", lambda path, volume: second, raising=False)
    bench = Bench(make_volume(volumes=2, path=tmp_path / "scan.nii.gz")).start()
    bench.panel.image.choose_volume(0)
    assert bench.work.jobs == []
    bench.panel.image.choose_volume(1)
    bench.work.answer_all()
    assert bench.scene.volume is second


def test_a_preset_of_fixed_values_and_one_of_percentiles():
    bench = Bench(make_volume()).start()
    assert bench.view.show_window.call_args.args == (Window(-160, 240), "abdomen")
    bench.panel.window.choose_preset("lung")
    bench.work.answer_all()
    assert bench.scene.window == Window(-1350, 150)
    assert bench.view.show_window.call_args.args == (Window(-1350, 150), "lung")
    bench.panel.window.choose_preset("full")
    bench.work.answer_all()
    array = bench.scene.volume.array
    assert bench.scene.window == Window(float(array.min()), float(array.max()))
    assert bench.view.show_window.call_args.args[1] == "full"


def test_a_window_of_napari_s_slider_is_shown_as_custom():
    bench = Bench(make_volume()).start()
    bench.scene.window = Window(3, 77)
    bench.panel.window_changed()
    assert bench.view.show_window.call_args.args == (Window(3, 77), "")


def test_level_and_width_are_applied_and_impossible_ones_refused():
    bench = Bench(make_volume()).start()
    bench.panel.window.choose_values(50, 100)
    assert bench.scene.window == Window(0, 100)
    bench.panel.window.choose_values(50, 0)
    assert bench.scene.window == Window(0, 100)
    assert len(bench.problems) == 1


def test_pictures_and_cines_are_not_cut_along_other_planes():
    for volume, allowed in (
        (make_volume(), True),
        (make_volume((1, 20, 30)), False),
        (make_volume(stack="time"), False),
    ):
        assert Bench(volume).start().view.allow_planes.call_args.args == (allowed,)


def test_no_voxel_is_changed_by_any_window():
    volume = make_volume()
    before = volume.array.copy()
    bench = Bench(volume).start()
    for name in ("lung", "percentiles", "full"):
        bench.panel.window.choose_preset(name)
        bench.work.answer_all()
    assert np.array_equal(volume.array, before)
