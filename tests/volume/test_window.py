from __future__ import annotations

from typing import get_args

import numpy as np
import pytest
from grids import volume_of

from napari_medssl.errors import UsageError
from napari_medssl.volume import Geometry, Modality, Window, default_window, window_presets
from napari_medssl.volume.window import parse_window, percentile_window

GRID = Geometry((1, 2, 3))


def test_level_and_width() -> None:
    window = Window(-160, 240)
    assert (window.level, window.width) == (40, 400)


def test_values_map_to_grey() -> None:
    values = np.array([-1000, -160, 40, 240, 3000], np.int16)
    np.testing.assert_array_equal(Window(-160, 240).to_unit(values), [0, 0, 0.5, 1, 1])
    np.testing.assert_array_equal(Window(-160, 240).to_uint8(values), [0, 0, 128, 255, 255])
    assert Window(0, 1).to_unit(values).dtype == np.float32


def test_what_is_not_a_number_is_black() -> None:
    values = np.array([np.nan, -np.inf, np.inf])
    np.testing.assert_array_equal(Window(0, 1).to_uint8(values), [0, 0, 255])


@pytest.mark.parametrize("limits", [(1, 1), (2, 1), (np.nan, 1), (0, np.inf)])
def test_windows_that_show_nothing_are_refused(limits: tuple[float, float]) -> None:
    with pytest.raises(UsageError, match="the lower first"):
        Window(*limits)


def test_presets_are_those_asked_for() -> None:
    presets = window_presets()
    assert presets["kidney"].values == (-80, 300)
    assert presets["flare"].values == (-500, 500)
    assert presets["abdomen"].values == (-160, 240)
    assert {"liver", "lung", "bone", "brain", "mediastinum", "percentiles"} <= presets.keys()
    array = np.arange(1000.0)
    for preset in presets.values():
        assert (preset.values is None) != (preset.percentiles is None)
        assert set(preset.modalities) <= set(get_args(Modality))
        assert preset.window(array).width > 0


@pytest.mark.parametrize("modality", get_args(Modality))
def test_every_modality_has_a_default(modality: Modality) -> None:
    volume = volume_of(np.arange(6.0).reshape(1, 2, 3), GRID, modality=modality)
    assert default_window(volume).width > 0


def test_eight_bit_images_are_shown_whole() -> None:
    array = np.array([[[0, 9, 50], [70, 90, 200]]], np.uint8)
    assert default_window(volume_of(array, GRID, modality="CT")) == Window(0, 200)


def test_percentiles_agree_with_numpy() -> None:
    array = np.random.default_rng(0).gamma(2, 90, (20, 30, 40))
    window = percentile_window(array, 0.5, 99.5)
    np.testing.assert_allclose((window.low, window.high), np.percentile(array, (0.5, 99.5)))


def test_percentiles_leave_out_air_and_what_is_no_number() -> None:
    array = np.concatenate([np.zeros(500), [np.nan, np.inf], np.arange(1, 102.0)])
    assert percentile_window(array, 0, 100, of_non_zero=True) == Window(1, 101)
    assert percentile_window(array, 0, 100) == Window(0, 101)


def test_every_voxel_counts_when_asked() -> None:
    array = np.zeros(4_000_001, np.uint8)
    array[1] = 200
    assert percentile_window(array, 0, 100, every_voxel=True) == Window(0, 200)
    assert percentile_window(array, 0, 100) != Window(0, 200)


@pytest.mark.parametrize("array", [np.full(5, 7.0), np.full(5, np.nan), np.zeros(5)])
def test_a_constant_image_gets_a_window_all_the_same(array: np.ndarray) -> None:
    assert percentile_window(array, 0.5, 99.5, of_non_zero=True).width == 1


def test_windows_on_the_command_line() -> None:
    volume = volume_of(np.arange(6.0).reshape(1, 2, 3), GRID)
    assert parse_window("lung", volume) == Window(-1350, 150)
    assert parse_window("-10,20.5", volume) == Window(-10, 20.5)
    assert parse_window("full", volume) == Window(0, 5)
    for text in ("nowhere", "1", "1,2,3", "a,b"):
        with pytest.raises(UsageError, match="LOW,HIGH or one of abdomen"):
            parse_window(text, volume)
    with pytest.raises(UsageError, match="the lower first"):
        parse_window("20,10", volume)
