from __future__ import annotations

from step_network import StepNetwork

from napari_medssl.segment.memory import (
    free_bytes,
    smaller_windows,
    window_bytes,
    windows_together,
)


def test_free_memory_is_that_of_the_machine() -> None:
    assert 2**26 < free_bytes("cpu") < 2**50


def test_a_window_takes_a_multiple_of_its_largest_map_and_nothing_is_computed() -> None:
    network = StepNetwork(classes=5)
    assert window_bytes(network, (400, 400, 400)) == 4 * (5 * 400**3 * 4)
    assert network.looks == 0


def test_batches_are_large_enough_to_be_busy_and_small_enough_to_fit() -> None:
    assert windows_together((96, 96, 96), 1000, 10**9, "cpu") == 1
    assert windows_together((256, 256), 1000, 10**9, "cpu") == 4
    assert windows_together((256, 256), 1000, 2600, "cpu") == 2
    assert windows_together((96, 96, 96), 1000, 10**9, "cuda:1") == 4
    assert windows_together((96, 96, 96), 1000, 10, "cuda:1") == 1


def test_windows_shrink_by_half_to_what_the_network_takes() -> None:
    assert list(smaller_windows((96, 96, 96), 32, 64)) == [(64, 96, 96), (64, 64, 96), (64, 64, 64)]
    assert list(smaller_windows((64, 64), 32, 64)) == []
    assert list(smaller_windows((48, 20), 4, 1)) == [(24, 20), (12, 20), (12, 8)]
    assert list(smaller_windows((10, 10), 4, 6)) == [(8, 10), (8, 8)]
