from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from napari_medssl.io import assemble as module
from napari_medssl.io.assemble import ALPHA_DROPPED, Placement, assemble, rgb_of
from napari_medssl.volume import Geometry, Notice, Volume

SHAPE = (4, 5, 6)


def made(stored: np.ndarray, geometry: Geometry | None = None, **given: Any) -> Volume:
    placement = Placement(geometry or Geometry(stored.shape[-3:]), **given.pop("placement", {}))
    return assemble(stored, placement, path=Path("in/a.nii"), format="nifti", **given)


def codes(volume: Volume) -> list[str]:
    return [notice.code for notice in volume.notices]


def ramp(dtype: Any = np.int16) -> np.ndarray:
    return np.arange(np.prod(SHAPE), dtype=dtype).reshape(SHAPE)


def test_voxels_come_in_the_machines_byte_order_and_go_back_where_they_were() -> None:
    volume = made(ramp(">i2"), modality="MR")
    assert volume.array.dtype == np.dtype("=i2")
    np.testing.assert_array_equal(volume.to_source(volume.array), ramp())
    assert (volume.source.name, volume.modality, volume.units) == ("a.nii", "MR", "")
    assert codes(volume) == []


def test_ct_is_in_hounsfield_units_and_a_guess_is_told() -> None:
    assert made(ramp(), modality="CT").units == "HU"
    assert codes(made(ramp()))  # the values say what it may be, and that is only a guess


def test_all_that_is_known_is_said_in_order() -> None:
    said = {name: Notice(name, f"{name}.") for name in ("reader", "placement")}
    volume = made(
        ramp(),
        modality="CT",
        notices=(said["reader"],),
        placement={"notices": (said["placement"],), "spacing_known": False},
        volume=1,
        volumes=3,
    )
    assert codes(volume) == ["reader", "placement", "several-volumes"]
    assert "0 to 2" in volume.notices[-1].text
    assert not volume.spacing_known
    assert volume.orientation_known


def test_odd_grids_are_told() -> None:
    leaning = np.eye(4)
    leaning[0, 1] = 0.5
    assert codes(made(ramp(), Geometry.from_affine(SHAPE, leaning), modality="CT")) == ["sheared"]
    assert codes(made(ramp()[..., :1], modality="CT")) == ["single-slice"]


@pytest.mark.parametrize("part", [7, 1 << 24])
def test_voxels_that_are_no_numbers_are_counted_in_parts(
    monkeypatch: pytest.MonkeyPatch, part: int
) -> None:
    monkeypatch.setattr(module, "_PART", part)
    for order in "CF":
        stored = np.array(ramp(np.float32), order=order)
        stored[0, 0, 0], stored[3, 4, 5], stored[1, 2, 3] = np.nan, np.inf, -np.inf
        (notice,) = made(stored, modality="MR").notices
        assert notice.code == "not-finite-voxels"
        assert notice.text.startswith("3 of 120 voxels")


def test_an_image_of_one_value_is_told() -> None:
    assert codes(made(np.full(SHAPE, 7, np.int16), modality="MR")) == ["constant-image"]


def test_opacity_is_left_out_of_colour_and_that_is_told() -> None:
    interleaved = np.random.default_rng(0).integers(0, 255, (*SHAPE, 4), np.uint8)
    colour, said = rgb_of(interleaved)
    assert said == (ALPHA_DROPPED,)
    for channel in range(3):
        np.testing.assert_array_equal(colour[channel], interleaved[..., channel])
    assert len(colour) == 3
    assert rgb_of(interleaved[..., :3])[1] == ()
