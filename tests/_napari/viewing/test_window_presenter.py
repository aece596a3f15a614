"""The window set by dragging the mouse, without a window of napari's."""

from __future__ import annotations

import pytest
from panel_fakes import Bench, make_volume

from napari_medssl._napari.presenters.viewing.window import dragged_window, window_words
from napari_medssl.volume import Window

ABDOMEN = Window(-160, 240)


def test_right_is_wider_and_up_is_brighter():
    wider = dragged_window(ABDOMEN, 120, 0, 1.0)
    assert (wider.width, wider.level) == (800, 40)
    assert dragged_window(wider, -120, 0, 1.0) == ABDOMEN, "back is back"
    brighter = dragged_window(ABDOMEN, 0, 75, 1.0)
    assert (brighter.width, brighter.level) == (400, -60)


def test_a_window_never_gets_narrower_than_a_grey_value():
    assert dragged_window(ABDOMEN, -5000, 0, 1.0).width == 1


def test_the_readout_has_units_and_as_many_decimals_as_matter():
    assert window_words(ABDOMEN, make_volume()) == "W 400   L 40 HU"
    assert window_words(Window(0, 1.5), None) == "W 1.500   L 0.750"


def test_a_drag_is_shown_while_it_lasts_and_ends_with_escape():
    bench = Bench(make_volume()).start()
    windows, to = bench.scene.windows, bench.panel.window
    to.drag_with_mouse()
    assert windows.mouse is to
    assert windows.readout == "W 400   L 40 HU"
    bench.view.show_dragging.assert_called_with(dragging=True)
    to.begin()
    to.move(120, 0)
    to.move(120, 75)
    assert bench.scene.window == Window(-460, 340)
    assert windows.readout == "W 800   L -60 HU"
    to.leave()
    assert (windows.mouse, windows.readout) == (None, "")
    bench.view.show_dragging.assert_called_with(dragging=False)
    assert bench.scene.window == Window(-460, 340), "what was set stays"


def test_a_double_click_goes_back_to_the_preset():
    bench = Bench(make_volume()).start()
    to = bench.panel.window
    to.drag_with_mouse()
    for preset, window in (("", ABDOMEN), ("lung", Window(-1350, 150))):
        if preset:
            to.choose_preset(preset)
            bench.work.answer_all()
        to.begin()
        to.move(33, 44)
        to.begin()
        to.double_click()
        to.move(5, 5)  # the mouse is seldom still
        assert bench.scene.window == window


def test_the_same_key_ends_it():
    bench = Bench(make_volume()).start()
    bench.panel.window.drag_with_mouse()
    bench.panel.window.drag_with_mouse()
    assert bench.scene.windows.mouse is None


@pytest.mark.parametrize("colour", [True, False])
def test_without_a_window_there_is_nothing_to_drag(colour):
    bench = Bench(make_volume((3, 1, 20, 30)) if colour else None)
    if not colour:
        bench.scene.window = None
    bench.start()
    bench.panel.window.drag_with_mouse()
    assert bench.scene.windows.mouse is None
    assert len(bench.problems) == 1
    bench.view.show_dragging.assert_called_with(dragging=False)
