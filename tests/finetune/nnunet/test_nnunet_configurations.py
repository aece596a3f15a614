from __future__ import annotations

from typing import Any

import pytest

from napari_medssl.errors import UnreadableFileError, UsageError
from napari_medssl.finetune.nnunet.configurations import (
    Configuration,
    chosen,
    configurations,
    folds_of,
)


def planned(patch: list[int], median: list[float], **more: Any) -> dict[str, Any]:
    return {
        "patch_size": patch,
        "batch_size": 2,
        "spacing": [2.0, 1.0, 1.0][-len(patch) :],
        "median_image_size_in_voxels": median,
        **more,
    }


FLAT = planned([256, 256], [256.0, 250.0])
FULL = planned([40, 40, 40], [50.0, 60.0, 60.0])
SMALL = planned([20, 20, 20], [50.0, 60.0, 60.0])
CASCADE = {"inherits_from": "3d_fullres", "previous_stage": "3d_lowres"}


def told(**planned_by_name: Any) -> dict[str, Configuration]:
    return {one.name: one for one in configurations({"configurations": planned_by_name})}


def test_pictures_have_no_third_direction() -> None:
    found = told(**{"2d": FLAT})
    assert found["2d"].is_made
    assert found["2d"].patch == (256, 256)
    for name in ("3d_fullres", "3d_lowres", "3d_cascade_fullres"):
        assert "single slice" in found[name].reason


def test_a_window_that_sees_enough_needs_no_low_resolution() -> None:
    found = told(**{"2d": FLAT, "3d_fullres": FULL})
    share = round(100 * 40**3 / (50 * 60 * 60))
    assert f"already sees {share}% of the median image" in found["3d_lowres"].reason
    assert found["3d_cascade_fullres"].reason.startswith("It goes on from 3d_lowres")
    assert found["3d_fullres"].is_made


def test_a_low_resolution_that_is_hardly_lower_is_dropped() -> None:
    found = told(**{"2d": FLAT, "3d_fullres": SMALL})
    assert "less than half as large" in found["3d_lowres"].reason


def test_a_cascade_inherits_what_it_does_not_say() -> None:
    low = planned([20, 20, 20], [25.0, 30.0, 30.0])
    found = told(
        **{"2d": FLAT, "3d_fullres": SMALL, "3d_lowres": low, "3d_cascade_fullres": CASCADE}
    )
    assert found["3d_cascade_fullres"].patch == (20, 20, 20)
    names, words = chosen(list(found.values()), ["3d_cascade_fullres"])
    assert names == ("3d_lowres", "3d_cascade_fullres")
    assert "3d_lowres is trained too" in words[0]
    assert folds_of("3d_lowres", names, (0,)) == (0, 1, 2, 3, 4)  # each case is needed once
    assert folds_of("3d_cascade_fullres", names, (0,)) == (0,)
    assert folds_of("3d_lowres", ("3d_lowres",), (0,)) == (0,)
    assert chosen(list(found.values()), ())[0] == tuple(found)


def test_what_is_not_made_is_refused_with_the_reason() -> None:
    found = list(told(**{"2d": FLAT}).values())
    with pytest.raises(UsageError, match=r"'3d_lowres' is not made .* single slice"):
        chosen(found, ["3d_lowres"])
    with pytest.raises(UsageError, match="'4d'"):
        chosen(found, ["4d"])


@pytest.mark.parametrize("plan", [{}, {"configurations": {"2d": {}}}, {"configurations": 3}])
def test_what_is_no_plan_is_told(plan: dict[str, Any]) -> None:
    with pytest.raises(UnreadableFileError, match="not one of nnU-Net 2"):
        configurations(plan)
