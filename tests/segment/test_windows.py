from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from monai.data.utils import compute_importance_map, dense_patch_slices
from monai.inferers.utils import _get_scan_interval

from napari_medssl.errors import UsageError
from napari_medssl.segment.windows import Windows, gaussian_weights

sides = st.integers(1, 70)


# an overlap of 0.9 makes thousands of windows, so the number of examples is small
@settings(max_examples=40, deadline=None, derandomize=True, database=None)
@given(
    pairs=st.lists(st.tuples(sides, sides), min_size=2, max_size=3),
    overlap=st.sampled_from([0.0, 0.25, 0.5, 0.66, 0.9]),
)
def test_windows_lie_where_monai_puts_them(pairs: list[tuple[int, int]], overlap: float) -> None:
    image, window = zip(*pairs, strict=True)
    windows = Windows(image, window, overlap)
    whole = tuple(max(pair) for pair in pairs)
    step = _get_scan_interval(whole, window, len(whole), (overlap,) * len(whole))
    theirs = {tuple(s.start for s in place) for place in dense_patch_slices(whole, window, step)}
    ours = np.stack(np.meshgrid(*windows.starts, indexing="ij"), -1).reshape(-1, len(whole))
    assert {tuple(start) for start in ours.tolist()} == theirs
    assert windows.count == len(theirs)
    assert windows.padded == whole


@pytest.mark.parametrize("window", [(8, 8), (5, 12, 7), (1, 9, 16), (96,)])
def test_weights_are_those_of_monai(window: tuple[int, ...]) -> None:
    theirs = compute_importance_map(window, mode="gaussian").numpy()
    np.testing.assert_allclose(gaussian_weights(window), theirs, rtol=1e-6)


def test_padding_is_even_and_an_odd_voxel_goes_behind() -> None:
    assert Windows((5, 40), (10, 16)).before == (2, 0)


def test_rows_are_finished_along_the_axis_that_keeps_least() -> None:
    assert Windows((50, 200, 100), (32, 32, 32)).longest_axis == 1
    assert Windows((50, 512, 512), (1, 96, 96)).longest_axis == 0


@pytest.mark.parametrize("overlap", [-0.1, 1.0, float("nan")])
def test_an_overlap_that_never_ends_is_refused(overlap: float) -> None:
    with pytest.raises(UsageError, match="overlap"):
        Windows((9, 9), (3, 3), overlap)


def test_a_window_of_other_dimensions_is_refused() -> None:
    with pytest.raises(UsageError, match="window"):
        Windows((9, 9), (3, 3, 3))
