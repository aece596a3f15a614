from __future__ import annotations

import math
from typing import Any

import pytest
from step_network import StepNetwork, card_for

from napari_medssl.segment.memory import window_bytes
from napari_medssl.segment.predictor import Predictor
from napari_medssl.segment.run import RunOptions
from napari_medssl.segment.setups import Setup, setups

IMAGE = (1, 40, 48, 32)
CLASSES = 3


def tried(
    monkeypatch: pytest.MonkeyPatch,
    free: int,
    *,
    network: StepNetwork | None = None,
    device: str = "cpu",
    slice_axis: int | None = None,
    patch: tuple[int, ...] = (16, 16, 16),
    **options: Any,
) -> list[Setup]:
    monkeypatch.setattr("napari_medssl.segment.setups.free_bytes", lambda device: free)
    network = network or StepNetwork(classes=CLASSES)
    card = card_for(network, patch=patch)
    predictor = Predictor(network, device)
    return list(setups(predictor, card, RunOptions(**options), IMAGE, slice_axis))


def sums_of(window: tuple[int, ...]) -> int:
    """Bytes of a layer of windows' sums, across the axis where they are smallest; no padding."""
    layers = [
        math.prod(n for a, n in enumerate(IMAGE[1:]) if a != axis) * window[axis]
        for axis in range(3)
    ]
    return min(layers) * (CLASSES + 1) * 4


def test_with_plenty_of_memory_the_first_is_what_the_network_was_trained_on(monkeypatch) -> None:
    first, second, *smaller = tried(monkeypatch, 10**12)
    assert (first.patch, first.window, first.batch) == ((16,) * 3, (16,) * 3, 8)
    assert (first.notices, first.store) == ((), "cpu")
    assert (second.patch, second.batch) == ((16,) * 3, 1)
    assert [notice.code for notice in second.notices] == ["batch-smaller"]
    assert smaller


def test_each_further_one_takes_less(monkeypatch) -> None:
    network = StepNetwork(classes=CLASSES)
    ways = tried(monkeypatch, 10**12, network=network)
    takes = [way.batch * window_bytes(network, way.patch) for way in ways]
    assert math.prod(ways[-1].patch) < math.prod(ways[0].patch)
    by_patch = {way.patch: [w.batch for w in ways if w.patch == way.patch] for way in ways}
    assert list(by_patch) == sorted(by_patch, key=math.prod, reverse=True)
    assert all(batches == sorted(batches, reverse=True) for batches in by_patch.values())
    assert min(takes) == takes[-1]


def test_smaller_windows_are_told_of_with_their_sides(monkeypatch) -> None:
    ways = tried(monkeypatch, 10**12, batch=1)
    assert [way.notices for way in ways[:1]] == [()]
    for way in ways[1:]:
        (notice,) = way.notices
        assert notice.code == "window-smaller"
        assert " x ".join(map(str, way.patch)) in notice.text


def test_what_cannot_fit_is_left_out_to_the_byte(monkeypatch) -> None:
    network = StepNetwork(classes=CLASSES)
    just = window_bytes(network, (16,) * 3) + sums_of((16,) * 3)
    assert tried(monkeypatch, just, network=network)[0].patch == (16, 16, 16)
    assert tried(monkeypatch, just - 1, network=network)[0].patch != (16, 16, 16)
    assert tried(monkeypatch, 1000) == []


def test_options_go_before_what_the_card_says(monkeypatch) -> None:
    network = StepNetwork(classes=CLASSES)
    monkeypatch.setattr("napari_medssl.segment.setups.free_bytes", lambda device: 10**12)
    options = RunOptions(patch=(24, 8, 12), batch=2)
    way = next(setups(Predictor(network, "cpu"), card_for(network), options, IMAGE, None))
    assert (way.patch, way.window, way.batch) == ((24, 8, 12), (24, 8, 12), 2)


@pytest.mark.parametrize(("axis", "window"), [(0, (1, 16, 12)), (1, (16, 1, 12)), (2, (16, 12, 1))])
def test_windows_of_a_2d_network_are_one_voxel_deep(monkeypatch, axis, window) -> None:
    network = StepNetwork(2, classes=CLASSES)
    (first, *_) = tried(monkeypatch, 10**12, network=network, slice_axis=axis, patch=(16, 12))
    assert (first.patch, first.window) == ((16, 12), window)


def test_sums_stay_on_the_gpu_as_long_as_they_take_less_than_a_quarter(monkeypatch) -> None:
    sums = sums_of((16,) * 3)
    assert tried(monkeypatch, 4 * sums + 4, device="cuda:0")[0].store == "cuda:0"
    assert tried(monkeypatch, 4 * sums, device="cuda:0")[0].store == "cpu"
