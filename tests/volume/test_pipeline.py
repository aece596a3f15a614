from __future__ import annotations

import json

import numpy as np
import pytest
from grids import CODES, geometries, numbered, some, voxels_keep_their_place
from hypothesis import given
from hypothesis import strategies as st

from napari_medssl.errors import UsageError
from napari_medssl.volume import Geometry, Volume
from napari_medssl.volume.channels import Channels
from napari_medssl.volume.crop import CropForeground
from napari_medssl.volume.operation import Operation
from napari_medssl.volume.orient import Orient
from napari_medssl.volume.pad import Pad, PadTo
from napari_medssl.volume.pipeline import Pipeline
from napari_medssl.volume.resample import Resample
from napari_medssl.volume.resize import Resize
from napari_medssl.volume.standardise import (
    Clip,
    Divide,
    Percentiles,
    Standardise,
    ToBytes,
    ToUnit,
    ZScore,
)

sizes = st.tuples(*[st.integers(1, 9)] * 3)
turns = st.builds(Orient, st.sampled_from([*CODES, "stored"]))
exact = st.one_of(
    turns,
    st.builds(Pad, sizes, value=st.just(0.0)),
    st.builds(PadTo, sizes, value=st.just(0.0)),
    st.builds(CropForeground, st.floats(0, 60), st.integers(0, 2)),
)
sampled = st.one_of(
    exact,
    st.builds(Resample, st.tuples(*[st.floats(0.5, 4)] * 3), st.just("nearest")),
    st.builds(Resize, sizes, st.just("nearest")),
)
ALL = (
    Orient("RAS"),
    Resample((1.0, None, 2.0), "area"),
    Resize((8, None, 9), "spline"),
    CropForeground(None, 1),
    Pad((4, 4, 4)),
    PadTo((9, 9, 9), -3.0),
    Clip(-80, 300),
    Divide(3071),
    ToUnit(-1, 1),
    Percentiles(1, 99, True),
    ZScore(True),
    Standardise(1, 2),
    ToUnit(0, 1),
    ToBytes(),
    Channels(3),
)


@some
@given(geometries(), st.lists(exact, max_size=6))
def test_exact_chains_keep_every_voxel_in_place(geometry: Geometry, chain: list[Operation]) -> None:
    volume = numbered(geometry)
    after, inverse = Pipeline(tuple(chain))(volume)
    voxels_keep_their_place(volume, after)
    back = inverse.labels(after.array)
    np.testing.assert_array_equal(back[back > 0], volume.array[back > 0])
    kept = np.isin(volume.array, after.array)
    np.testing.assert_array_equal(back > 0, kept)
    np.testing.assert_array_equal(inverse.image(after.array), back)


@some
@given(geometries(least=2), st.lists(sampled, max_size=5))
def test_any_chain_brings_labels_home_near_their_place(
    geometry: Geometry, chain: list[Operation]
) -> None:
    volume = numbered(geometry)
    after, inverse = Pipeline(tuple(chain))(volume)
    stored = after.source
    assert stored.axes.apply_geometry(stored.geometry).matches(after.geometry, tolerance_mm=1e-6)
    array = inverse.labels(after.array)
    assert array.shape == volume.geometry.shape
    here = np.argwhere(array)
    numbers = array[tuple(here.T)] - 1
    flat = np.argsort(volume.array.ravel())[numbers]
    there = np.stack(np.unravel_index(flat, volume.geometry.shape), axis=-1)
    strayed = volume.geometry.to_world(here) - volume.geometry.to_world(there)
    assert (np.linalg.norm(strayed, axis=-1) <= may_stray_mm(volume, chain) + 1e-6).all()


def may_stray_mm(volume: Volume, chain: list[Operation]) -> float:
    """Half an old voxel on the way there and, at the edges of the new grid, one on the way back."""
    reach = 0.0
    for operation in chain:
        before = volume
        volume, _ = operation(before)
        if before.geometry.spacing_mm != volume.geometry.spacing_mm:
            reach += 0.6 * float(np.linalg.norm(before.geometry.spacing_mm))
            reach += 1.2 * float(np.linalg.norm(volume.geometry.spacing_mm))
    return reach


def test_a_pipeline_is_an_operation() -> None:
    volume = numbered(Geometry((5, 6, 7)))
    inner = Pipeline((Orient("RAS"), Pad((4, 4, 4), 0)))
    after, inverse = Pipeline((inner, Orient("LPI")))(volume)
    np.testing.assert_array_equal(inverse.labels(after.array), volume.array)
    nothing, back = Pipeline()(volume)
    assert nothing is volume
    assert back.labels(volume.array) is volume.array


def test_steps_travel_as_json() -> None:
    pipeline = Pipeline(ALL)
    again = Pipeline.from_steps(json.loads(json.dumps(pipeline.steps())))
    assert again == pipeline
    volume = numbered(Geometry((5, 6, 7)))
    np.testing.assert_array_equal(pipeline(volume)[0].array, again(volume)[0].array)


@pytest.mark.parametrize(
    ("step", "said"),
    [
        ({"do": "rotate"}, "one of orient, resample"),
        ({"codes": "RAS"}, "one of orient, resample"),
        ({"do": "orient"}, "parameters .codes"),
        ({"do": "resample", "spacing": [1, 1, 1]}, "parameters .spacing_mm, interpolation"),
        ({"do": "to-bytes", "bits": 8}, r"parameters \(\)"),
        ({"do": "orient", "codes": "XYZ"}, "such as RAS"),
        ({"do": "resample", "spacing_mm": ["a", 1, 1]}, "parameters .spacing_mm"),
    ],
)
def test_steps_that_are_none_are_refused(step: dict[str, object], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        Pipeline.from_steps([step])
