from __future__ import annotations

import numpy as np
import pytest
from grids import geometries, numbered, ramp, ramp_at, some, voxel_positions
from hypothesis import given
from hypothesis import strategies as st

from napari_medssl.errors import UsageError
from napari_medssl.volume import Geometry
from napari_medssl.volume.resize import Resize


def corners(geometry: Geometry) -> np.ndarray:
    """World positions of the outer corners of the field of view."""
    ends = [(-0.5, n - 0.5) for n in geometry.shape]
    return geometry.to_world(np.stack(np.meshgrid(*ends, indexing="ij"), axis=-1))


@some
@given(geometries(), st.tuples(*[st.integers(1, 12)] * 3))
def test_the_field_of_view_is_kept(geometry: Geometry, shape: tuple[int, int, int]) -> None:
    volume = numbered(geometry)
    after, _ = Resize(shape)(volume)
    assert after.geometry.shape == shape
    np.testing.assert_allclose(corners(after.geometry), corners(volume.geometry), atol=1e-6)


def test_a_linear_image_stays_one() -> None:
    volume = ramp(Geometry((8, 9, 10), (2.0, 1.0, 1.0)))
    after, _ = Resize((4, 18, 5))(volume)
    inner = (slice(1, -1),) * 3
    expected = ramp_at(voxel_positions(after.geometry))
    np.testing.assert_allclose(after.array[inner], expected[inner], atol=1e-9)


def test_doubling_and_back_is_exact_for_labels() -> None:
    volume = numbered(Geometry((3, 4, 5)))
    after, inverse = Resize((6, 8, 10), "nearest")(volume)
    np.testing.assert_array_equal(inverse.labels(after.array), volume.array)


def test_probabilities_come_back_with_their_channels() -> None:
    _, inverse = Resize((2, 2, 2))(numbered(Geometry((4, 4, 4))))
    back = inverse.image(np.stack([np.zeros((2, 2, 2)), np.ones((2, 2, 2))]))
    assert back.shape == (2, 4, 4, 4)
    np.testing.assert_allclose(back.sum(axis=0), 1)


def test_none_keeps_an_axis() -> None:
    after, _ = Resize((None, 8, None))(numbered(Geometry((3, 4, 5), (3.0, 1.0, 1.0))))
    assert after.geometry.shape == (3, 8, 5)
    assert after.geometry.spacing_mm == (3.0, 0.5, 1.0)


def test_other_sizes_are_refused() -> None:
    with pytest.raises(UsageError, match="at least 1 voxel"):
        Resize((4, 0, 4))
    with pytest.raises(UsageError, match="at least 1 voxel"):
        Resize((4, 4))  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="one of linear"):
        Resize((4, 4, 4), "bilinear")  # type: ignore[arg-type]
