from __future__ import annotations

import numpy as np
import pytest

from napari_medssl.volume.phantom import ANATOMY, LABEL_NAMES, abdomen_ct

_VALUES = {name: value for value, name in LABEL_NAMES.items()}


@pytest.fixture(scope="module")
def abdomen():
    return abdomen_ct()


def _middle(abdomen, organ: str) -> np.ndarray:
    volume, truth = abdomen
    return volume.geometry.to_world(np.argwhere(truth == _VALUES[organ])).mean(axis=0)


def test_organs_lie_on_their_own_side_of_the_patient(abdomen) -> None:
    assert _middle(abdomen, "liver")[0] < -40 < 40 < _middle(abdomen, "spleen")[0]
    assert _middle(abdomen, "right kidney")[0] < 0 < _middle(abdomen, "left kidney")[0]
    assert _middle(abdomen, "vertebra")[1] > 50 > _middle(abdomen, "stomach")[1]


def test_truth_is_the_ellipsoid_it_was_made_of(abdomen) -> None:
    volume, truth = abdomen
    spleen = next(organ for organ in ANATOMY if organ.name == "spleen")
    voxel_ml = np.prod(volume.geometry.spacing_mm) / 1000
    exact_ml = 4 / 3 * np.pi * np.prod(spleen.radii_mm) / 1000
    seen_ml = voxel_ml * (truth == _VALUES["spleen"]).sum()
    assert 0.85 * exact_ml < seen_ml < exact_ml  # the left kidney is painted over a part of it


def test_values_are_hounsfield_units(abdomen) -> None:
    volume, truth = abdomen
    assert volume.modality == "CT"
    assert volume.units == "HU"
    assert volume.array.dtype == np.int16
    liver = volume.array[truth == _VALUES["liver"]]
    assert np.median(liver) == pytest.approx(112, abs=3)
    assert volume.array[0, 0, 0] == pytest.approx(-1000, abs=60)


def test_same_seed_same_scan() -> None:
    small = {"shape": (4, 20, 24), "spacing_mm": (30.0, 12.0, 14.0)}
    first, again = abdomen_ct(**small)[0].array, abdomen_ct(**small)[0].array
    other = abdomen_ct(**small, seed=1)[0].array
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()
